/* The model's runs of typed texts, from the server: the newest question counts, the last answers are kept. */

import { redraw, redrawAll } from "../dom/frame.mjs";
import { nBytes, readNumbers } from "../lib/numbers.mjs";
import { questionLine } from "../lib/questions.mjs";
import { signal } from "../lib/signal.mjs";
import { showTokens } from "../lib/tokens.mjs";
import { askServer, getJson } from "./request.mjs";

const KEPT = 24; // texts
const LATE = 300; // ms; longer than that, the wait is shown
const MOST = 3; // runs in one question
const answers = new Map(); // "uuid run" -> answer
const failed = new Map(); // key of a question -> why it failed
const line = questionLine();
export const textAnswered = signal(); // an answer came, or failed
let /** @type {string} */ asked = null; // key of the question that was put last
let /** @type {number} */ since = null; // when the wait began, ms
let isWaiting = false; // until the model has run for somebody else
let stamp = 0; // counts the answers

/**
 * @param {Dump} dump
 * @param {TextRun} run
 */
const name = (dump, run) => `${dump.about.uuid} ${typeof run === "string" ? `text ${run}` : JSON.stringify(run)}`;

/**
 * The answer to a text, or to one with something held, with the states of these sources ([{name, dtype}]), or null.
 * @param {Dump} dump
 * @param {TextRun} run
 * @param {Source[]} sources
 * @returns {TextAnswer | null}
 */
export function answerToText(dump, run, sources) {
  const answer = answers.get(name(dump, run));
  return answer && sources.every((source) => answer.states.has(source.name)) ? answer : null;
}

/**
 * Those of some runs that are not here, as many as are asked for at once.
 * @param {Dump} dump
 * @param {TextRun[]} runs
 * @param {Source[]} sources
 */
function lackingOf(dump, runs, sources) {
  return [...new Set(runs)].filter((run) => !answerToText(dump, run, sources)).slice(0, MOST);
}

/**
 * Ask for those of the runs that are not here, the first of them first.
 * @param {Dump} dump
 * @param {TextRun[]} runs
 * @param {Source[]} sources
 */
export function needTyped(dump, runs, sources) {
  const lacking = lackingOf(dump, runs, sources);
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
 * @param {TextRun[]} runs
 * @param {Source[]} sources
 */
async function ask(key, dump, runs, sources) {
  asked = key;
  const question = { texts: runs, sources: sources.map((source) => source.name) };
  /** @param {AbortSignal} signal */
  const put = (signal) => askServer(`d/${dump.about.uuid}/typed`, question, { signal });
  isWaiting = false;
  let reply = await line.ask(put);
  while (reply?.answer?.waiting) {
    isWaiting = true; // for its turn: it runs for somebody else
    redraw("typed");
    reply = await line.ask(put);
  }
  if (!reply) return; // another one is wanted by now
  isWaiting = false;
  since = null;
  if (reply.error) noteFailure(key, reply.error);
  else
    reply.answer.texts.forEach((/** @type {any} */ one, /** @type {number} */ k) => keep(dump, runs[k], one, sources));
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
 * @param {TextRun[]} runs
 * @param {Source[]} sources
 */
function keyOf(dump, runs, sources) {
  return JSON.stringify([dump.about.uuid, runs, sources.map((source) => source.name)]);
}

/**
 * Why the text cannot be shown, or null.
 * @param {Dump} dump
 * @param {TextRun[]} runs
 * @param {Source[]} sources
 */
export function typedProblem(dump, runs, sources) {
  const lacking = lackingOf(dump, runs, sources);
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
 * @param {TextRun} run
 * @param {any} given
 * @param {Source[]} sources
 */
function keep(dump, run, given, sources) {
  stamp++;
  const key = name(dump, run);
  const before = answers.get(key);
  const states = new Map(before ? before.states : []);
  for (const source of sources)
    states.set(source.name, { n: source.n_units, values: read(given.states[source.name], source.dtype) });
  const known = before || Object.assign(given, { key, shown: shownTokens(given), tracks: given.tracks.map(withRange) });
  answers.delete(key); // to the end: used last
  answers.set(key, Object.assign({}, known, { states }));
  if (answers.size > KEPT) answers.delete(answers.keys().next().value);
}

/** @param {any} given */
function shownTokens({ tokens, is_known: isKnown }) {
  return showTokens(
    tokens,
    Array.from(isKnown.keys()).filter((k) => !isKnown[k]),
  );
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
export const isTypedWaiting = () => isWaiting && since !== null;
export const isTypedPending = () => since !== null;
