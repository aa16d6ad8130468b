/* The way to the server: a question and its answer, or one line that says what went wrong. Where the server does not answer
   at all, the page says so once, looks for it again, and tells when it is back. Which of several questions counts is kept by
   a line of them (lib/questions.mjs), whose signal ends a request. */

import { clearNotice, notify } from "../dom/notice.mjs";
import { signal } from "../lib/signal.mjs";

const WAIT = { first: 1000, most: 8000, times: 1.5 }; // ms between looks
const PAGE = Math.random().toString(36).slice(2); // this page's name: the server answers its newest question of a kind
const GONE = 410; // what is shown was recorded again, or changed
let nPosted = 0; // requests may reach the server in another order
const AWAY = [502, 503, 504]; // what a proxy says whose server does not answer, and a server that is busy
let isLost = false;
let lostWords =
  "The server does not answer: it was stopped, or the connection is lost. Start it again with the same command; this page tries again every few seconds and continues by itself.";
/** @type {string | null} */
let base = null; // see basePath
let wait = WAIT.first;

export const tracksSeen = signal(); // with uuid and revision: any answer may say which revision a recording's tracks have
export const serverBack = signal(); // what failed meanwhile may be asked again
export const isServerLost = () => isLost;

/**
 * What is said instead where the server does not answer: not every visitor can start it again.
 * @param {string} words
 */
export function sayWhenLost(words) {
  lostWords = words;
}

/* A request got no answer at all. */
function serverLost() {
  if (isLost) return;
  isLost = true;
  wait = WAIT.first;
  notify("server", lostWords);
  setTimeout(look, wait);
}

async function look() {
  try {
    const response = await fetch(`${basePath()}health`, { cache: "no-store" });
    if (!response.ok) throw new Error(String(response.status));
  } catch {
    wait = Math.min(WAIT.most, wait * WAIT.times);
    setTimeout(look, wait);
    return;
  }
  isLost = false;
  clearNotice("server");
  serverBack.tell();
}

/* The path that the app is served under, as in Dash's configuration; read once. */
export function basePath() {
  if (base === null) {
    const config = document.getElementById("_dash-config");
    base = (config && JSON.parse(config.textContent).requests_pathname_prefix) || "/";
  }
  return base;
}

/**
 * A response that is not an error, or an Error whose message is one line for a person. `options`: those of fetch.
 * @param {string} path
 * @param {RequestInit} [options]
 */
export async function request(path, options = {}) {
  let response;
  try {
    response = await fetch(basePath() + path, options);
  } catch (error) {
    if (options.signal?.aborted) throw error; // nobody waits for it any more
    serverLost();
    throw Object.assign(new Error("the server does not answer; is it still running?"), { isLost: true });
  }
  const [uuid, revision] = (response.headers.get("Lstmviz-Tracks") || "").split(" ");
  if (revision !== undefined) tracksSeen.tell(uuid, revision);
  if (response.ok) return response;
  const answer = await failure(response);
  if (response.status === GONE)
    notify("replaced", answer.error, { words: "Show it", press: () => location.assign(location.pathname) });
  const words = answer.error || `the server answered ${response.status} to ${path}`;
  throw Object.assign(new Error(words), { isAway: AWAY.includes(response.status) });
}

/**
 * What the server says of a question that failed: a line as JSON or, before a route is reached, as plain text.
 * @param {Response} response
 * @returns {Promise<{ error?: string }>}
 */
async function failure(response) {
  if (response.headers.get("Content-Type")?.startsWith("text/plain")) return { error: (await response.text()).trim() };
  return response.json().catch(() => ({}));
}

/**
 * The response to an object that is put to the server as JSON.
 * @param {string} path
 * @param {object} body
 * @param {RequestInit} [options]
 */
export function postJson(path, body, options) {
  const headers = { "Content-Type": "application/json", ...pageHeaders() };
  return request(path, { method: "POST", headers, body: JSON.stringify(body), ...options });
}

/* What a request says of this page, where the server is to answer only its newest question of a kind. */
export function pageHeaders() {
  return { "Lstmviz-Page": `${PAGE}.${++nPosted}` };
}

/**
 * An answer as an object. What the server says is wrong with the question is thrown as an Error.
 * @param {Response} response
 */
async function readAnswer(response) {
  const answer = await response.json().catch((error) => {
    throw error.name === "AbortError" ? error : new Error("the server's answer was cut off; is it still running?");
  });
  if (answer.error) throw new Error(answer.error);
  return answer;
}

/**
 * @param {string} path
 * @param {RequestInit} [options]
 */
export async function getJson(path, options) {
  return readAnswer(await request(path, options));
}

/**
 * The answer to an object that is put to the server.
 * @param {string} path
 * @param {object} body
 * @param {{ signal?: AbortSignal }} [options]
 */
export async function askServer(path, body, options) {
  return readAnswer(await postJson(path, body, options));
}

/**
 * Post an object and return the last line of the answer; each line before says how far it is, 0 to 1, for `onShare`.
 * @param {string} path
 * @param {object} body
 * @param {{ signal: AbortSignal, onShare: (share: number) => void }} options
 */
export async function askLines(path, body, { signal, onShare }) {
  const response = await postJson(path, body, { signal });
  let rest = "";
  let /** @type {any} */ answer = null;
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    const lines = (rest + part.value).split("\n");
    rest = lines.pop();
    for (const line of lines) {
      answer = JSON.parse(line);
      if (answer.share !== undefined) onShare(answer.share);
    }
  }
  if (answer?.error) throw new Error(answer.error);
  if (!answer || answer.share !== undefined) throw new Error("the server's answer was cut off; is it still running?");
  return answer;
}
