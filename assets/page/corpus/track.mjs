/* A track under the tokens: its values as cells, bars or a line. */

import { textWidth, writeCentred } from "../dom/cell-text.mjs";
import { typeScale } from "../dom/projector.mjs";
import { labelFont, themeColours } from "../dom/theme.mjs";
import { valueText } from "../lib/scale.mjs";
import { sharedLead, showToken } from "../lib/tokens.mjs";
import { isMissingValue } from "../lib/tracks.mjs";
import * as geometry from "../store/geometry.mjs";
import { model } from "../store/model.mjs";
import { trackGround, trackLook, trackText } from "../store/tracks.mjs";

const CUT_LEAST = 30; // px of a cell in which a label that is squeezed or cut can still be read
const LABEL_LEAST = 5; // px of a run in which a single sign can be read
const FEW = 40; // distinct whole numbers that are still told apart as cells; more are drawn as bars

const HEIGHT = { cells: 18, line: 34 }; // px of a row: numbers without a text are the text, and have room and an axis

/** @param {Track} track */
function isCells(track) {
  return track.kind === "category" || (track.is_integer && track.high - track.low < FEW);
}

/**
 * How a track is drawn: "heat" in cells, as "bars" or as a "line". Numbers that stand in the place of a text are lines.
 * @param {Track} track
 */
function lookOf(track) {
  if (track.kind === "category") return "heat";
  return trackLook(track) || (!model.axis.has_tokens ? "line" : isCells(track) ? "heat" : "bars");
}

/** @param {Track} track */
export function trackHeight(track) {
  return !model.axis.has_tokens && lookOf(track) === "line" ? HEIGHT.line : HEIGHT.cells;
}

/**
 * @param {CanvasRenderingContext2D} ctx
 * @param {Track} track
 * @param {number} from
 * @param {number} to
 * @param {number} top
 */
export function drawTrack(ctx, track, from, to, top) {
  const [look, height] = [lookOf(track), trackHeight(track)];
  if (look === "line") drawLine(ctx, track, from, to, top, height);
  else if (look === "heat") drawCells(ctx, track, from, to, top, height);
  else drawBars(ctx, track, from, to, top, height);
}

/**
 * Cells in the colours of their values. Labels stand in them where each has room in its cell, else once in every run of one.
 * @param {CanvasRenderingContext2D} ctx
 * @param {Track} track
 * @param {number} from
 * @param {number} to
 * @param {number} top
 * @param {number} height
 */
function drawCells(ctx, track, from, to, top, height) {
  const cell = geometry.cell();
  const gap = cell > 6 ? 1 : 0;
  const /** @type {string[]} */ grounds = [];
  for (let step = from; step < to; step++) {
    const own = trackGround(track, (one) => model.value(one, step));
    grounds.push(own);
    if (own === null) continue;
    ctx.fillStyle = own;
    ctx.fillRect(geometry.x(step), top, cell - gap + (gap ? 0 : 0.5), height);
  }
  const isEach = areLabelsWhole(track);
  if (!isEach && track.kind !== "category") return;
  for (const [start, stop] of isEach ? each(from, to) : runs(track, from, to)) {
    const ground = grounds[(start + stop - 1 - 2 * from) >> 1];
    const room = (stop - start) * cell - 3;
    if (ground === null || room < LABEL_LEAST * typeScale()) continue;
    const words = shortLabel(track, model.value(track, start), room);
    if (!isEach && room < CUT_LEAST * typeScale() && textWidth(words, labelFont()) > room + 2) continue;
    ctx.fillStyle = themeColours().ink(ground);
    writeCentred(ctx, labelFont(), words, geometry.x(start) + (room + 3) / 2, top + height / 2 + 0.5, room);
  }
}

/** @type {WeakMap<Track, number>} */
const leads = new WeakMap(); // characters that all labels of a track begin with

/**
 * A label for `room` px: where it is too long, what all labels begin with is left out, so that time stamps show what differs.
 * @param {Track} track
 * @param {TrackValue} value
 * @param {number} room
 */
function shortLabel(track, value, room) {
  const words = trackText(track, value);
  if (track.kind !== "category" || textWidth(words, labelFont()) <= room + 2) return words;
  if (!leads.has(track)) leads.set(track, sharedLead(labels(track)));
  const lead = leads.get(track);
  return lead ? `…${words.slice(lead)}` : words;
}

/**
 * @param {CanvasRenderingContext2D} ctx
 * @param {Track} track
 * @param {number} from
 * @param {number} to
 * @param {number} top
 * @param {number} height
 */
function drawBars(ctx, track, from, to, top, height) {
  const cell = geometry.cell();
  const gap = cell > 6 ? 1 : 0;
  ctx.fillStyle = themeColours().sequence(0.6);
  for (let step = from; step < to; step++) {
    const value = model.value(track, step);
    if (isMissingValue(track, value)) continue;
    const share = track.high > track.low ? (value - track.low) / (track.high - track.low) : 0;
    const tall = Math.max(1, Math.min(1, share) * (height - 1));
    ctx.fillRect(geometry.x(step), top + height - tall, Math.max(1, cell - gap), tall);
  }
}

/**
 * @param {number} from
 * @param {number} to
 */
function each(from, to) {
  return Array.from({ length: Math.max(0, to - from) }, (_, k) => [from + k, from + k + 1]);
}

/**
 * The stretches [start, stop) of one label inside one sequence.
 * @param {Track} track
 * @param {number} from
 * @param {number} to
 */
function runs(track, from, to) {
  const borders = new Set(model.bordersIn(from, to));
  const /** @type {number[][]} */ all = [];
  for (let step = from; step < to; step++) {
    const value = model.value(track, step);
    const last = all.at(-1);
    if (last && !borders.has(step) && model.value(track, step - 1) === value) last[1] = step + 1;
    else all.push([step, step + 1]);
  }
  return all;
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

/**
 * The axis of a line that stands in the place of a text: its ends, in the gutter.
 * @param {CanvasRenderingContext2D} ctx
 * @param {Track} track
 * @param {number} top
 */
export function drawTrackAxis(ctx, track, top) {
  const height = trackHeight(track);
  if (height < HEIGHT.line) return;
  ctx.font = labelFont();
  ctx.textAlign = "right";
  ctx.textBaseline = "middle";
  ctx.fillStyle = themeColours().dim;
  const right = geometry.left() - 6;
  ctx.fillText(valueText(track.high), right, top + 6);
  ctx.fillText(valueText(track.low), right, top + height - 6);
  ctx.fillStyle = themeColours().line;
  for (const y of [top, top + height - 1]) ctx.fillRect(geometry.left(), y, geometry.width(), 1);
}

const widths = new WeakMap(); // track -> px of its widest label

/**
 * Does every label of a track stand whole in one cell?
 * @param {Track} track
 */
export function areLabelsWhole(track) {
  if (!isCells(track)) return false;
  if (!widths.has(track))
    widths.set(track, Math.max(0, ...labels(track).map((words) => textWidth(words, labelFont()))));
  return widths.get(track) <= geometry.cell() - 2;
}

/** @param {Track} track */
function labels(track) {
  if (track.kind === "category") return track.labels.slice(0, 1000).map((words) => showToken(words).text);
  return Array.from({ length: track.high - track.low + 1 }, (_, k) => valueText(track.low + k));
}
