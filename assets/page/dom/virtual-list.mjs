/* A long list of which only the visible rows exist: rows of one height, fetched a page at a time as they come into view. */

import { questionLine } from "../lib/questions.mjs";
import { element, ownKeys, targetOf } from "./element.mjs";

const PAGE = 100; // rows a request
const MORE = 6; // rows made beyond what is seen
const MOST = 1000000; // rows; a taller element is more than browsers draw

/**
 * The rows [first, end) to make, with `total` of `height` px, where `seen` px from `top` on are in view. Pure.
 * @param {number} top
 * @param {number} seen
 * @param {number} height
 * @param {number} total
 */
export function visibleRows(top, seen, height, total) {
  const first = Math.max(0, Math.floor(top / height) - MORE);
  return [first, Math.min(total, Math.ceil((top + seen) / height) + MORE)];
}

/**
 * A list in a new element. `load(from, limit, signal)` gives a promise of {total, rows}; `fill(element, row, index)` puts a
 * row into its element; `pick(row, index)` is called when one is pressed; `onTotal(total, problem)` when it is known how many
 * there are.
 * @param {ListOf} given
 */
export function virtualList({ height, label, load, fill, pick, onTotal }) {
  const scroller = element("div", "lv-list", "", { role: "listbox", "aria-label": label, tabindex: "-1" });
  const room = element("div", "lv-list-room");
  scroller.append(room);
  let pages = new Map(); // page -> rows, or null while they are on their way
  let made = new Map(); // index -> element
  let total = 0;
  let active = 0; // the row that has, or gets, the focus
  const line = questionLine(); // a list that is reset ends the requests of the one before
  let /** @type {AbortSignal} */ signal = null; // of the present list
  scroller.addEventListener("scroll", draw, { passive: true });
  scroller.addEventListener("click", (event) => {
    const row = targetOf(event).closest("[data-index]");
    if (row) press(Number(row.dataset.index));
  });
  /** @param {number} index */
  const go = (index) => focus(Math.max(0, Math.min(total - 1, index)));
  const page = () => Math.max(1, Math.floor(scroller.clientHeight / height) - 1);
  /** @param {() => number} rows */
  const by = (rows) => () => go(active + rows());
  const acts = {
    down: by(() => 1),
    up: by(() => -1),
    pageDown: by(page),
    pageUp: by(() => -page()),
    first: () => go(0),
    last: () => go(total - 1),
    go: () => press(active),
  };
  ownKeys(scroller, "list", acts);

  /**
   * Reset the list; `at`: the row to begin at.
   * @param {number} [at]
   */
  async function reset(at) {
    signal = line.begin();
    const mine = signal;
    [pages, made, total, active] = [new Map(), new Map(), 0, at || 0];
    room.replaceChildren();
    room.style.height = "0";
    await fetchPage(Math.floor(active / PAGE), mine);
    if (mine.aborted) return;
    scroller.scrollTop = Math.max(0, active - 2) * height;
    draw();
  }

  /**
   * @param {number} k
   * @param {AbortSignal} mine
   */
  async function fetchPage(k, mine) {
    pages.set(k, null);
    try {
      const answer = await load(k * PAGE, PAGE, mine);
      if (mine.aborted) return;
      pages.set(k, answer.rows);
      total = Math.min(MOST, answer.total);
      room.style.height = `${total * height}px`;
      onTotal(answer.total, null);
      for (let index = k * PAGE; index < k * PAGE + PAGE; index++) refresh(index);
      draw();
    } catch (error) {
      if (mine.aborted) return;
      pages.delete(k);
      onTotal(total, error.message);
    }
  }

  /** @param {number} index */
  function rowAt(index) {
    return pages.get(Math.floor(index / PAGE))?.[index % PAGE] ?? null;
  }

  function draw() {
    const [first, end] = visibleRows(scroller.scrollTop, scroller.clientHeight, height, total);
    for (const [index, item] of made) {
      if ((index >= first && index < end) || item === document.activeElement) continue;
      item.remove();
      made.delete(index);
    }
    for (let index = first; index < end; index++) {
      if (!pages.has(Math.floor(index / PAGE))) fetchPage(Math.floor(index / PAGE), signal);
      if (!made.has(index)) add(index);
    }
  }

  /** @param {number} index */
  function add(index) {
    const item = element("div", "lv-list-row", "", {
      role: "option",
      "aria-posinset": index + 1,
      "aria-setsize": total,
      tabindex: index === active ? "0" : "-1",
    });
    item.dataset.index = String(index);
    item.style.top = `${index * height}px`;
    made.set(index, item);
    room.append(item);
    refresh(index);
  }

  /** @param {number} index */
  function refresh(index) {
    const [item, row] = [made.get(index), rowAt(index)];
    if (item && row !== null)
      fill(item, row, index); // a row may be 0, the number of a unit
    else if (item) item.textContent = "…";
  }

  /** @param {number} index */
  function focus(index) {
    if (!total) return;
    if (made.has(active)) made.get(active).tabIndex = -1;
    active = index;
    const top = active * height;
    if (top < scroller.scrollTop) scroller.scrollTop = top;
    else if (top + height > scroller.scrollTop + scroller.clientHeight)
      scroller.scrollTop = top + height - scroller.clientHeight;
    draw();
    const item = made.get(active);
    item.tabIndex = 0;
    item.focus({ preventScroll: true });
  }

  /** @param {number} index */
  function press(index) {
    const row = rowAt(index);
    if (row !== null) pick(row, index);
  }

  return {
    element: scroller,
    reset,
    focus: () => go(active),
    rows: () =>
      [...made.keys()]
        .sort((a, b) => a - b)
        .map(rowAt)
        .filter(Boolean),
  };
}
