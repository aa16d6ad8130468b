/* What the matches have in common: asked of the server once their rows are there, kept for the parts that draw it.
   They draw in the frame's part "summary" and read summaryAnswer(): null until the first one has come. */

import { redraw } from "../dom/frame.mjs";
import { questionLine } from "../lib/questions.mjs";
import { askedFields, patternKey, regionKey } from "../lib/url.mjs";
import { askServer } from "./request.mjs";

const ASKED_BY = ["minLength", "maxLength", "hidden"]; // beside the pattern; order and groups change nothing in it
const line = questionLine();
let /** @type {Summary} */ answer = null; // with the `key` of its question; {error} where that has none
let /** @type {string} */ key = null; // of the question that was put last

/**
 * Put a selection's question, unless it is the one that was put last.
 * @param {State} question
 */
export async function askSummary(question) {
  const mine = summaryKey(question);
  if (mine === key) return;
  key = mine;
  const coming = line.ask((signal) => askServer(`d/${question.dump}/summary`, askedFields(question), { signal }));
  redraw("summary");
  const came = await coming;
  if (!came) return; // another one is wanted by now
  if (came.error) key = null; // the same question may be put again
  answer = came.error ? { error: came.error.message } : Object.assign({ key: mine }, came.answer);
  redraw("summary");
}

/** @param {Record<string, any>} question */
export function summaryKey(question) {
  return JSON.stringify([patternKey(question), ...ASKED_BY.map((name) => question[name] || null), regionKey(question)]);
}

/* Nothing is selected: there is nothing to sum up. */
export function clearSummary() {
  key = answer = null;
  line.end();
  redraw("summary");
}

export const summaryAnswer = () => answer;
export const isSummaryPending = () => line.isOpen();
