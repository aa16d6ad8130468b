/* The table of matches: headings that colour the tokens, and of the long list of rows only the blocks about the window. */

import { element, focusedIn } from "../dom/element.mjs";
import { onFrame, redraw } from "../dom/frame.mjs";
import { ids } from "../dom/ids.mjs";
import { addCanvas, fitCanvas } from "../dom/theme.mjs";
import { HEAD_WIDTH } from "../lib/columns.mjs";
import { BRUSHED, blocksAround } from "../lib/match-list.mjs";
import { showToken } from "../lib/tokens.mjs";
import { SHIFTED, trackShift } from "../lib/tracks.mjs";
import { coloursAsked, hasQuestion } from "../lib/url.mjs";
import { chooseColour, columnColour } from "../store/colouring.mjs";
import { askPage, isMatchPending, matchAnswer, matchList } from "../store/matches.mjs";
import { state } from "../store/state.mjs";
import { watchHover } from "./hover.mjs";
import { explainMatching } from "./how-to.mjs";
import { laidItems, tableColumns } from "./layout.mjs";
import { paintBlock } from "./paint.mjs";
import { fillRows, watchRows } from "./row.mjs";
import { noteHiddenColumns } from "./tools.mjs";

let /** @type {HTMLElement} */ table;
let /** @type {HTMLElement} */ head;
let /** @type {HTMLElement} */ room;
/** @type {Map<number, Block>} */
let live = new Map(); // place of a block in the list -> {element, canvas, links, items, top}

export function makeTable() {
  table = document.getElementById(ids.matchTable);
  head = element("div", "lv-match-head");
  room = element("div", "lv-match-room");
  watchRows(room, { focusRow, focusItem });
  window.addEventListener("scroll", () => redraw("matchscroll"), { passive: true });
  onFrame("matches", draw);
  onFrame("matchscroll", () => sync(false));
}

export function resetTable() {
  live = new Map();
  room.replaceChildren();
  table.replaceChildren();
}

function draw() {
  const answer = matchAnswer();
  const isEmpty = !answer || !matchList().size();
  table.classList.toggle("lv-empty", isEmpty);
  if (isEmpty) {
    resetTable();
    if (!hasQuestion(state)) table.append(explainMatching());
    noteHiddenColumns([]);
    return;
  }
  if (room.parentElement !== table) table.replaceChildren(head, room);
  const { list: cols, hidden } = tableColumns();
  noteHiddenColumns(hidden);
  fillHead(cols);
  room.style.height = `${laidItems().height}px`;
  sync(true);
}

/** @type {Record<string, string>} */
const HINTS = {
  shared: "How many of the selected units are on through the whole match; a line divides the numbers",
  text: "Aligned where each match starts; a rule marks where it ends",
  on: "How many of the selected units are on at each step",
  unit: "The activation of the unit at each step",
  pair: "The other text of the pair; dark where the match has most to do with it",
};

/** @param {Column[]} cols */
function fillHead(cols) {
  const { colour } = state;
  const names = cols.map((column) => {
    const words = showToken(column.name).text;
    const name = element("span", "");
    name.style.left = `${column.left}px`;
    name.style.maxWidth = `${Math.max(column.width, HEAD_WIDTH)}px`;
    const own = columnColour(column);
    if (own === null) {
      name.textContent = words;
      name.title = HINTS[column.kind] || words;
      return name;
    }
    const isOn = own === colour;
    const hint = `${HINTS[column.kind] || words}${column.track && trackShift(column.track) ? `; ${SHIFTED}` : ""}. Press to colour the tokens by ${isOn ? "nothing" : "it"}.`;
    const button = element("button", "lv-match-name", words, {
      type: "button",
      title: hint,
      "aria-pressed": String(isOn),
    });
    button.addEventListener("click", () => chooseColour(isOn ? "" : own));
    name.append(button);
    return name;
  });
  const held = focusedIn(head)?.textContent;
  head.replaceChildren(element("span", "lv-match-step", "step"), ...names);
  const again = [...head.querySelectorAll("button")].find((button) => button.textContent === held);
  if (again) again.focus();
}

/**
 * Make the blocks around what is in view, and drop the others; with `isAnew` those that are there are drawn again too.
 * @param {boolean} isAnew
 */
function sync(isAnew) {
  if (room.parentElement !== table || !matchAnswer()) return;
  const { blocks } = laidItems();
  const { top, width } = room.getBoundingClientRect();
  const [first, end] = blocksAround(blocks, -top, window.innerHeight - top);
  for (const [k, block] of live) {
    const isKept = k < blocks.length && ((k >= first && k < end) || block.element.contains(document.activeElement));
    if (isKept) continue;
    block.element.remove();
    live.delete(k);
  }
  const cols = tableColumns().list;
  const stay = [...live.keys()];
  for (let k = first; k < end; k++) if (!live.has(k)) live.set(k, add(k));
  for (const [k, block] of live) if (isAnew || !stay.includes(k)) fill(block, blocks[k], width, cols, blocks[k - 1]);
  needValues(blocks.slice(first, end));
}

/** @param {number} k */
function add(k) {
  const whole = element("div", "lv-match-block");
  const canvas = addCanvas(whole, "lv-layer", "Tokens and heatmaps of the matches; the steps beside them are links.");
  const links = element("div", "lv-match-links");
  whole.append(links);
  const /** @type {Block} */ block = { element: whole, canvas, links, items: [], top: 0 };
  const after = [...live.keys()].filter((other) => other > k).sort((a, b) => a - b)[0];
  room.insertBefore(block.element, after === undefined ? null : live.get(after).element); // Tab goes down the rows
  watchHover(block);
  return block;
}

/**
 * @param {Block} block
 * @param {LaidBlock} given
 * @param {number} width
 * @param {Column[]} cols
 * @param {LaidBlock} before
 */
function fill(block, { top, height, items }, width, cols, before) {
  Object.assign(block, { top, items });
  block.element.style.top = `${top}px`;
  block.element.style.height = `${height}px`;
  fillRows(block);
  paintBlock(fitCanvas(block.canvas, [Math.round(width), height]), matchAnswer(), cols, block, before?.items.at(-1));
}

/**
 * Rows that are seen and were asked for while other units coloured them are asked for once more.
 * @param {LaidBlock[]} blocks
 */
function needValues(blocks) {
  const asked = coloursAsked(state);
  if (asked === null || isMatchPending()) return;
  const items = blocks.flatMap((block) => block.items);
  const stale = items.find((item) => item.kind === "row" && item.place !== BRUSHED && item.row.coloursAsked !== asked);
  if (stale) askPage(/** @type {RowItem} */ (stale).place);
}

/**
 * Put the keyboard on the row at a place of the list, or on the one after it that is shown.
 * @param {number} place
 */
export function focusRow(place) {
  const { items } = laidItems();
  const item = items.find((/** @type {Item} */ one) => one.kind === "row" && one.place >= place) || items.at(-1);
  if (item) focusItem(item);
}

/** @param {Item} item */
function focusItem(item) {
  draw(); // rows that have just come have no element yet
  const y = room.getBoundingClientRect().top + item.top;
  const roof = head.getBoundingClientRect().bottom;
  if (y < roof) window.scrollBy(0, y - roof - 4 * item.height);
  else if (y + item.height > window.innerHeight) window.scrollBy(0, y - window.innerHeight + 5 * item.height);
  sync(false);
  const target = room.querySelector(
    item.kind === "row" ? `[data-place="${item.place}"] a` : `[data-group="${item.group.index}"]`,
  );
  if (target) target.focus({ preventScroll: true });
}
