/* Where each token of a match row lies: characters in cells of one width, words one after another as wide as they are, from
   where the match starts to the right and to the left, as far as there is room. */

import { textWidth, wordFont } from "../dom/cell-text.mjs";
import { NARROWEST, WORD_PAD } from "../lib/columns.mjs";
import { markedUnknown, showToken } from "../lib/tokens.mjs";
import { matchAnswer } from "../store/matches.mjs";

const MOST = 130; // px of a cell; a longer word is cut
/** @type {WeakMap<Row, { key: string, edges: Map<number, [left: number, width: number]> }>} */
const flows = new WeakMap();

/**
 * The cells of a row that a column shows, each with its place.
 * @param {Column} column
 * @param {Row} row
 * @returns {[cell: number, place: [left: number, width: number]][]}
 */
export function cellPlaces(column, row) {
  if (column.ahead !== undefined) return [...flow(column, row)];
  const width = column.width / column.n;
  return Array.from({ length: column.n }, (_, k) => [column.from + k, [column.left + k * width, width]]);
}

/**
 * [left, width] of a row's cell in a column, in px of the table; null where the column does not show it.
 * @param {Column} column
 * @param {Row} row
 * @param {number} cell
 * @returns {[left: number, width: number] | null}
 */
export function cellPlace(column, row, cell) {
  if (column.ahead !== undefined) return flow(column, row).get(cell) || null;
  if (cell < column.from || cell >= column.from + column.n) return null;
  const width = column.width / column.n;
  return [column.left + (cell - column.from) * width, width];
}

/**
 * The cell at a place of a row's column, or null.
 * @param {Column} column
 * @param {Row} row
 * @param {number} x
 */
export function cellUnder(column, row, x) {
  if (column.ahead === undefined) return column.from + Math.floor(((x - column.left) / column.width) * column.n);
  for (const [cell, [left, width]] of flow(column, row)) if (x >= left && x < left + width) return cell;
  return null;
}

/**
 * @param {Column} column
 * @param {Row} row
 */
function flow(column, row) {
  const font = wordFont();
  const key = `${column.left} ${column.width} ${column.narrow} ${font}`;
  const known = flows.get(row);
  if (known?.key === key) return known.edges;
  const edges = new Map();
  const start = matchAnswer().text_before;
  const [first, end] = [column.left, column.left + column.width];
  /** @param {number} cell */
  const wide = (cell) => {
    const own = textWidth(showToken(row.tokens[cell]).text, font);
    const narrowed = column.narrow * Math.min(MOST, own);
    return (own > MOST ? Math.max(narrowed, Math.min(MOST, NARROWEST * own + 1)) : narrowed) + WORD_PAD; // not cut before MOST
  };
  let x = first + column.ahead;
  for (let cell = start; isIn(row, cell); cell++) {
    const width = wide(cell);
    if (x + width > end) break;
    edges.set(cell, [x, width]);
    x += width;
  }
  x = first + column.ahead;
  for (let cell = start - 1; isIn(row, cell); cell--) {
    const width = wide(cell);
    if (x - width < first) break;
    x -= width;
    edges.set(cell, [x, width]);
  }
  flows.set(row, { key, edges });
  return edges;
}

/**
 * What a row shows in a cell.
 * @param {Row} row
 * @param {number} cell
 */
export function shownIn(row, cell) {
  const shown = showToken(row.tokens ? row.tokens[cell] : null);
  return row.unknown.includes(cell) ? markedUnknown(shown) : shown;
}

/**
 * @param {Row} row
 * @param {number} cell
 */
function isIn(row, cell) {
  return cell >= 0 && cell < row.on.length && row.on[cell] !== null && Boolean(row.tokens);
}
