/* The colours of the map in the present theme. */

import { themeColours } from "../dom/theme.mjs";
import { NAMED_LABELS, SCALE_STEPS } from "../lib/map-colours.mjs";
import { ramp } from "../lib/scale.mjs";

/** @type {any} */
let known = { key: null };

/* {marks: colours of labels, other, none, scale(slot)} of the present theme. */
export function mapPalette() {
  const { bg } = themeColours();
  if (known.key === bg) return known;
  const style = getComputedStyle(document.documentElement);
  /** @param {string} name */
  const list = (name) =>
    style
      .getPropertyValue(`--lv-map-${name}`)
      .trim()
      .split(/\s*,\s*/);
  const scaleRamp = ramp(list("scale"));
  const scale = Array.from({ length: SCALE_STEPS }, (_, k) => scaleRamp(k / (SCALE_STEPS - 1)));
  known = { key: bg, marks: list("marks"), other: list("other")[0], none: list("none")[0], scale };
  return known;
}

/**
 * The colour of a slot.
 * @param {{ kind: string }} coloured
 * @param {number} slot
 */
export function slotColour(coloured, slot) {
  const { marks, other, none, scale } = mapPalette();
  if (slot < 0) return none;
  if (coloured.kind === "number") return scale[slot];
  return slot < NAMED_LABELS ? marks[slot % marks.length] : other;
}
