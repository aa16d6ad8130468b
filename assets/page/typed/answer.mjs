/* What is drawn of a typed text: the answer to it, how many of the pattern's units are on, the token that is pointed at. */

import { redraw } from "../dom/frame.mjs";
import { themeColours } from "../dom/theme.mjs";
import { BOTH_SIDES, countOn } from "../lib/select.mjs";
import { plural } from "../lib/words.mjs";
import { model } from "../store/model.mjs";
import { state } from "../store/state.mjs";
import { answerToText, typedRowsOf } from "../store/typed-data.mjs";
import { shownRun, textProblem } from "../store/typed-text.mjs";

let /** @type {{ dump: Dump, run: TextRun }} */ last = null; // {dump, run} that was drawn
let /** @type {number} */ pointed = null; // the token under the pointer

/**
 * The answer that is drawn: that of the text, or while it is on its way the last one; null where there is none.
 * @returns {TextAnswer | null}
 */
export function typedAnswer() {
  const { text } = state;
  const { dump } = model;
  if (!text || !dump) return null;
  const run = shownRun();
  const now = answerToText(dump, run, [model.source]);
  if (now) last = { dump, run };
  return now || (last && last.dump === dump && textProblem(model) === null ? answerToText(dump, last.run, []) : null);
}

/**
 * step -> the ground of a token: how many of the pattern's units are on there.
 * @param {TextAnswer} answer
 * @returns {(step: number) => string | null}
 */
export function typedGrounds(answer) {
  const { shade, lowShade } = themeColours();
  const sides = BOTH_SIDES.map((side) => ({
    ramp: side === "high" ? shade : lowShade,
    counts: countUnits(answer, model.onSide(side)),
    n: model.onSide(side).length,
  }));
  const one = sides[0].n ? sides[0] : sides[1];
  return (step) => (one.n && one.counts[step] ? one.ramp(one.counts[step] / one.n) : null);
}

/**
 * How many of some units are on at each token.
 * @param {TextAnswer} answer
 * @param {Unit[]} units
 */
export function countUnits(answer, units) {
  const counts = new Uint16Array(answer.tokens.length);
  for (const name of new Set(units.map((one) => one.source))) {
    const source = model.sourceOf(name);
    if (!source || !answer.states.has(name)) continue;
    countOn(
      typedRowsOf(answer, source),
      units.filter((one) => one.source === name),
      0,
      answer.tokens.length,
      counts,
    );
  }
  return counts;
}

/**
 * "2 of 5 units on", or null where there is no pattern.
 * @param {TextAnswer} answer
 * @param {number} step
 */
export function countOnWords(answer, step) {
  const units = model.chosen || [];
  return units.length ? `${countUnits(answer, units)[step]} of ${plural(units.length, "unit")} on` : null;
}

/** @param {number} step */
export function hoverToken(step) {
  if (step === pointed) return;
  pointed = step;
  redraw("typed");
}

export const hoveredToken = () => pointed;
