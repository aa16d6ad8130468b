/* Text search: hits show while one types; Enter goes to the next hit, Shift+Enter to the one before, "3 of 41" says where that is. */

import { textWidth } from "../dom/cell-text.mjs";
import { redraw } from "../dom/frame.mjs";
import { ids } from "../dom/ids.mjs";
import { clearNotice, notify } from "../dom/notice.mjs";
import { labelFont } from "../dom/theme.mjs";
import { actOnKey } from "../lib/keys.mjs";
import { questionLine } from "../lib/questions.mjs";
import { grouped } from "../lib/scale.mjs";
import { plural } from "../lib/words.mjs";
import { model } from "../store/model.mjs";
import { dumpShown } from "../store/open.mjs";
import { getJson, pageHeaders } from "../store/request.mjs";
import { state } from "../store/state.mjs";
import { panTo } from "../store/view.mjs";

const AT_ONCE = 500; // hits a request
const REST = 220; // ms that typing rests before it is searched
const [LEAST, LARGE] = [2, 500000]; // a single letter is not searched as one types over more steps than these
let /** @type {HTMLInputElement} */ input;
let /** @type {HTMLElement} */ count;
/**
 * @typedef {{ text: string, where: string, total: number, hits: Map<number, Span>, present: number, places: number[] }} Found
 * `hits` by index, as far as they are loaded; `places` of all, as shares of the axis
 */
let /** @type {Found} */ found = null;
const LIST = 40; // px of the button beside how many hits there are, and of the gaps
const searching = questionLine();
const typing = questionLine(REST); // the next key ends what was asked for the one before

export function makeSearch() {
  input = /** @type {HTMLInputElement} */ (document.getElementById(ids.search));
  count = document.getElementById(ids.hitCount);
  input.addEventListener("keydown", (event) => {
    actOnKey("search", event, { next: () => stepHit(1), back: () => stepHit(-1), forget });
  });
  input.addEventListener("input", typed);
  dumpShown.on(moved);
}

function where() {
  return `${state.dump} ${model.axis.index}`;
}

/* Search as one types: how many hits there are, and where they lie in what is shown; nothing moves before Enter. */
async function typed() {
  forget();
  const text = input.value;
  if (!text.trim() || !model.source) return;
  if (text.length < LEAST && model.axis.n_steps > LARGE) return say("Enter searches");
  const begun = nothingFound(text);
  const reply = await typing.ask(
    (signal) => loadInto(begun, state.at, signal),
    () => say("searching …"),
  );
  if (!reply || begun.where !== where()) return;
  if (reply.error) return say("failed", true);
  found = begun;
  say(begun.total ? plural(begun.total, "hit") : "no hits");
  redraw("strip");
}

function forget() {
  found = null;
  searching.end();
  typing.end();
  say("");
  redraw("strip");
}

/**
 * @param {string} text
 * @returns {Found}
 */
function nothingFound(text) {
  return { text, where: where(), total: 0, hits: new Map(), present: null, places: [] };
}

/* Another dump or axis has other hits. */
function moved() {
  if (found && found.where !== where()) forget();
}

/**
 * @param {string} words
 * @param {boolean} [isProblem]
 */
function say(words, isProblem) {
  count.textContent = words;
  count.classList.toggle("lv-warn", Boolean(isProblem));
  input.style.paddingInlineEnd = words ? `${Math.ceil(textWidth(words, labelFont())) + LIST}px` : ""; // the text has the rest
}

/** @param {number} direction */
export async function stepHit(direction) {
  const text = input.value;
  if (!text || !model.source) return;
  typing.end();
  const isOn = found && found.text === text && found.where === where();
  const reply = await searching.ask(
    (signal) => (isOn ? step(direction, signal) : begin(text, direction, signal)),
    () => say("searching …"),
  );
  if (!reply) return; // another search is wanted by now
  if (reply.error) {
    say("failed", true);
    return notify("search", `The search failed: ${reply.error.message}`);
  }
  clearNotice("search");
  if (reply.answer === null) say("no hits");
  else jump(reply.answer);
}

/**
 * The first hit from the visible steps on, or the last before them.
 * @param {string} text
 * @param {number} direction
 * @param {AbortSignal} signal
 */
