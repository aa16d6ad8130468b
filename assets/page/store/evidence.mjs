/* Whether what the matches carry is more than chance: asked for the track that is shown, once the rows and their summary are
   painted and nothing moves. A gesture ends the question. */

import { afterPaint, redraw } from "../dom/frame.mjs";
import { questionLine } from "../lib/questions.mjs";
import { askedFields } from "../lib/url.mjs";
import { isMatchPending } from "./matches.mjs";
import { askServer } from "./request.mjs";
import { isResting, state, stateChanged } from "./state.mjs";
import { isSummaryPending, summaryAnswer, summaryKey } from "./summary.mjs";

const KEPT = 16; // answers
const line = questionLine();
const /** @type {Map<string, Evidence>} */ answers = new Map(); // by key of the question
let /** @type {string} */ wanted = null; // key
let isMoving = false; // a gesture goes on
let stamp = 0; // counts the answers

stateChanged.on((/** @type {How} */ how) => {
  isMoving = how === "live";
  if (isMoving) forget();
});

function forget() {
  wanted = null;
  line.end();
}

/**
 * Ask for the evidence of a track, if the summary that is shown is that of the present question and nothing moves.
 * @param {string | null} track
 */
export function needEvidence(track) {
  const summary = summaryAnswer();
  const isOf = track !== null && Boolean(summary?.key) && summary.key === summaryKey(state);
  if (!isOf) return forget();
  const key = keyOf(track);
  const isBusy = isMoving || !isResting() || isMatchPending() || isSummaryPending();
  if (key !== wanted && !answers.has(key) && !isBusy) ask(key, track);
}

/**
 * @param {string} key
 * @param {string} track
 */
async function ask(key, track) {
  wanted = key;
  const question = Object.assign(askedFields(state), { track });
  const reply = await line.ask(async (signal) => {
    await afterPaint();
    return askServer(`d/${question.dump}/enrichment`, question, { signal });
  });
  if (!reply) return; // nobody waits for it any more
  answers.set(key, reply.error ? { track, error: reply.error.message } : reply.answer);
  stamp++;
  if (answers.size > KEPT) answers.delete(answers.keys().next().value);
  redraw("carry");
}

/** @param {string} track */
const keyOf = (track) => JSON.stringify([summaryAnswer()?.key, track]);

/**
 * The evidence of a track at the matches that the shown summary is of, or null.
 * @param {string} track
 */
export function evidenceAnswer(track) {
  return answers.get(keyOf(track)) || null;
}

/* Ask again for what failed. */
export function askEvidenceAgain() {
  for (const [key, { error }] of answers) if (error) answers.delete(key);
  wanted = null;
  stamp++;
  redraw("carry");
}

export const evidenceStamp = () => stamp;
export const isEvidencePending = () => line.isOpen();
