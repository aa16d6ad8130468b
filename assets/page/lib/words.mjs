/* The sentences of the page that depend on numbers. Pure. */

import { grouped } from "./scale.mjs";

/**
 * @param {number} count
 * @param {string} noun
 */
export function plural(count, noun) {
  return `${grouped(count)} ${noun}${count === 1 ? "" : /(s|x|ch)$/.test(noun) ? "es" : "s"}`;
}

/**
 * A source's name without the parts that it shares with every other: "l1.c" of "rnn.l1.c" beside "rnn.l0.h".
 * @param {string} name
 * @param {string[]} names
 */
export function shortName(name, names) {
  const parts = names.map((one) => one.split("."));
  let shared = 0;
  while (names.length > 1 && parts.every((one) => shared < one.length - 1 && one[shared] === parts[0][shared]))
    shared++;
  return name.split(".").slice(shared).join(".");
}

const ON = { high: "on", low: "on low", both: "on, high or low," };

/**
 * Why a brushed window selects nothing, and what to do. `nMissing` of the `nUnits` have a NaN in it.
 * @param {State} state
 * @param {number} nMissing
 * @param {number} nUnits
 */
export function noUnits(state, nMissing, nUnits) {
  if (nMissing && nMissing === nUnits) {
    const where =
      state.stop - state.start === 1 ? "at this step" : `in these ${grouped(state.stop - state.start)} steps`;
    return `No unit can be on ${where}: ${nUnits === 1 ? "its value" : "every unit's value"} is NaN, neither on nor off. Brush other steps.`;
  }
  const constraints = [];
  if (state.before) constraints.push(`${grouped(state.before)} before`);
  if (state.after) constraints.push(`${grouped(state.after)} after`);
  const also = constraints.length ? ` and off ${constraints.join(" and ")}` : "";
  const steps = state.stop - state.start;
  const window = steps === 1 ? "at this step" : `through these ${grouped(steps)} steps`;
  const remedy = constraints.length
    ? "try another threshold or drop a constraint"
    : "lower the threshold or brush fewer steps";
  return `No unit is ${/** @type {Record<string, string>} */ (ON)[state.side || "high"]} ${window}${also}: ${remedy}.${nMissing ? ` ${plural(nMissing, "unit")} of ${grouped(nUnits)} ${nMissing === 1 ? "has" : "have"} NaN there.` : ""}`;
}

/**
 * Why the view does not get wider.
 * @param {number} most
 * @param {number} nUnits
 */
export function viewLimit(most, nUnits) {
  return `At most ${plural(most, "step")} are shown at once: the states of ${plural(nUnits, "unit")} at more of them would not fit into the page's memory.`;
}
