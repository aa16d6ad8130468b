/* One block of match rows on its canvas: tokens on their colours, a heatmap for each measure, rules where matches end. */

import { drawToken, textWidth, writeCentred } from "../dom/cell-text.mjs";
import { labelFont, themeColours, typePx } from "../dom/theme.mjs";
import { trackValueInRow } from "../lib/tracks.mjs";
import { colourMode, sharedColour, underlining, valueColour } from "../store/colouring.mjs";
import { trackGround, trackText } from "../store/tracks.mjs";
import { isRowHidden } from "./by-hand.mjs";
import { cellPlace, cellPlaces, shownIn } from "./cells.mjs";
import { paintPair } from "./paint-pair.mjs";

const UNDERLINE = 4; // px, with the one that parts it from the next row
const FADED = 0.35; // of a row hidden by hand that is shown anyway

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
  if (column.kind === "pair") return paintPair(ctx, column, row, top, height);
  const under = underlining();
  for (const [c, place] of cellPlaces(column, row)) {
    if (column.kind === "text") {
      paintToken(ctx, ground(answer, mode, row, c), row, c, place, top, height, column);
      if (under)
        paintUnderline(
          ctx,
          trackGround(under, (track) => trackValueInRow(track, row, c)),
          place,
          top,
          height,
        );
    } else paintHeat(ctx, heat(answer, column, mode, row, c), place, top, height);
  }
  if (column.kind === "track") paintLabels(ctx, column, row, top, height);
  else paintEnds(ctx, answer, column, row, top, height);
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
  return mode.kind === "shared" ? sharedColour(answer, row, c) : null;
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
 * @param {[left: number, width: number]} place
 * @param {number} top
 * @param {number} height
 */
function paintHeat(ctx, colour, [x, cell], top, height) {
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
 * @param {[left: number, width: number]} place
 * @param {number} top
 * @param {number} height
 * @param {Column} column
 */
function paintToken(ctx, colour, row, c, [x, cell], top, height, { ahead, narrow }) {
  if (colour) {
    ctx.fillStyle = colour;
    ctx.fillRect(x, top + 1, cell - 1, height - 2);
  }
  drawToken(
    ctx,
    shownIn(row, c),
    x,
    top,
    cell,
    height,
    colour || themeColours().bg,
    ahead !== undefined,
    narrow < 1 ? 0 : undefined,
  );
}

/**
 * A track's colour under a token, beside what colours its ground.
 * @param {CanvasRenderingContext2D} ctx
 * @param {string | null} colour
 * @param {[left: number, width: number]} place
 * @param {number} top
 * @param {number} height
 */
function paintUnderline(ctx, colour, [x, cell], top, height) {
  if (!colour) return;
  const left = Math.round(x);
  ctx.fillStyle = themeColours().bg;
  ctx.fillRect(left, top + height - UNDERLINE - 1, Math.round(x + cell) - left, 1); // apart from the ground above
  ctx.fillStyle = colour;
  ctx.fillRect(left, top + height - UNDERLINE, Math.round(x + cell) - left, UNDERLINE - 1);
}

/**
 * The labels of a track, each once in its run, where the run is wide enough.
 * @param {CanvasRenderingContext2D} ctx
 * @param {Column} column
 * @param {Row} row
 * @param {number} top
 * @param {number} height
 */
function paintLabels(ctx, column, row, top, height) {
  const { track } = column;
  if (track.kind !== "category") return;
  const cell = column.width / column.n;
  for (let c = column.from; c < column.from + column.n; ) {
    const value = trackValueInRow(track, row, c);
    let end = c + 1;
    while (end < column.from + column.n && trackValueInRow(track, row, end) === value) end++;
    const words = trackText(track, value);
    const wide = (end - c) * cell - 4;
    const ground = trackGround(track, (one) => trackValueInRow(one, row, (c + end - 1) >> 1));
    if (words && ground && textWidth(words, labelFont()) <= wide) {
      ctx.fillStyle = themeColours().ink(ground);
      writeCentred(ctx, labelFont(), words, column.left + ((c + end) / 2 - column.from) * cell, top + height / 2, wide);
    }
    c = end;
  }
}

/**
 * A rule where all matches start, and one where each ends, as far as it is in view.
 * @param {CanvasRenderingContext2D} ctx
 * @param {MatchAnswer} answer
 * @param {Column} column
 * @param {Row} row
 * @param {number} top
 * @param {number} height
 */
function paintEnds(ctx, answer, column, row, top, height) {
  const before = answer.text_before;
  const isText = column.kind === "text";
  const thick = isText ? 1.5 : 1;
  ctx.fillStyle = themeColours().text;
  const start = cellPlace(column, row, before);
  if (start) ctx.fillRect(Math.round(start[0]) - thick, top, thick, height);
  const last = cellPlace(column, row, before + row.length - 1);
  if (last) ctx.fillRect(Math.round(last[0] + last[1]) - (isText ? 1 : 0), top, thick, height - (isText ? 0 : 1));
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
