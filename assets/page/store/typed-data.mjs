/* What the model makes of texts, as the server tells it: one question at a time, the newest next, the last answers kept. */

import { redraw, redrawAll } from "../dom/frame.mjs";
import { nBytes, readNumbers } from "../lib/numbers.mjs";
import { oneAtATime } from "../lib/one-at-a-time.mjs";
import { signal } from "../lib/signal.mjs";
import { showToken } from "../lib/tokens.mjs";
import { getJson, postJson } from "./request.mjs";

const KEPT = 24; // texts
const LATE = 300; // ms; longer than that, the wait is shown
const answers = new Map(); // "uuid text" -> answer
const failed = new Map(); // key of a question -> why it failed
const line = oneAtATime(send);
export const textAnswered = signal(); // an answer came, or failed
let since = null; // when the wait began, ms
let stamp = 0; // counts what came

const name = (dump, text) => `${dump.about.uuid} ${text}`;

/* The answer to a text with the states of these sources ([{name, dtype}]), or null. */
export function answerToText(dump, text, sources) {
  const answer = answers.get(name(dump, text));
  return answer && sources.every((source) => answer.states.has(source.name)) ? answer : null;
}

/* Ask for those of the texts that are not here, the first of them first. */
export function needTyped(dump, texts, sources) {
  const lacking = [...new Set(texts)].filter((text) => !answerToText(dump, text, sources)).slice(0, 2);
  if (!lacking.length) {
    line.forget();
    since = null;
    return;
  }
  const key = keyOf(dump, lacking, sources);
  if (failed.has(key)) return;
  if (since === null) {
    since = performance.now();
    setTimeout(() => redraw("typed", "units"), LATE + 20);
  }
  const waits = line.wanted();
  if (!waits || waits.key !== key) line.ask({ key, dump, texts: lacking, sources });
}

function keyOf(dump, texts, sources) {
  return JSON.stringify([dump.about.uuid, texts, sources.map((source) => source.name)]);
}

/* Why the text cannot be shown, or null. */
export function typedProblem(dump, texts, sources) {
  const lacking = [...new Set(texts)].filter((text) => !answerToText(dump, text, sources)).slice(0, 2);
  return (lacking.length && failed.get(keyOf(dump, lacking, sources))) || null;
}

/* Ask again for what failed. */
export function askTypedAgain() {
  failed.clear();
  redrawAll();
}

async function send(question) {
  const { dump, texts, sources, key } = question;
  try {
    const path = `d/${dump.about.uuid}/typed`;
    const given = await (await postJson(path, { texts, sources: sources.map((source) => source.name) })).json();
    for (const one of given.texts) keep(dump, one, sources);
    stamp++;
    line.take(key);
  } catch (error) {
    if (failed.size > KEPT) failed.clear();
    failed.set(key, error.message);
    line.lose();
  }
  since = line.wanted() ? performance.now() : null;
  textAnswered.tell();
}

/* A path at which a text is asked about, and what it answers; the text goes along as a body. */
export function typedPath(where, text) {
  return `${where}#${encodeURIComponent(JSON.stringify(text))}`;
}

export async function getTyped(asked) {
  const [where, text] = asked.split("#");
  if (text === undefined) return getJson(where);
  return (await postJson(where, { text: JSON.parse(decodeURIComponent(text)) })).json();
}

function keep(dump, given, sources) {
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

function read(text, dtype) {
  return readNumbers(Uint8Array.from(atob(text), (char) => char.charCodeAt(0)).buffer, nBytes(dtype));
}

function withRange(track) {
  const seen = track.values.filter((value) => value !== null);
  return Object.assign(track, { low: Math.min(0, ...seen), high: Math.max(0, ...seen) });
}

/* step -> the values of a source at a token of an answer, or null. */
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
