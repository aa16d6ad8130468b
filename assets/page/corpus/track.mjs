/* A track under the tokens: its values as cells, bars or a line. */

import { writeCentred } from "../dom/cell-text.mjs";
import { typeScale } from "../dom/projector.mjs";
import { labelFont, themeColours } from "../dom/theme.mjs";
import { valueText } from "../lib/scale.mjs";
import { showToken } from "../lib/tokens.mjs";
import { isMissingValue } from "../lib/tracks.mjs";
import * as geometry from "../store/geometry.mjs";
import { model } from "../store/model.mjs";
import { trackGround, trackLook, trackText } from "../store/tracks.mjs";

const CUT_LEAST = 30; // px of a cell in which a label that is squeezed or cut still tells something
const FEW = 40; // distinct whole numbers that are still told apart as cells; more are drawn as bars

/** @param {Track} track */
function isCells(track) {
  return track.kind === "category" || (track.is_integer && track.high - track.low < FEW);
}

/**
 * @param {CanvasRenderingContext2D} ctx
 * @param {Track} track
 * @param {number} from
 * @param {number} to
 * @param {number} top
 * @param {number} height
 */
export function drawTrack(ctx, track, from, to, top, height) {
  const look = track.kind === "number" ? trackLook(track) : undefined;
  if (look === "line") return drawLine(ctx, track, from, to, top, height);
  const cells = look ? look === "heat" : isCells(track);
  const cell = geometry.cell();
  const isLabelled = isCells(track) && cells && hasLabels(ctx, track, cell);
  const gap = cell > 6 ? 1 : 0;
  for (let step = from; step < to; step++) {
    const value = model.value(track, step);
    const x = geometry.x(step);
    const own = trackGround(track, (one) => model.value(one, step));
    if (own === null) continue;
    if (cells) {
      ctx.fillStyle = own;
      ctx.fillRect(x, top, cell - gap + (gap ? 0 : 0.5), height);
      if (isLabelled) label(ctx, trackText(track, value), x, top, cell, height, own);
    } else {
      ctx.fillStyle = themeColours().sequence(0.6);
      const share = track.high > track.low ? (value - track.low) / (track.high - track.low) : 0;
      const tall = Math.max(1, Math.min(1, share) * (height - 1));
      ctx.fillRect(x, top + height - tall, Math.max(1, cell - gap), tall);
    }
  }
}

/**
 * Its values as a line, from its least to its greatest; broken where there is none and at borders.
 * @param {CanvasRenderingContext2D} ctx
 * @param {Track} track
 * @param {number} from
 * @param {number} to
 * @param {number} top
 * @param {number} height
 */
function drawLine(ctx, track, from, to, top, height) {
  const borders = new Set(model.bordersIn(from, to));
  const [low, high] = [track.low, track.high > track.low ? track.high : track.low + 1];
  ctx.strokeStyle = themeColours().sequence(0.75);
  ctx.lineWidth = 1.5;
  ctx.beginPath();
  let isJoined = false;
  for (let step = Math.max(0, from - 1); step < Math.min(model.axis.n_steps, to + 1); step++) {
    const value = model.value(track, step);
    const isHere = !isMissingValue(track, value);
    if (isHere) {
      const y = top + 1 + (1 - (value - low) / (high - low)) * (height - 3);
      const x = geometry.x(step + 0.5);
      if (!isJoined || borders.has(step)) ctx.moveTo(x - 1, y);
      ctx.lineTo(x, y);
    }
    isJoined = isHere;
  }
  ctx.stroke();
}

const widths = new WeakMap(); // track -> px of its widest label

/**
 * Are the labels of a track's cells written? All of them are, whole or cut, or none.
 * @param {CanvasRenderingContext2D} ctx
 * @param {Track} track
 * @param {number} cell
 */
function hasLabels(ctx, track, cell) {
  ctx.font = labelFont();
  if (!widths.has(track)) widths.set(track, Math.max(0, ...labels(track).map((words) => ctx.measureText(words).width)));
  return widths.get(track) <= cell - 2 || (track.kind === "category" && cell >= CUT_LEAST * typeScale());
}

/** @param {Track} track */
function labels(track) {
  if (track.kind === "category") return track.labels.slice(0, 1000).map((words) => showToken(words).text);
  return Array.from({ length: track.high - track.low + 1 }, (_, k) => valueText(track.low + k));
}

/**
 * @param {CanvasRenderingContext2D} ctx
 * @param {string} words
 * @param {number} x
 * @param {number} top
 * @param {number} cell
 * @param {number} height
 * @param {string} ground
 */
function label(ctx, words, x, top, cell, height, ground) {
  ctx.fillStyle = themeColours().ink(ground);
  writeCentred(ctx, labelFont(), words, x + cell / 2, top + height / 2 + 0.5, cell - 3);
}
