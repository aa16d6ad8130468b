/* What the matches have in common, and how many there are in all: asked of the server once their rows are painted, kept for
   the parts that draw it. They draw in the frame's part "summary" and read summaryAnswer(): null until the first has come. */

import { afterPaint, redraw } from "../dom/frame.mjs";
import { questionLine } from "../lib/questions.mjs";
import { signal } from "../lib/signal.mjs";
import { askedFields, patternKey, regionKey } from "../lib/url.mjs";
import { askServer } from "./request.mjs";
import { tracksRevision } from "./tracks-revision.mjs";

const ASKED_BY = ["minLength", "maxLength", "hidden", "shared", "exact"]; // beside the pattern; order and groups change nothing in it
const line = questionLine();
let /** @type {Summary} */ answer = null; // with the `key` of its question; {error} where that has none
let /** @type {string} */ key = null; // of the question that was put last
let isLate = false;

export const summaryTold = signal(); // an answer came, or none will; or it is late

/**
 * Put a selection's question once what is drawn now is painted, unless it is the one that was put last.
 * @param {State} question
 */
export async function askSummary(question) {
  const mine = summaryKey(question);
  if (mine === key) return;
  key = mine;
  isLate = false;
  const coming = line.ask(async (signal) => {
    await afterPaint();
    return askServer(`d/${question.dump}/summary`, askedFields(question), { signal });
  }, tellLate);
  redraw("summary");
  const reply = await coming;
  if (!reply) return; // another one is wanted by now
  if (reply.error) key = null; // the same question may be put again
  answer = reply.error ? { error: reply.error.message } : Object.assign({ key: mine }, reply.answer);
  tell();
}

function tellLate() {
  isLate = true;
  tell();
}

function tell() {
  redraw("summary");
  summaryTold.tell();
}

/** @param {Record<string, any>} question */
export function summaryKey(question) {
  const asked = ASKED_BY.map((name) => question[name] || null);
  return JSON.stringify([patternKey(question), ...asked, regionKey(question), tracksRevision()]);
}

/* Nothing is selected: there is nothing to summarise. */
export function clearSummary() {
  key = answer = null;
  line.end();
  redraw("summary");
}

export const summaryAnswer = () => answer;
export const isSummaryPending = () => line.isOpen();
export const isSummaryLate = () => line.isOpen() && isLate;
