/* What went wrong, in words, until it is resolved or closed. One line a kind. */

import { oneLine } from "../lib/tokens.mjs";
import { ids } from "./ids.mjs";

const lines = new Map(); // kind -> sentences
const offers = new Map(); // kind -> what a button does

/**
 * `text`: a sentence, or several. `offer`: a button beside them.
 * @param {string} kind
 * @param {string | string[]} text
 * @param {{ words: string, press: () => void }} [offer]
 */
export function notify(kind, text, offer) {
  const sentences = [].concat(text).map((words) => oneLine(words[0].toUpperCase() + words.slice(1)));
  if (String(lines.get(kind)) === String(sentences)) return;
  lines.set(kind, sentences);
  offers.set(kind, offer);
  show();
}

/** @param {string} kind */
export function clearNotice(kind) {
  if (lines.delete(kind)) show();
}

/**
 * The page's own code failed: say so, and leave the details to the console.
 * @param {string} doing
 * @param {Error} error
 */
export function notifyFailure(doing, error) {
  console.error(error);
  notify("page", `Something failed while ${doing}: ${error.message}. Reloading the page may help.`);
}

function show() {
  const place = document.getElementById(ids.notice);
  if (!place) return;
  place.hidden = lines.size === 0;
  place.replaceChildren(...Array.from(lines, ([kind, text]) => line(kind, text)));
}

/**
 * @param {string} kind
 * @param {string[]} text
 */
function line(kind, text) {
  const row = document.createElement("div");
  row.className = "lv-notice-line";
  row.dataset.kind = kind;
  const words = document.createElement("div");
  for (const sentence of text) {
    const line = document.createElement("p");
    line.textContent = sentence;
    words.append(line);
  }
  const close = document.createElement("button");
  close.type = "button";
  close.textContent = "×";
  close.setAttribute("aria-label", "Close this message");
  close.addEventListener("click", () => clearNotice(kind));
  row.append(words, ...offered(offers.get(kind)), close);
  return row;
}

/** @param {{ words: string, press: () => void } | undefined} offer */
function offered(offer) {
  if (!offer) return [];
  const button = document.createElement("button");
  button.type = "button";
  button.className = "lv-notice-offer";
  button.textContent = offer.words;
  button.addEventListener("click", offer.press);
  return [button];
}

/* Report failures anywhere in the page that no caller reports. */
export function watchErrors() {
  window.addEventListener("error", (event) => {
    if (event.error) notify("page", `Something failed in the page: ${event.message}. Reloading the page may help.`);
  });
  window.addEventListener("unhandledrejection", (event) => {
    const reason = event.reason?.message ? event.reason.message : String(event.reason);
    notify("page", `Something failed in the page: ${reason}. Reloading the page may help.`);
  });
}
