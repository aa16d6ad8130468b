/* What the matches have in common: asked of the server once their rows are there, kept for the parts that draw it.
   They draw in the frame's part "summary" and read summaryAnswer(): null until the first one has come. */

import { redraw } from "../dom/frame.mjs";
import { ids } from "../dom/ids.mjs";
import { oneAtATime } from "../lib/one-at-a-time.mjs";
import { patternKey, regionKey } from "../lib/url.mjs";

const ASKED_BY = ["minLength", "maxLength", "hidden"]; // beside the pattern; order and groups change nothing in it
const line = oneAtATime((data) => dash_clientside.set_props(ids.summaryAsked, { data }));
let answer = null;
let key = null; // of the question that was put last

/* Put a selection's question, unless it is the one that was put last. */
export function askSummary(question) {
  const next = summaryKey(question);
  if (next === key) return;
  key = next;
  line.ask(Object.assign({}, question, { key }));
  redraw("summary");
}

export function summaryKey(question) {
  return JSON.stringify([patternKey(question), ...ASKED_BY.map((name) => question[name] || null), regionKey(question)]);
}

/* Nothing is selected: there is nothing to sum up. */
export function clearSummary() {
  key = answer = null;
  line.forget();
  redraw("summary");
}

/* An answer from the server; `error` in it is the reason in words. One to an older question is dropped. */
export function takeSummary(given) {
  if (!given || !line.take(given.key)) return;
  answer = given;
  if (given.error) key = null; // the same question may be put again
  redraw("summary");
}

/* The question did not reach the server, or came back broken. */
export function loseSummary(words) {
  if (!line.lose()) return;
  key = null;
  answer = { error: words };
  redraw("summary");
}

export const summaryAnswer = () => answer;
export const isSummaryPending = () => line.wanted() !== null;
