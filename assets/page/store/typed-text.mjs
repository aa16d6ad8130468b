/* The text that is typed: is there a model to run it through, what is asked of it, and the states of its brushed window.
   `shown` is the recording and axis that the page shows: {dump, axis}. */

import { redraw } from "../dom/frame.mjs";
import { clearNotice } from "../dom/notice.mjs";
import { questionLine } from "../lib/questions.mjs";
import { signal } from "../lib/signal.mjs";
import { openedUnits } from "./opened-pattern.mjs";
import { getJson } from "./request.mjs";
import { state } from "./state.mjs";
import { answerToText, typedProblem, typedRowsOf } from "./typed-data.mjs";

export const boxWanted = signal(); // somebody wants to type

const line = questionLine();
/** @type {{ dump: Dump | null, typing: Typing | null }} */
let asked = { dump: null, typing: null };

/**
 * What the server says about the model beside a recording; null until it has.
 * @param {Dump} dump
 */
export function typing(dump) {
  return asked.dump === dump ? asked.typing : null;
}

/**
 * Ask for it, once a recording.
 * @param {Dump} dump
 */
export async function askTyping(dump) {
  if (asked.dump === dump) return;
  asked = { dump, typing: null };
  clearNotice("typed");
  const reply = await line.ask((ended) => getJson(`d/${dump.about.uuid}/typing.json`, { signal: ended }));
  if (!reply) return; // another recording is shown by now
  asked.typing = reply.error ? { problem: reply.error.message } : reply.answer;
  redraw("typed", "units");
}

/**
 * Why no text can be run through a model here; null where one can, or where that is not known yet.
 * @param {Dump} dump
 */
export function typingProblem(dump) {
  const answer = typing(dump);
  return answer ? answer.problem : null;
}

/**
 * The sources whose states are drawn, brushed or counted.
 * @param {{ dump: Dump, axis: Axis }} shown
 */
export function sourcesOfText({ dump, axis }) {
  const { source, parts, pinned, pattern } = state;
  const units = pattern ? openedUnits(dump) : [];
  const names = new Set([source, ...[...parts, ...pinned, ...units].map((one) => one.source)]);
  return [...names].map((name) => dump.sourceOf(name)).filter((one) => one && one.axis === axis.index);
}

/**
 * The run that is shown: the text with what is held while the model reads it, or the text alone.
 * @returns {TextRun}
 */
export function shownRun() {
  const { text, was, ablated, ablatedTo, carried } = state;
  if (!text || (!ablated.length && !carried)) return text;
  return { text, held: ablated, to: ablatedTo, carried: carried && { donor: was, ...carried } };
}

/* Is anything held while the model reads the text? */
export const isHeldText = () => Boolean(shownRun()) && typeof shownRun() !== "string";

/* What is shown, the text alone, that of the brushed window, and the one before. */
export function askedTexts() {
  const { text, was, typed } = state;
  return [shownRun(), text, typed?.text, was].filter(Boolean);
}

/**
 * Why the texts cannot be shown, or null.
 * @param {{ dump: Dump, axis: Axis }} shown
 */
export function textProblem(shown) {
  return typedProblem(shown.dump, askedTexts(), sourcesOfText(shown));
}

/**
 * The states of the brushed text: {n, rowsOf(source)}; n is null while they are on their way. `why`: where they will not come.
 * @param {{ dump: Dump, axis: Axis }} shown
 */
export function brushedText(shown) {
  const answer = answerToText(shown.dump, state.typed.text, sourcesOfText(shown));
  const why = answer ? null : typingProblem(shown.dump) || textProblem(shown);
  return {
    n: answer ? answer.tokens.length : null,
    why,
    rowsOf: /** @param {Source} source */ (source) => typedRowsOf(answer, source),
  };
}
