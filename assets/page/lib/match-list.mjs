/* The matches as a list that grows: rows by their place, group headings between them, what is folded or hidden left out,
   and which rows to ask for next. Pure. */

export const ROW_HEIGHT = 19; // px a row
export const GROUP_HEIGHT = 28; // px a heading
export const BRUSHED = -1; // place of the brush's own row
export const BLOCK = 40; // items drawn on one canvas

export function createMatchList() {
  const /** @type {Map<number, Row>} */ rows = new Map(); // place in the server's list -> row
  const groups = new Map(); // index -> {index, name, n, first}
  const folded = new Set(); // indices of groups
  let /** @type {number} */ total = null; // rows in all, where that is known
  let isGrouped = false;
  let /** @type {Row} */ brushed = null; // the brush's own place, pinned above the others
  let version = 0; // changes with whatever is listed

  let /** @type {Row[]} */ inOrder = null; // the rows, once they are asked for

  /**
   * Take up an answer: its rows stand from its offset on. `asked`: how many rows were wanted.
   * @param {any} answer
   * @param {number} asked
   */
  function put(answer, asked) {
    answer.rows.forEach((/** @type {Row} */ row, /** @type {number} */ k) => rows.set(answer.offset + k, row));
    inOrder = null;
    if (answer.offset === 0) brushed = answer.brushed || null;
    for (const group of answer.groups || []) groups.set(group.index, group);
    isGrouped = Boolean(answer.n_groups);
    if (answer.n_listed !== null && answer.n_listed !== undefined) total = answer.n_listed;
    else if (answer.rows.length < asked) total = answer.offset + answer.rows.length;
    version++;
  }

  /**
   * It is known by now how many rows there are.
   * @param {number} count
   */
  function setTotal(count) {
    total = count;
    version++;
  }

  /**
   * @param {number} index
   * @param {boolean} isFolded
   */
  function fold(index, isFolded) {
    if (isFolded) folded.add(index);
    else folded.delete(index);
    version++;
  }

  /** @param {boolean} isFolded */
  function foldAll(isFolded) {
    folded.clear();
    if (isFolded) for (const index of groups.keys()) folded.add(index);
    version++;
  }

  /**
   * {items, height, next}: what is to be shown from the top, how tall it is, and the place of the first row that is
   * wanted and not here (null where all are). An item {kind, top, height, ...} is a "row" or a "group".
   * @param {(row: Row) => boolean} isShown
   */
  function laid(isShown) {
    const /** @type {Item[]} */ items = [];
    let top = 0;
    /**
     * @param {any} item
     * @param {number} height
     */
    const add = (item, height) => {
      items.push(Object.assign(item, { top, height }));
      top += height;
    };
    /**
     * @param {number} from
     * @param {number} end
     */
    const take = (from, end) => {
      for (let place = from; place < end; place++) {
        const row = rows.get(place);
        if (!row) return place;
        if (isShown(row)) add({ kind: "row", place, row }, ROW_HEIGHT);
      }
      return null;
    };
    const end = total === null ? Infinity : total;
    if (brushed && rows.size) add({ kind: "row", place: BRUSHED, row: brushed }, ROW_HEIGHT + 4);
    if (!isGrouped) return { next: take(0, end), items, height: top };
    let next = null;
    let from = 0;
    for (let index = 0; from < end && next === null; index++) {
      const group = groups.get(index);
      if (!group) {
        next = from;
        break;
      }
      add({ kind: "group", group, isFolded: folded.has(index) }, GROUP_HEIGHT);
      from = group.first + group.n;
      if (!folded.has(index)) next = take(group.first, from);
    }
    return { items, height: top, next };
  }

  return {
    put,
    setTotal,
    fold,
    foldAll,
    laid,
    /** @param {number} index */
    isFolded: (index) => folded.has(index),
    nFolded: () => folded.size,
    version: () => version,
    rows: () => (inOrder = inOrder || [...rows.keys()].sort((a, b) => a - b).map((place) => rows.get(place))),
    /** @param {number} place */
    row: (place) => (place === BRUSHED ? brushed : rows.get(place)),
    size: () => rows.size,
    total: () => total,
  };
}

/**
 * Items in blocks [{top, height, items}], each drawn on a canvas of its own.
 * @param {Item[]} items
 */
export function blocksOf(items) {
  const blocks = [];
  for (let k = 0; k < items.length; k += BLOCK) {
    const some = items.slice(k, k + BLOCK);
    const top = some[0].top;
    const last = some[some.length - 1];
    blocks.push({ top, height: last.top + last.height - top, items: some });
  }
  return blocks;
}

/**
 * The blocks [first, end) that lie between two heights, and one more at each end.
 * @param {{ top: number, height: number }[]} blocks
 * @param {number} from
 * @param {number} to
 */
export function blocksAround(blocks, from, to) {
  let first = 0;
  while (first < blocks.length && blocks[first].top + blocks[first].height <= from) first++;
  let end = first;
  while (end < blocks.length && blocks[end].top < to) end++;
  return [Math.max(0, first - 1), Math.min(blocks.length, end + 1)];
}

/**
 * The item of a block at a height inside it, or null.
 * @param {{ items: Item[], top: number }} block
 * @param {number} y
 */
export function itemAt(block, y) {
  return block.items.find((item) => y >= item.top - block.top && y < item.top - block.top + item.height) || null;
}
