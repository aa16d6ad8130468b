/* A typed text against the one before it: which tokens are the same, and how far the units moved. */

import { alignTokens, changeByToken, mostChangedUnits } from "../lib/token-align.mjs";
import { plural } from "../lib/words.mjs";
import { model } from "../store/model.mjs";
import { state } from "../store/state.mjs";
import { answerToText, typedRowsOf } from "../store/typed-data.mjs";
import { isHeldText } from "../store/typed-text.mjs";
import { typedAnswer } from "./answer.mjs";

const MOVED = 3; // units that are shown as those an edit moved most
const LEAST_SCALE = 0.02; // of the row of changes, so that rounding is not magnified
/** @type {{ key: string | null, value: any }} */
let known = { key: null, value: null }; // the last answer

/* What the text before and the present one have in common, and how far the units moved; null without a text before. Where
   units are held, what was before is the same text with nothing held. */
export function typedDifference() {
  const { text, was, source: name } = state;
  const [answer, isHeld] = [typedAnswer(), isHeldText()];
  const before = isHeld || was ? answerToText(model.dump, isHeld ? text : was, [model.source]) : null;
  if (!answer || !before) return null;
  const { source } = model;
  const units = [...new Set((model.chosen || []).filter((one) => one.source === name).map((one) => one.unit))];
  const key = JSON.stringify([model.dump.about.uuid, name, answer.key, before.key, units, answer.states.has(name)]);
  if (key !== known.key) known = { key, value: { isHeld, ...compare(before, answer, source, units) } };
  return known.value;
}

/**
 * @param {TextAnswer} before
 * @param {TextAnswer} answer
 * @param {Source} source
 * @param {number[]} units
 */
function compare(before, answer, source, units) {
  const alignment = alignTokens(before.tokens, answer.tokens);
  const [rowA, rowB] = [before, answer].map((one) => typedRowsOf(one, source));
  const isTanh = source.view === "tanh";
  const all = Array.from({ length: source.n_units }, (_, unit) => unit);
  const change = changeByToken(alignment, rowA, rowB, units.length ? units : all, isTanh);
  return {
    alignment,
    answer: before,
    /** @param {number} step */
    before: (step) => (alignment.pairs[step] >= 0 ? rowA(alignment.pairs[step]) : null),
    change,
    scale: Math.max(LEAST_SCALE, ...change.filter((by) => !Number.isNaN(by))),
    most: mostChangedUnits(alignment, rowA, rowB, source.n_units, isTanh, MOVED),
    words: units.length ? `the pattern's ${plural(units.length, "unit")}` : `all ${plural(source.n_units, "unit")}`,
  };
}
