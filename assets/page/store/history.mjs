/* The address says what the page shows: replaced while something moves, pushed when a step worth going back to is done. */

import { formatAddress } from "../lib/url.mjs";
import { state } from "./state.mjs";

const PAUSE = 250; // ms between replacements: browsers refuse more than about 100 in 30 s
let /** @type {string} */ settled = null; // what the present entry of the history should go back to
let /** @type {ReturnType<typeof setTimeout>} */ timer = null;

/**
 * The state changed: see `how` in state.mjs.
 * @param {How} how
 */
export function followState(how) {
  if (how === "live") replaceLater();
  else if (how === "push") push();
  else settleAddress();
}

function replaceLater() {
  if (timer === null) timer = setTimeout(replaceNow, PAUSE);
}

function replaceNow() {
  clearTimeout(timer);
  timer = null;
  write("replaceState", formatAddress(state));
}

/* The present state is at rest: the entry of the history is this. */
export function settleAddress() {
  replaceNow();
  settled = formatAddress(state);
}

/* A new entry. What was replaced since the last rest (a brush half drawn) is put back first. */
function push() {
  clearTimeout(timer);
  timer = null;
  const query = formatAddress(state);
  if (settled !== null && settled !== query) {
    write("replaceState", settled);
    write("pushState", query);
  }
  settled = query;
}

/**
 * The address without a selection: that of the start page.
 * @param {boolean} isNew
 */
export function leaveAddress(isNew) {
  clearTimeout(timer);
  timer = null;
  if (isNew && window.location.search + window.location.hash) write("pushState", "");
  settled = "";
}

/**
 * @param {"pushState" | "replaceState"} verb
 * @param {string} query
 */
function write(verb, query) {
  try {
    window.history[verb](null, "", window.location.pathname + query);
  } catch {
    replaceLater(); // the browser's limit on changes of the address; once more after a pause
  }
}
