/* What is held while the model reads the typed text: units at their mean or at zero, and units that take the values of the
   text before. */

import { signal } from "../lib/signal.mjs";
import { model } from "./model.mjs";
import { changeState, state } from "./state.mjs";
import { answerToText } from "./typed-data.mjs";
import { typingProblem } from "./typed-text.mjs";

export const MOST_ABLATED = 200; // units, as the server takes them
const MOST_CARRIED = 400; // tokens, likewise

export const textWanted = signal(); // a unit is held, and there is no text yet

/**
 * @param {HeldUnit} one
 * @param {HeldUnit} other
 */
const isSame = (one, other) => one.source === other.source && one.unit === other.unit;

/** @param {HeldUnit} unit */
export const isAblated = (unit) => state.ablated.some((one) => isSame(one, unit));

/**
 * Why a unit cannot be held in a typed text; null where it can.
 * @param {HeldUnit} unit
 */
export function whyNotAblated({ source }) {
  const problem = typingProblem(model.dump);
  if (problem) return problem;
  return /\.[hc]$/.test(source) ? null : "A gate is made anew at each step: hold units of h or c";
}

/**
 * Hold a unit in the typed text, or release it.
 * @param {HeldUnit} unit
 */
export function toggleAblated({ source, unit }) {
  const one = { source, unit };
  const rest = state.ablated.filter((other) => !isSame(other, one));
  const ablated = isAblated(one) ? rest : [...rest, one].slice(-MOST_ABLATED);
  const isFolded = state.text === null;
  changeState({ ablated, text: isFolded ? "" : state.text }, "push");
  if (isFolded) textWanted.tell();
}

/** @param {"mean" | "zero"} to */
export const ablateTo = (to) => changeState({ ablatedTo: to }, "push");

export const endCarrying = () => changeState({ carried: null }, "push");

export const releaseAll = () => changeState({ ablated: [], carried: null }, "push");

/* The units of the pattern that can take other values: {source, unit}, each once. */
function patternUnits() {
  const units = (model.chosen || []).filter((one) => /\.[hc]$/.test(one.source));
  return units
    .filter((one, k) => units.findIndex((other) => isSame(one, other)) === k)
    .map(({ source, unit }) => ({ source, unit }))
    .slice(0, MOST_ABLATED);
}

/**
 * What would be carried over: {units, start, stop}, or null; `why` says what is lacking.
 * @returns {{ what: State["carried"], why: string | null }}
 */
export function carriable() {
  const { text, was, typed } = state;
  if (!was || !text || was === text)
    return {
      what: null,
      why: "Keep a text as before and edit it: then units can take the values that they had before",
    };
  const [now, before] = [text, was].map((one) => answerToText(model.dump, one, []));
  if (!now || !before) return { what: null, why: "The model is still reading" };
  const n = Math.min(now.tokens.length, before.tokens.length, MOST_CARRIED);
  const [start, stop] = typed && typed.text === text ? [typed.start, Math.min(n, typed.stop)] : [0, n];
  const units = patternUnits();
  if (!units.length)
    return { what: null, why: "Brush the text or the corpus, or pin units: their values are carried over" };
  if (start >= stop) return { what: null, why: "The text before has no such tokens" };
  return { what: { units, start, stop }, why: null };
}

/* Give the pattern's units the values that they have in the text before, at the brushed tokens or at all. */
export function carryOver() {
  const { what: carried } = carriable();
  if (carried) changeState({ carried }, "push");
}
