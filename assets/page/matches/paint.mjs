/* One block of match rows on its canvas: tokens on their colours, a heatmap for each measure, rules where matches end. */

import { drawToken } from "../dom/cell-text.mjs";
import { themeColours, typePx } from "../dom/theme.mjs";
import { showToken } from "../lib/tokens.mjs";
import { trackValueInRow } from "../lib/tracks.mjs";
import { colourMode, valueColour } from "../store/colouring.mjs";
import { trackGround } from "../store/tracks.mjs";
import { isRowHidden } from "./by-hand.mjs";

const FADED = 0.35; // of a row hidden by hand that is shown all the same

/**
 * `block`: {top, items}; `above`: the item before its first one.
 * @param {CanvasRenderingContext2D} ctx
 * @param {MatchAnswer} answer
 * @param {Column[]} cols
 * @param {Block} block
 * @param {Item} above
 */
export function paintBlock(ctx, answer, cols, block, above) {
  const mode = colourMode();
  for (const item of block.items) {
    if (item.kind !== "row") continue;
    const top = item.top - block.top;
    ctx.globalAlpha = isRowHidden(item.row) ? FADED : 1;
    for (const column of cols) paintColumn(ctx, answer, column, item, top, mode);
  }
  ctx.globalAlpha = 1;
  const { order, group } = answer.question;
  if (order === "best" && !group) paintLevels(ctx, answer, block, above, cols.at(-1));
}

/**
 * @param {CanvasRenderingContext2D} ctx
 * @param {MatchAnswer} answer
 * @param {Column} column
 * @param {RowItem} item
 * @param {number} top
 * @param {ReturnType<typeof colourMode>} mode
 */
function paintColumn(ctx, answer, column, { row, height }, top, mode) {
  if (column.kind === "shared") return paintShared(ctx, answer, column, row, top, height);
  const cell = column.width / column.n;
  for (let c = 0; c < column.n; c++) {
    const x = column.left + c * cell;
    if (column.kind === "text")
      paintToken(ctx, ground(answer, mode, row, column.from + c), row, column.from + c, x, top, cell, height);
    else paintHeat(ctx, heat(answer, column, mode, row, column.from + c), x, top, cell, height);
  }
  if (column.kind !== "track") paintEnds(ctx, answer, column, row, top, cell, height);
}

/**
 * "4/4": how many of the pattern's units the match shares.
 * @param {CanvasRenderingContext2D} ctx
 * @param {MatchAnswer} answer
 * @param {Column} column
 * @param {Row} row
 * @param {number} top
 * @param {number} height
 */
function paintShared(ctx, answer, column, row, top, height) {
  const colours = themeColours();
  const isFull = row.n_shared === answer.n_units;
  ctx.font = `${isFull ? 600 : 400} ${typePx(11)} ${colours.sans}`;
  ctx.textAlign = "left";
  ctx.textBaseline = "middle";
  ctx.fillStyle = isFull ? colours.text : colours.dim;
  ctx.fillText(`${row.n_shared}/${answer.n_units}`, column.left, top + height / 2 + 0.5, column.width);
}

/**
 * The ground of a token: what the reader chose to see there.
 * @param {MatchAnswer} answer
 * @param {ReturnType<typeof colourMode>} mode
 * @param {Row} row
 * @param {number} c
 */
function ground(answer, mode, row, c) {
  if (mode.kind === "track") return trackGround(mode.track, (track) => trackValueInRow(track, row, c));
  if (mode.kind === "unit") return valueColour(mode, row, c);
  if (mode.kind === "shared" && row.on[c]) return themeColours().shade(row.on[c] / answer.n_units);
  return null;
}

/**
 * @param {MatchAnswer} answer
 * @param {Column} column
 * @param {ReturnType<typeof colourMode>} mode
 * @param {Row} row
 * @param {number} c
 */
function heat(answer, column, mode, row, c) {
  if (column.kind === "track") return trackGround(column.track, (track) => trackValueInRow(track, row, c));
  if (column.kind === "unit") return valueColour(mode, row, c);
  return row.on[c] === null ? null : themeColours().shade(row.on[c] / answer.n_units);
}

/**
 * @param {CanvasRenderingContext2D} ctx
 * @param {string} colour
 * @param {number} x
 * @param {number} top
 * @param {number} cell
 * @param {number} height
 */
function paintHeat(ctx, colour, x, top, cell, height) {
  if (!colour) return;
  const left = Math.round(x); // whole pixels, so that neighbours neither overlap nor part
  ctx.fillStyle = colour;
  ctx.fillRect(left, top, Math.round(x + cell) - left, height - 1);
}

/**
 * @param {CanvasRenderingContext2D} ctx
 * @param {string} colour
 * @param {Row} row
 * @param {number} c
 * @param {number} x
 * @param {number} top
 * @param {number} cell
 * @param {number} height
 */
function paintToken(ctx, colour, row, c, x, top, cell, height) {
  if (colour) {
    ctx.fillStyle = colour;
    ctx.fillRect(x, top + 1, cell - 1, height - 2);
  }
  drawToken(ctx, showToken(row.tokens ? row.tokens[c] : null), x, top, cell, height, colour || themeColours().bg);
}

/**
 * A rule where all matches start, and one where each ends, as far as it is in view.
 * @param {CanvasRenderingContext2D} ctx
 * @param {MatchAnswer} answer
 * @param {Column} column
 * @param {Row} row
 * @param {number} top
 * @param {number} cell
 * @param {number} height
 */
function paintEnds(ctx, answer, column, row, top, cell, height) {
  const before = answer.text_before;
  const isText = column.kind === "text";
  const thick = isText ? 1.5 : 1;
  ctx.fillStyle = themeColours().text;
  ctx.fillRect(Math.round(column.left + (before - column.from) * cell) - thick, top, thick, height);
  const end = before + row.length - column.from;
  if (end <= column.n)
    ctx.fillRect(Math.round(column.left + end * cell) - (isText ? 1 : 0), top, thick, height - (isText ? 0 : 1));
}

/**
 * A line across, wherever the next matches share fewer units than the ones above: strong where full matches end.
 * @param {CanvasRenderingContext2D} ctx
 * @param {MatchAnswer} answer
 * @param {Block} block
 * @param {Item} above
 * @param {Column} last
 */
function paintLevels(ctx, answer, block, above, last) {
  ctx.fillStyle = themeColours().dim;
  let before = above;
  for (const item of block.items) {
    if (
      before &&
      before.kind === "row" &&
      item.kind === "row" &&
      /** @type {RowItem} */ (before).row.n_shared !== item.row.n_shared
    ) {
      ctx.globalAlpha = /** @type {RowItem} */ (before).row.n_shared === answer.n_units ? 1 : 0.35;
      ctx.fillRect(0, Math.max(0, item.top - block.top - 1), last.left + last.width, 1);
    }
    before = item;
  }
  ctx.globalAlpha = 1;
}
