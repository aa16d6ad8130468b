/* The fields of the page and the state, kept in step with each other. */

import { onFrame, redraw } from "../dom/frame.mjs";
import { ids } from "../dom/ids.mjs";
import { clamp, MAX_OFF, MAX_THRESHOLD } from "../lib/url.mjs";
import { SIDES } from "../lib/url-fields.mjs";
import { model } from "../store/model.mjs";
import { openDump, openFailed, openSource } from "../store/open.mjs";
import { changeState, nudgeState, state } from "../store/state.mjs";
import { panTo } from "../store/view.mjs";

/** @type {Record<string, any[]>} */
const sent = {}; // field -> values set from here whose echo has not come back
const used = new Set(); // ids of the fields that somebody typed or pressed in since a value was set from here
/** @type {Record<string, any>} */
const shown = {}; // field -> what it shows

export function makeFields() {
  for (const type of ["input", "keydown", "pointerdown"])
    document.addEventListener(type, ({ target }) => used.add(numberField(target)), true);
  openFailed.on(() => restoreField("dump"));
  onFrame("fields", () => {
    for (const name of ["dump", "source", "threshold", "before", "after", "side"])
      show(name, state[/** @type {keyof State} */ (name)]);
    show("step", state.at);
  });
}

/**
 * @param {string} name
 * @param {any} value
 */
function show(name, value) {
  if (shown[name] === value) return;
  shown[name] = value;
  if (NUMBERS.includes(name)) used.delete(ids[name]);
  else sent[name] = [...(sent[name] || []), value];
  dash_clientside.set_props(ids[name], { value });
}

/**
 * The id of the number's field that something is in, with the arrows beside it.
 * @param {EventTarget} target
 */
function numberField(target) {
  const root = target instanceof Element ? target.closest(".mantine-NumberInput-root") : null;
  return root?.querySelector("input")?.id;
}

/**
 * A field reports a value: take it to the state, unless it only repeats what was set from here. A number's field does
 * so more than once, and at times after the next value was set.
 * @param {string} name
 * @param {any} value
 */
export function fieldChanged(name, value) {
  if (NUMBERS.includes(name) && !used.has(ids[name])) return value === shown[name] || restoreField(name);
  const echo = (sent[name] || []).indexOf(value);
  if (echo >= 0) {
    sent[name].splice(0, echo + 1);
    return;
  }
  if (!model.source) return;
  sent[name] = [];
  shown[name] = value;
  TAKE[name](value);
  if (value === null && (name === "dump" || name === "source")) redraw("fields"); // what stands there before the page is told
}

const NUMBERS = ["step", "threshold", "before", "after"];

/** @type {Record<string, (value: any) => unknown>} */
const TAKE = {
  dump: (uuid) => uuid && uuid !== state.dump && openDump(uuid),
  source: (name) => name && name !== state.source && openSource(name),
  step: (value) => isNumber(value) && value !== state.at && goTo(value),
  threshold: (value) => isNumber(value) && Math.abs(value) <= MAX_THRESHOLD && nudge("threshold", value),
  before: (value) => isNumber(value) && nudge("before", clamp(Math.round(value), 0, MAX_OFF)),
  side: (value) => SIDES.includes(value) && value !== state.side && changeState({ side: value }, "settle"),
  after: (value) => isNumber(value) && nudge("after", clamp(Math.round(value), 0, MAX_OFF)),
};

/** @param {unknown} value */
function isNumber(value) {
  return typeof value === "number" && Number.isFinite(value);
}

/**
 * @param {string} name
 * @param {number} value
 */
function nudge(name, value) {
  if (value !== state[/** @type {keyof State} */ (name)]) nudgeState({ [name]: value });
}

/** @param {number} step */
function goTo(step) {
  panTo(step, "push");
  redraw("fields"); // a number past the end is corrected
}

/**
 * An emptied field gets its number back when it is left.
 * @param {string} name
 */
export function restoreField(name) {
  delete shown[name];
  redraw("fields");
}
