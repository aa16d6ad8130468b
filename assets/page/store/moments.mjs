/* The figures of what is selected at each moment of a training: asked of the server once nothing moves, kept for the chart,
   which draws in the frame's part "moments". The effect of ablation, which takes long, is asked for by hand. */

import { redraw } from "../dom/frame.mjs";
import { questionLine } from "../lib/questions.mjs";
import { askedFields, patternKey } from "../lib/url.mjs";
import { askLines } from "./request.mjs";
import { isResting, state } from "./state.mjs";

const PAUSE = 250; // ms; a newer question comes first
const KEPT = 16; // answers
const line = questionLine(PAUSE);
const /** @type {Map<string, MomentsAnswer>} */ answers = new Map(); // by key of the question
let /** @type {string} */ wanted = null; // key
let /** @type {MomentRow[]} */ shown = null; // those that came last
let share = 0;
let /** @type {string} */ effectOf = null; // the pattern whose effect is wanted

/**
 * Ask for the figures of the moments of these dumps, with a label that matches may carry, unless they are here.
 * @param {string[]} dumps
 * @param {Filter | null} hypothesis
 */
export function needMoments(dumps, hypothesis) {
  const effect = effectOf !== null && effectOf === patternKey(state);
  const unit = state.held && { source: state.held.source, unit: state.held.unit };
  const question = { dumps, hypothesis, unit, effect };
  const key = JSON.stringify([question, patternKey(state), state.source]);
  if (key === wanted || answers.has(key)) {
    wanted = key;
    return;
  }
  if (isResting()) ask(key, question);
}

/**
 * @param {string} key
 * @param {object} question
 */
async function ask(key, question) {
  wanted = key;
  share = 0;
  /** @param {number} given */
  const onShare = (given) => {
    share = given;
    redraw("moments");
  };
  const asked = Object.assign(askedFields(state), question);
  const reply = await line.ask((signal) => askLines(`d/${state.dump}/moments`, asked, { signal, onShare }));
  if (!reply) return; // another one is wanted by now
  answers.set(key, reply.error ? { error: reply.error.message } : reply.answer);
  if (answers.size > KEPT) answers.delete(answers.keys().next().value);
  redraw("moments");
}

/* Also ask how much the predictions change at each moment when the units of the present pattern are held at their mean. */
export function askEffect() {
  effectOf = patternKey(state);
  redraw("moments");
}

export const isEffectAsked = () => effectOf !== null && effectOf === patternKey(state);

/* {rows, problem, share}: the rows of the present question, or those before while it is answered; share null unless it is. */
export function momentsAnswer() {
  const answer = answers.get(wanted);
  if (answer?.rows) shown = answer.rows;
  return { rows: shown, problem: answer?.error || null, share: line.isOpen() ? share : null };
}

/* Another training is shown. */
export function forgetMoments() {
  line.end();
  [wanted, shown, effectOf] = [null, null, null];
}

export const isMomentsPending = () => line.isOpen();