async function begin(text, direction, signal) {
  found = nothingFound(text);
  const first = await load(state.at, signal);
  if (!found?.total) return null;
  const isAhead = direction > 0;
  return isAhead ? first : hit(first - 1, signal);
}

/**
 * @param {number} direction
 * @param {AbortSignal} signal
 */
async function step(direction, signal) {
  if (!found.total) return null;
  if (found.present !== null) return hit(found.present + direction, signal);
  const first = await load(state.at, signal); // typed, and not gone to yet
  return direction > 0 ? first : hit(first - 1, signal);
}

/**
 * Fetch the hits from a step on (they go round the end); returns the index of the first of them.
 * @param {number} after
 * @param {AbortSignal} signal
 */
async function load(after, signal) {
  return loadInto(found, after, signal);
}

/**
 * @param {Found} asked
 * @param {number} after
 * @param {AbortSignal} signal
 */
async function loadInto(asked, after, signal) {
  const { dump } = state;
  const query = `q=${encodeURIComponent(asked.text)}&after=${Math.max(0, after)}&limit=${AT_ONCE}`;
  const address = `d/${dump}/search/${model.axis.index}?${query}`;
  const answer = await getJson(address, { signal, headers: pageHeaders() });
  Object.assign(asked, { total: answer.total, places: answer.places });
  answer.hits.forEach((/** @type {Span} */ one, /** @type {number} */ k) =>
    asked.hits.set((answer.first + k) % answer.total, one),
  );
  return answer.first;
}

/**
 * A hit's index, loaded, whichever side it is entered from; the end leads to the start.
 * @param {number} wanted
 * @param {AbortSignal} signal
 */
async function hit(wanted, signal) {
  const { total, hits } = found;
  const index = ((wanted % total) + total) % total;
  const before = hits.get(index - 1);
  if (!hits.has(index) && index === 0) await load(0, signal);
  else if (!hits.has(index) && before) await load(before[0] + 1, signal);
  if (!hits.has(index)) await loadBack(index, signal);
  return index;
}

/**
 * Fetch a hit that only the one after it leads to: start so far back that about half a request lies before it.
 * @param {number} index
 * @param {AbortSignal} signal
 */
async function loadBack(index, signal) {
  const { total, hits } = found;
  const nSteps = model.axis.n_steps;
  const edge = hits.has(index + 1) ? hits.get(index + 1)[0] : nSteps;
  let reach = Math.ceil((nSteps / total) * (AT_ONCE / 2));
  while (!hits.has(index)) {
    const from = Math.max(0, edge - reach);
    let last = await load(from, signal);
    const isTooLate = last > index || hits.get(last)[0] < from; // nothing from there on: it went round to the start
    while (!isTooLate && !hits.has(index)) {
      while (hits.has(last + 1)) last++;
      await load(hits.get(last)[0] + 1, signal);
    }
    reach *= 4;
  }
}

/** @param {number} index */
function jump(index) {
  const [start, stop] = found.hits.get(index);
  const { at, span } = state;
  found.present = index;
  say(`${grouped(index + 1)} of ${grouped(found.total)}`);
  if (start >= at && stop <= at + span) redraw("strip");
  else panTo(start - Math.floor(span / 3), "settle");
}

/**
 * Go to a hit that was listed elsewhere.
 * @param {number} index
 * @param {Span} hit
 */
export function goToHit(index, hit) {
  if (!found) return;
  searching.end();
  found.hits.set(index, hit);
  jump(index);
}

/* Where the hits lie in the axis, as shares of it; none before a search. */
export const hitPlaces = () => (found && found.where === where() ? found.places : []);

/* What was searched for last: {text, total, present}, `present` the hit that was gone to; null before. */
export function presentHits() {
  return found && found.where === where() ? { text: found.text, total: found.total, present: found.present } : null;
}

/**
 * Hits that overlap [from, to), as far as loaded: {start, stop, isPresent}.
 * @param {number} from
 * @param {number} to
 */
export function hitsIn(from, to) {
  if (!found || found.where !== where()) return [];
  const seen = [];
  for (const [index, [start, stop]] of found.hits) {
    if (stop > from && start < to) seen.push({ start, stop, isPresent: index === found.present });
  }
  return seen;
}
