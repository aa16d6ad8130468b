/* Pointing at a cell of a match: the same step is marked in its row's tokens and in every heatmap, with its numbers. */

import { targetOf } from "../dom/element.mjs";
import { hideTip, showTip } from "../dom/tooltip.mjs";
import { itemAt } from "../lib/match-list.mjs";
import { grouped, valueText } from "../lib/scale.mjs";
import { showToken, tokenLines } from "../lib/tokens.mjs";
import { trackShift, trackValueInRow } from "../lib/tracks.mjs";
import { plural } from "../lib/words.mjs";
import { colourName } from "../store/colouring.mjs";
import { matchAnswer } from "../store/matches.mjs";
import { state } from "../store/state.mjs";
import { orderedTracks, trackText } from "../store/tracks.mjs";
import { cellPlace, cellUnder, shownIn } from "./cells.mjs";
import { openRow, tableColumns } from "./layout.mjs";

/** @param {Block} block */
export function watchHover(block) {
  block.canvas.addEventListener("pointermove", (event) => point(block, event));
  block.canvas.addEventListener("pointerleave", () => leave(block));
  block.canvas.addEventListener("click", (event) => open(block, event));
  block.links.addEventListener("pointerover", (event) => markRow(block, targetOf(event)));
  block.links.addEventListener("pointerleave", () => leave(block));
  block.links.addEventListener("focusin", (event) => markRow(block, targetOf(event)));
  block.links.addEventListener("focusout", () => leave(block));
}

/** @param {Block} block */
function leave(block) {
  hideTip();
  if (block.marks) block.marks.replaceChildren();
  for (const row of block.links.querySelectorAll(".lv-at")) row.classList.remove("lv-at");
}

/**
 * The row and cell under the pointer, or null.
 * @param {Block} block
 * @param {PointerEvent} event
 */
function find(block, event) {
  const answer = matchAnswer();
  if (!answer || !block.items) return null;
  const box = block.canvas.getBoundingClientRect();
  const item = itemAt(block, event.clientY - box.top);
  if (item?.kind !== "row") return null;
  const x = event.clientX - box.left;
  const cols = tableColumns().list;
  const column = cols.find((candidate) => candidate.n && x >= candidate.left && x < candidate.left + candidate.width);
  const cell = column ? cellUnder(column, item.row, x) : null;
  return { answer, item, row: item.row, cols, cell };
}

/**
 * @param {Block} block
 * @param {PointerEvent} event
 */
function point(block, event) {
  const pointed = find(block, event);
  if (!pointed) return leave(block);
  const { answer, row, cell } = pointed;
  mark(block, pointed);
  block.canvas.style.cursor = cell === null ? "default" : "pointer";
  if (cell === null) return hideTip();
  showTip(event, describe(answer, row, cell));
}

/**
 * @param {MatchAnswer} answer
 * @param {Row} row
 * @param {number} cell
 */
function describe(answer, row, cell) {
  const step = row.first + cell;
  if (row.on[cell] === null) return ["outside the sequence"];
  const lines = [`step ${grouped(step)}`, ...tokenLines(shownIn(row, cell))];
  if (!answer.region) lines.push(`${row.on[cell]} of ${plural(answer.n_units, "unit")} on`);
  if (row.shades) lines.push(`${row.shades[cell]} of the ${answer.n_shaded} that shade`);
  const { colour } = state;
  if (row.coloursAsked === colour && row.values && row.values[cell] !== null)
    lines.push(`${colourName(colour)} ${valueText(row.values[cell])}`);
  for (const track of orderedTracks().slice(0, 8)) {
    const value = trackValueInRow(track, row, cell);
    if (value !== null)
      lines.push(
        `${showToken(track.name).text} ${trackText(track, value)}${trackShift(track) ? " (recorded one step before)" : ""}`,
      );
  }
  if (!answer.region)
    lines.push(`match: ${plural(row.length, "step")}, ${row.n_shared} of ${plural(answer.n_units, "unit")}`);
  return lines;
}

/**
 * @param {Block} block
 * @param {{ cols: Column[], item: RowItem, cell: number }} found
 */
function mark(block, { cols, item, cell }) {
  const top = item.top - block.top;
  const boxes = [box("lv-row-mark", 0, top, block.canvas.clientWidth, item.height)];
  for (const column of cols) {
    const place = cell === null || !column.n ? null : cellPlace(column, item.row, cell);
    if (place) boxes.push(box("lv-cell-mark", place[0], top, place[1], item.height));
  }
  show(block, item, boxes);
}

/**
 * @param {Block} block
 * @param {HTMLElement} element
 */
function markRow(block, element) {
  const whole = element.closest("[data-place]");
  const item = whole && block.items.find((one) => one.kind === "row" && String(one.place) === whole.dataset.place);
  if (item)
    show(block, /** @type {RowItem} */ (item), [
      box("lv-row-mark", 0, item.top - block.top, block.canvas.clientWidth, item.height),
    ]);
}

/**
 * The marks of one row, and its buttons.
 * @param {Block} block
 * @param {RowItem} item
 * @param {HTMLElement[]} boxes
 */
function show(block, item, boxes) {
  if (!block.marks) {
    block.marks = document.createElement("div");
    block.marks.className = "lv-marks";
    block.element.append(block.marks);
  }
  block.marks.replaceChildren(...boxes);
  for (const row of block.links.querySelectorAll(".lv-match-row"))
    row.classList.toggle("lv-at", row.dataset.place === String(item.place));
}

/**
 * @param {string} className
 * @param {number} left
 * @param {number} top
 * @param {number} width
 * @param {number} height
 */
function box(className, left, top, width, height) {
  const made = document.createElement("div");
  made.className = className;
  made.style.cssText = `left:${left}px;top:${top}px;width:${width}px;height:${height}px`;
  return made;
}

/**
 * @param {Block} block
 * @param {PointerEvent} event
 */
function open(block, event) {
  const pointed = find(block, event);
  if (pointed && pointed.cell !== null) openRow(pointed.row);
}
