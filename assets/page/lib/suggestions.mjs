/* What would select units where a brush selects none: a change of one constraint, or of several. Pure. */

import { BASE_STATE } from "./url-fields.mjs";

const FEW = 20; // more units than these are seldom what somebody looks for
const SHOWN = 4;
const FAR = 2; // a threshold lower than the present one by more than this factor is another question
const PLACES = 20; // thresholds that are tried, over the range that is drawn

/**
 * The changes that would select units, the most fitting first: few units before many, then what keeps most of the question.
 * `count(changes)` says how many units a changed brush selects.
 * @param {State} state
 * @param {number[]} thresholds
 * @param {(changes: Changes) => number} count
 * @returns {Suggestion[]}
 */
export function suggestionsFor(state, thresholds, count) {
  const free = Object.assign({}, state.before && { before: 0 }, state.after && { after: 0 });
  const single = alone(state, thresholds, count);
  const ways = single.length ? single : together(state, free, thresholds, count);
  const isFew = ways.filter((one) => one.n <= FEW);
  return [...isFew, ...ways.filter((one) => one.n > FEW)].slice(0, SHOWN);
}

/**
 * One thing changed.
 * @param {State} state
 * @param {number[]} thresholds
 * @param {(changes: Changes) => number} count
 */
function alone(state, thresholds, count) {
  const /** @type {[string, Changes][]} */ ways = [];
  const at = bestThreshold(state, {}, thresholds, count);
  const /** @type {[string, Changes][]} */ other = at === null ? [] : [[`threshold ${at}`, { threshold: at }]];
  const isFar = at < state.threshold / FAR;
  if (!isFar) ways.push(...other);
  if (state.before) ways.push(["off before 0", { before: 0 }]);
  if (state.after) ways.push(["off after 0", { after: 0 }]);
  for (const side of otherSides(state)) ways.push([`${side} side`, { side }]);
  ways.push(...shorter(state));
  if (isFar) ways.push(...other);
  return counted(ways, count);
}

/**
 * The side that was not looked at.
 * @param {State} state
 * @returns {BrushSide[]}
 */
function otherSides({ side }) {
  return side === "both" ? [] : side === "low" ? ["high"] : ["low"];
}

/**
 * The same window without a step at its end, or at its start.
 * @param {State} state
 * @returns {[string, Changes][]}
 */
function shorter({ start, stop, typed }) {
  const [from, to] = typed ? [typed.start, typed.stop] : [start, stop];
  if (to - from < 2) return [];
  const window_ = (/** @type {number} */ a, /** @type {number} */ b) =>
    typed ? { typed: Object.assign({}, typed, { start: a, stop: b }) } : { start: a, stop: b };
  return [
    ["without the last step", window_(from, to - 1)],
    ["without the first step", window_(from + 1, to)],
  ];
}

/**
 * Several things changed, where no single change selects a unit.
 * @param {State} state
 * @param {Changes} free
 * @param {number[]} thresholds
 * @param {(changes: Changes) => number} count
 */
function together(state, free, thresholds, count) {
  const /** @type {[string, Changes][]} */ ways = [];
  for (const side of [state.side, ...otherSides(state)]) {
    const changes = Object.assign({}, free, side !== state.side && { side });
    const at = bestThreshold(state, changes, thresholds, count);
    const words = [...Object.keys(free).map((name) => `off ${name} 0`), side === state.side ? "" : `${side} side`];
    if (at !== null)
      ways.push([[...words, `threshold ${at}`].filter(Boolean).join(", "), Object.assign({ threshold: at }, changes)]);
  }
  return counted(ways, count);
}

/**
 * @param {[string, Changes][]} ways
 * @param {(changes: Changes) => number} count
 */
function counted(ways, count) {
  return ways.map(([label, changes]) => ({ label, changes, n: count(changes) })).filter((one) => one.n > 0);
}

/**
 * The threshold at which most units are selected, the nearest of equals; null where none selects any.
 * @param {State} state
 * @param {Changes} changes
 * @param {number[]} thresholds
 * @param {(changes: Changes) => number} count
 */
function bestThreshold(state, changes, thresholds, count) {
  const away = (/** @type {number} */ value) => Math.abs(value - state.threshold);
  let best = null;
  let most = 0;
  for (const threshold of thresholds.slice().sort((a, b) => away(a) - away(b))) {
    if (threshold === state.threshold) continue;
    const n = count(Object.assign({ threshold }, changes));
    if (n > most) [best, most] = [threshold, n];
  }
  return best;
}

/**
 * Thresholds over the upper half of a range, with two digits; in a wide one also from the usual one on, each twice the one
 * before (as in match/pattern/opening_threshold.py).
 * @param {number} reach
 */
export function placesOf(reach) {
  const even = Array.from({ length: PLACES - 1 }, (_, k) => Number(((reach * (k + 1)) / PLACES).toPrecision(2)));
  const doubled = [];
  for (let threshold = BASE_STATE.threshold; threshold < even[0]; threshold *= 2) doubled.push(threshold);
  return [...doubled, ...even];
}
