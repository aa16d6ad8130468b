/* What the model makes of texts, as the server tells it: the newest question counts, the last answers are kept. */

import { redraw, redrawAll } from "../dom/frame.mjs";
import { nBytes, readNumbers } from "../lib/numbers.mjs";
import { questionLine } from "../lib/questions.mjs";
import { signal } from "../lib/signal.mjs";
import { showToken } from "../lib/tokens.mjs";
import { askServer, getJson } from "./request.mjs";

const KEPT = 24; // texts
const LATE = 300; // ms; longer than that, the wait is shown
const answers = new Map(); // "uuid text" -> answer
const failed = new Map(); // key of a question -> why it failed
const line = questionLine();
export const textAnswered = signal(); // an answer came, or failed
let /** @type {string} */ asked = null; // key of the question that was put last
let /** @type {number} */ since = null; // when the wait began, ms
let stamp = 0; // counts what came

/**
 * @param {Dump} dump
 * @param {string} text
 */
const name = (dump, text) => `${dump.about.uuid} ${text}`;

/**
 * The answer to a text with the states of these sources ([{name, dtype}]), or null.
 * @param {Dump} dump
 * @param {string} text
 * @param {Source[]} sources
 * @returns {TextAnswer | null}
 */
export function answerToText(dump, text, sources) {
  const answer = answers.get(name(dump, text));
  return answer && sources.every((source) => answer.states.has(source.name)) ? answer : null;
}

/**
 * Ask for those of the texts that are not here, the first of them first.
 * @param {Dump} dump
 * @param {string[]} texts
 * @param {Source[]} sources
 */
export function needTyped(dump, texts, sources) {
  const lacking = [...new Set(texts)].filter((text) => !answerToText(dump, text, sources)).slice(0, 2);
  if (!lacking.length) {
    line.end();
    since = null;
    return;
  }
  const key = keyOf(dump, lacking, sources);
  if (failed.has(key)) return;
  if (since === null) {
    since = performance.now();
    setTimeout(() => redraw("typed", "units"), LATE + 20);
  }
  if (!line.isOpen() || asked !== key) ask(key, dump, lacking, sources);
}

/**
 * @param {string} key
 * @param {Dump} dump
 * @param {string[]} texts
 * @param {Source[]} sources
 */
async function ask(key, dump, texts, sources) {
  asked = key;
  const question = { texts, sources: sources.map((source) => source.name) };
  const came = await line.ask((signal) => askServer(`d/${dump.about.uuid}/typed`, question, { signal }));
  if (!came) return; // another one is wanted by now
  since = null;
  if (came.error) noteFailure(key, came.error);
  else for (const one of came.answer.texts) keep(dump, one, sources);
  textAnswered.tell();
}

/**
 * @param {string} key
 * @param {Error} error
 */
function noteFailure(key, error) {
  if (failed.size > KEPT) failed.clear();
  failed.set(key, error.message);
}

/**
 * @param {Dump} dump
 * @param {string[]} texts
 * @param {Source[]} sources
 */
function keyOf(dump, texts, sources) {
  return JSON.stringify([dump.about.uuid, texts, sources.map((source) => source.name)]);
}

/**
 * Why the text cannot be shown, or null.
 * @param {Dump} dump
 * @param {string[]} texts
 * @param {Source[]} sources
 */
export function typedProblem(dump, texts, sources) {
  const lacking = [...new Set(texts)].filter((text) => !answerToText(dump, text, sources)).slice(0, 2);
  return (lacking.length && failed.get(keyOf(dump, lacking, sources))) || null;
}

/* Ask again for what failed. */
export function askTypedAgain() {
  failed.clear();
  redrawAll();
}

/**
 * A path at which a text is asked about, and what it answers; the text goes along as a body.
 * @param {string} where
 * @param {string} text
 */
export function typedPath(where, text) {
  return `${where}#${encodeURIComponent(JSON.stringify(text))}`;
}

/**
 * @param {string} path
 * @param {{ signal?: AbortSignal }} [options]
 */
export function getTyped(path, options) {
  const [where, text] = path.split("#");
  if (text === undefined) return getJson(where, options);
  return askServer(where, { text: JSON.parse(decodeURIComponent(text)) }, options);
}

/**
 * @param {Dump} dump
 * @param {any} given
 * @param {Source[]} sources
 */
function keep(dump, given, sources) {
  stamp++;
  const key = name(dump, given.text);
  const before = answers.get(key);
  const states = new Map(before ? before.states : []);
  for (const source of sources)
    states.set(source.name, { n: source.n_units, values: read(given.states[source.name], source.dtype) });
  const known =
    before || Object.assign(given, { shown: given.tokens.map(showToken), tracks: given.tracks.map(withRange) });
  answers.delete(key); // to the end: used last
  answers.set(key, Object.assign({}, known, { states }));
  if (answers.size > KEPT) answers.delete(answers.keys().next().value);
}

/**
 * @param {string} text
 * @param {string} dtype
 */
function read(text, dtype) {
  return readNumbers(Uint8Array.from(atob(text), (char) => char.charCodeAt(0)).buffer, nBytes(dtype));
}

/** @param {any} track */
function withRange(track) {
  const seen = track.values.filter((/** @type {number | null} */ value) => value !== null);
  return Object.assign(track, { low: Math.min(0, ...seen), high: Math.max(0, ...seen) });
}

/**
 * step -> the values of a source at a token of an answer, or null.
 * @param {TextAnswer} answer
 * @param {Source} source
 * @returns {Rows}
 */
export function typedRowsOf(answer, source) {
  const held = answer?.states.get(source.name);
  return (step) =>
    held && answer && step >= 0 && step < answer.tokens.length
      ? held.values.subarray(step * held.n, (step + 1) * held.n)
      : null;
}

export const typedStamp = () => stamp;
export const isTypedLate = () => since !== null && performance.now() - since > LATE;
export const isTypedPending = () => since !== null;
