/* Hits of the text search, listed with the text around each; a press goes there. */

import { button, element } from "../dom/element.mjs";
import { onFrame } from "../dom/frame.mjs";
import { ids } from "../dom/ids.mjs";
import { markedAround } from "../dom/marked-text.mjs";
import { makeMenu } from "../dom/menu.mjs";
import { virtualList } from "../dom/virtual-list.mjs";
import { grouped } from "../lib/scale.mjs";
import { partsAround, showToken, showTokens } from "../lib/tokens.mjs";
import { plural } from "../lib/words.mjs";
import { model } from "../store/model.mjs";
import { getJson } from "../store/request.mjs";
import { state } from "../store/state.mjs";
import { goToHit, presentHits } from "./search.mjs";

const ROW = 26; // px
const AROUND = 24; // steps on either side of a hit
let /** @type {Menu} */ menu;
let /** @type {ReturnType<typeof virtualList>} */ list;
let /** @type {HTMLElement} */ count;

export function makeHits() {
  menu = makeMenu(document.getElementById(ids.hitList), { words: "▾", title: "List the hits", fill });
  menu.button.setAttribute("aria-label", "List the hits");
  menu.panel.classList.add("lv-hits-panel");
  count = element("p", "lv-panel-note", "", { role: "status" });
  list = virtualList({ height: ROW, label: "Hits", load, fill: row, pick: go, onTotal: showTotal });
  onFrame("strip", offer);
}

/* There is something to list once a search has found something. */
function offer() {
  const hits = presentHits();
  menu.whole.hidden = !hits?.total;
  if (menu.whole.hidden) menu.close();
}

/** @param {HTMLElement} panel */
function fill(panel) {
  const hits = presentHits();
  count.textContent = "";
  panel.append(count, list.element);
  list.reset(hits.present || 0).then(() => menu.isOpen() && list.focus());
}

/**
 * @param {number} from
 * @param {number} limit
 * @param {AbortSignal} signal
 */
async function load(from, limit, signal) {
  const { text } = presentHits();
  const query = `q=${encodeURIComponent(text)}&from=${from}&limit=${limit}&around=${AROUND}`;
  const { total, hits, texts } = await getJson(`d/${state.dump}/search/${model.axis.index}?${query}`, { signal });
  return {
    total,
    rows: hits.map((/** @type {Span} */ [start, stop], /** @type {number} */ k) =>
      Object.assign({ start, stop }, texts[k]),
    ),
  };
}

/**
 * @param {number} total
 * @param {string} problem
 */
function showTotal(total, problem) {
  const hits = presentHits();
  count.classList.toggle("lv-warn", Boolean(problem));
  count.textContent = problem
    ? `The hits could not be listed: ${problem}`
    : `${plural(total, "hit")} of “${showToken(hits ? hits.text : "").text}”`;
  if (problem)
    count.append(
      " ",
      button("lv-link", "Try again", "Ask the server again", () => list.reset(hits?.present || 0)),
    );
}

/**
 * @param {HTMLElement} item
 * @param {Hit} one
 * @param {number} index
 */
function row(item, one, index) {
  const shown = showTokens(one.tokens, one.unknown);
  const [left, right] = markedAround(partsAround(shown, model.axis, one.start - one.first, one.stop - one.first));
  const hits = presentHits();
  const isPresent = hits !== null && index === hits.present;
  item.classList.toggle("lv-list-here", isPresent);
  item.setAttribute("aria-selected", String(isPresent));
  item.replaceChildren(element("span", "lv-list-number", grouped(one.start)), left, right);
  item.setAttribute("aria-label", `step ${one.start}: ${left.textContent}${right.textContent}`);
  item.title = `Go to step ${grouped(one.start)}`;
}

/**
 * @param {Hit} one
 * @param {number} index
 */
function go(one, index) {
  menu.close();
  goToHit(index, [one.start, one.stop]);
}

/* For tests. */
export function inspectHits() {
  return { isOpen: menu.isOpen(), isOffered: !menu.whole.hidden, words: count.textContent, rows: list.rows() };
}
