/* Mean paths by condition over the map's points: a line from a ring to a dot for each, with ellipses of one standard deviation. */

import { lineScale } from "../dom/projector.mjs";
import { themeColours, typePx } from "../dom/theme.mjs";
import { SCALE_STEPS } from "../lib/map-colours.mjs";
import { toScreen } from "../lib/map-plane.mjs";
import { showToken } from "../lib/tokens.mjs";
import { conditionTrack, presentMapPaths } from "../store/map-paths.mjs";
import { state } from "../store/state.mjs";
import { halo, mark } from "./draw.mjs";
import { mapPalette, slotColour } from "./palette.mjs";

const ELLIPSES = 7; // along a path
const LABEL = 12; // px

/**
 * @param {CanvasRenderingContext2D} ctx
 * @param {MapData} data
 * @param {View} view
 */
export function drawConditionPaths(ctx, data, view) {
  const paths = presentMapPaths();
  if (!paths) return;
  const colours = conditionColours(paths.conditions, data);
  paths.conditions.forEach((path, k) => drawSpread(ctx, path, view, colours[k]));
  paths.conditions.forEach((path, k) => drawMean(ctx, path, view, colours[k]));
  if (state.mapPaths === "") return;
  for (const path of paths.conditions) name(ctx, path, view);
}

/**
 * The colours of conditions: those that the points have where the same track colours them; else labels one each, and numbers
 * along the scale.
 * @param {ConditionPath[]} conditions
 * @param {MapData} data
 */
export function conditionColours(conditions, data) {
  const track = conditionTrack();
  const { marks, scale } = mapPalette();
  if (!track) return conditions.map(() => themeColours().accent);
  if (track.kind === "category") {
    const legend = data.colour?.by === track.name ? data.colour.found?.legend : null;
    return conditions.map(({ name: label }, k) => {
      const known = legend?.find((/** @type {{ label: string | null }} */ one) => one.label === label);
      return known ? slotColour({ kind: "category" }, known.slot) : marks[k % marks.length];
    });
  }
  const { low, high } =
    data.colour?.by === track.name && data.colour.found ? data.colour.found : { low: NaN, high: NaN };
  const last = Math.max(1, conditions.length - 1);
  return conditions.map(({ name: number }, k) => {
    const share = (Number(number) - low) / (high - low);
    return scale[Math.round((Number.isFinite(share) ? share : k / last) * (SCALE_STEPS - 1))]; // a range has no number
  });
}

/**
 * @param {CanvasRenderingContext2D} ctx
 * @param {ConditionPath} path
 * @param {View} view
 * @param {string} colour
 */
function drawSpread(ctx, { spots }, view, colour) {
  ctx.fillStyle = colour;
  ctx.globalAlpha = 0.13;
  const every = Math.max(1, Math.floor(spots.length / ELLIPSES));
  for (let k = 0; k < spots.length; k += every) {
    const [x, y, dx, dy] = spots[k];
    const [px, py] = toScreen(view, x, y);
    ctx.beginPath();
    ctx.ellipse(px, py, dx * view.scale, dy * view.scale, 0, 0, 2 * Math.PI);
    ctx.fill();
  }
  ctx.globalAlpha = 1;
}

/**
 * @param {CanvasRenderingContext2D} ctx
 * @param {ConditionPath} path
 * @param {View} view
 * @param {string} colour
 */
function drawMean(ctx, { spots }, view, colour) {
  const places = spots.map(([x, y]) => toScreen(view, x, y));
  ctx.lineJoin = ctx.lineCap = "round";
  for (const [stroke, width] of /** @type {[string, number][]} */ ([
    [themeColours().bg, 5],
    [colour, 2.5],
  ])) {
    ctx.beginPath();
    for (const [x, y] of places) ctx.lineTo(x, y);
    ctx.strokeStyle = stroke;
    ctx.lineWidth = width * lineScale();
    ctx.stroke();
  }
  if (!places.length) return;
  mark(ctx, places[0], false, colour);
  mark(ctx, places.at(-1), true, colour);
}

/**
 * The name of a condition, beside the end of its path.
 * @param {CanvasRenderingContext2D} ctx
 * @param {ConditionPath} path
 * @param {View} view
 */
function name(ctx, { name: label, spots }, view) {
  if (!spots.length) return;
  const [x, y] = toScreen(view, spots.at(-1)[0], spots.at(-1)[1]);
  const { sans, text } = themeColours();
  ctx.font = `600 ${typePx(LABEL)} ${sans}`;
  ctx.textAlign = "left";
  ctx.textBaseline = "middle";
  halo(ctx, showToken(label).text, x + 10, y, text);
}
