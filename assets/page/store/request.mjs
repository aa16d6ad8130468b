/* The way to the server: a question and its answer, or one line that says what went wrong. Where the server does not answer
   at all, the page says so once, looks for it again, and tells when it is back. Which of several questions counts is kept by
   a line of them (lib/questions.mjs), whose signal ends a request. */

import { clearNotice, notify } from "../dom/notice.mjs";
import { signal } from "../lib/signal.mjs";

const WAIT = { first: 1000, most: 8000, times: 1.5 }; // ms between looks
const PAGE = Math.random().toString(36).slice(2); // this page's name: the server answers its newest question of a kind
let nPosted = 0; // requests may reach the server in another order
let isLost = false;
/** @type {string | null} */
let base = null; // see basePath
let wait = WAIT.first;

export const serverBack = signal(); // what failed meanwhile may be asked again
export const isServerLost = () => isLost;

/* A request got no answer at all. */
function serverLost() {
  if (isLost) return;
  isLost = true;
  wait = WAIT.first;
  notify(
    "server",
    "The server does not answer: it was stopped, or the way to it is cut. Start it again with the command you started it with; this page looks for it every few seconds and goes on by itself.",
  );
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

/* The path that the app is served under, as Dash was told it; read once. */
function basePath() {
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
  if (response.ok) return response;
  const answer = await response.json().catch(() => ({}));
  throw new Error(answer.error || `the server answered ${response.status} to ${path}`);
}

/**
 * The response to an object that is put to the server as JSON.
 * @param {string} path
 * @param {object} body
 * @param {RequestInit} [options]
 */
export function postJson(path, body, options) {
  const headers = { "Content-Type": "application/json", "Lstmviz-Page": `${PAGE}.${++nPosted}` };
  return request(path, { method: "POST", headers, body: JSON.stringify(body), ...options });
}

/**
 * An answer as an object. What the server says is wrong with the question is thrown as an Error.
 * @param {Response} response
 */
async function readAnswer(response) {
  const answer = await response.json().catch((error) => {
    throw error.name === "AbortError" ? error : new Error("the server's answer broke off; is it still running?");
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
 * The last of the lines that answer an object put to the server; each line before is told how far it is, 0 to 1.
 * @param {string} path
 * @param {object} body
 * @param {{ signal: AbortSignal, told: (share: number) => void }} options
 */
export async function askLines(path, body, { signal, told }) {
  const response = await postJson(path, body, { signal });
  let rest = "";
  let /** @type {any} */ answer = null;
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    const lines = (rest + part.value).split("\n");
    rest = lines.pop();
    for (const line of lines) {
      answer = JSON.parse(line);
      if (answer.share !== undefined) told(answer.share);
    }
  }
  if (answer?.error) throw new Error(answer.error);
  if (!answer || answer.share !== undefined) throw new Error("the server's answer broke off; is it still running?");
  return answer;
}
