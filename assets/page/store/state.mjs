/* The single source of truth of the page: what is shown and what is selected. Everything else is drawn or derived from it. */

import { redraw } from "../dom/frame.mjs";
import { signal } from "../lib/signal.mjs";
import { LIST_FIELDS, PAGE_ROWS } from "../lib/url.mjs";
import { BASE_STATE } from "../lib/url-fields.mjs";

/** @type {State} */
export const state = Object.assign({ dump: null, source: null, at: 0, span: 60 }, BASE_STATE);
/** @type {Hover} */
export const hover = { unit: null, source: null, side: null, step: null }; // source null: the one that is plotted
export const stateChanged = signal(); // sent with `how`: see changeState
let /** @type {ReturnType<typeof setTimeout>} */ pause = null; // running while a nudge may be followed by another

/**
 * Change parts of the state and redraw. `how`: "live" while a gesture lasts, "settle" when it rests, "push" when
 * it also is a place to come back to, "restore" when the address itself asked for it.
 * @param {Changes} changes
 * @param {How} how
 */
export function changeState(changes, how) {
  const /** @type {Record<string, any>} */ before = Object.assign({}, state);
  const isOther = (/** @type {string} */ name) => /** @type {Record<string, any>} */ (state)[name] !== before[name];
  Object.assign(state, instead(changes), changes);
  if (LIST_FIELDS.some(isOther)) state.rows = changes.rows || PAGE_ROWS;
  const moved = ["dump", "source", "at", "span"].some(isOther);
  if (moved) redraw("base");
  redraw("overlay", "strip", "units", "fields", "pattern", "selection");
  stateChanged.tell(how);
}

/**
 * What a change replaces: of a brush on the corpus, one on a typed text and an opened pattern there is one at most,
 * and either brush takes the place of a region of the map.
 * @param {Changes} changes
 */
function instead({ start, typed, pattern }) {
  if (typed) return { start: null, stop: null, pattern: null, lasso: null };
  if (start !== undefined && start !== null) return { pattern: null, typed: null, lasso: null, pairBrush: null };
  return pattern ? { typed: null } : {};
}

/**
 * The same, resting once nothing came for a moment: for wheels, keys and typing.
 * @param {Changes} changes
 */
export function nudgeState(changes) {
  changeState(changes, "live");
  clearTimeout(pause);
  pause = setTimeout(() => {
    pause = null;
    changeState({}, "settle");
  }, 220);
}

/** @param {Partial<Hover>} changes */
export function setHover(changes) {
  if (changes.unit !== undefined) changes = Object.assign({ source: null, side: null }, changes);
  if (
    Object.keys(changes).every(
      (name) => hover[/** @type {keyof Hover} */ (name)] === changes[/** @type {keyof Hover} */ (name)],
    )
  )
    return;
  Object.assign(hover, changes);
  redraw("overlay", "strip", "units");
}

export const isResting = () => pause === null;

/* The unit whose line is in the hover colour: the one pointed at, else the highlighted one, if it is plotted. */
export function litUnit() {
  const { held } = state;
  if (hover.unit !== null) return hover.source === null || hover.source === state.source ? hover.unit : null;
  return held !== null && held.source === state.source ? held.unit : null;
}

/* Where the threshold is drawn: at t for units on high, at -t for those on low; nowhere with an opened pattern, whose
   units have each their own. */
export function shownThresholds() {
  const { side, threshold, pattern } = state;
  if (pattern) return [];
  return side === "high" ? [threshold] : side === "low" ? [-threshold] : [...new Set([threshold, -threshold + 0])];
}
