/* The token strip: tokens shaded by how many selected units are on, the brush, its off-handles, and the tracks below. */

import { leastCell } from "../dom/cell-text.mjs";
import { onFrame } from "../dom/frame.mjs";
import { ids } from "../dom/ids.mjs";
import { addCanvas, fitCanvas, labelFont, themeColours, typePx } from "../dom/theme.mjs";
import { grouped, niceTicks } from "../lib/scale.mjs";
import { clamp } from "../lib/url.mjs";
import * as geometry from "../store/geometry.mjs";
import { matchRows } from "../store/matches.mjs";
import { model } from "../store/model.mjs";
import { dumpShown } from "../store/open.mjs";
import { hover, state } from "../store/state.mjs";
import { hasManyTracks, visibleTracks } from "../store/tracks.mjs";
import { drawBorders } from "./borders.mjs";
import { drawMask } from "./mask.mjs";
import { hitsIn } from "./search.mjs";
import { outlineTokens, tokenRow, writeToken } from "./token-row.mjs";
import { drawTrack, drawTrackAxis, trackHeight } from "./track.mjs";
import { drawTrackNames, makeTrackNames } from "./track-names.mjs";

const OFF = 14; // px of the row of the off-handles
const LOW = 5; // px of the band for units on low
const TRACK = { gap: 3, more: 18 }; // px between rows, and of the button below them
let /** @type {HTMLElement} */ mount;
let /** @type {HTMLCanvasElement} */ canvas;

export function makeStrip() {
  mount = document.getElementById(ids.strip);
  canvas = addCanvas(mount, "lv-layer");
  makeTrackNames(mount);
  mount.setAttribute("role", "application");
  mount.setAttribute("tabindex", "0");
  mount.setAttribute(
    "aria-label",
    "Tokens. Press one or drag over several to brush a window. By keyboard: Enter makes a window, left and right arrows move it, with Shift they move its end, Escape clears it.",
  );
  dumpShown.on(resizeStrip);
  onFrame("strip", draw);
}

/* Where the off-handles lie, and the first track: under the tokens. */
export function offRow() {
  const { top, height } = tokenRow();
  return { top: top + height + 2, height: OFF };
}

/* The rows of tracks from the top: {rows: [{track, top, height}], end}, `end` where the next one would start. */
function trackRows() {
  let end = offRow().top + OFF + 4;
  const rows = visibleTracks().map((track) => {
    const row = { track, top: end, height: trackHeight(track) };
    end += row.height + TRACK.gap;
    return row;
  });
  return { rows, end };
}

/* The height follows from the dump, the zoom and a press on "more" alone, so that nothing jumps. */
function resizeStrip() {
  const { end } = trackRows();
  const height = `${end + (hasManyTracks() ? TRACK.more + TRACK.gap : 0)}px`;
  if (mount.style.height !== height) mount.style.height = height;
}

function draw() {
  model.refresh();
  if (model.source) resizeStrip();
  const ctx = fitCanvas(canvas);
  if (!model.source) return;
  const { at, span } = state;
  const to = Math.min(model.axis.n_steps, at + span);
  drawLabels(ctx);
  ctx.save();
  ctx.beginPath();
  ctx.rect(geometry.left() - 7, 0, geometry.width() + 14, mount.clientHeight);
  ctx.clip();
  drawTokens(ctx, at, to);
  for (const { track, top } of trackRows().rows) drawTrack(ctx, track, at, to, top);
  drawMask(ctx, 0, mount.clientHeight);
  drawMarks(ctx, at, to);
  drawBorders(ctx, 2, mount.clientHeight);
  if (state.start !== null) drawBrush(ctx);
  drawHover(ctx);
  ctx.restore();
}

/** @param {CanvasRenderingContext2D} ctx */
function drawLabels(ctx) {
  const colours = themeColours();
  ctx.font = labelFont();
  ctx.fillStyle = colours.dim;
  ctx.textAlign = "left";
  ctx.textBaseline = "middle";
  ctx.fillText(model.axis.has_tokens ? "token" : "step", 0, middle());
  for (const { track, top } of trackRows().rows) drawTrackAxis(ctx, track, top);
  drawTrackNames(trackRows());
}

/**
 * @param {CanvasRenderingContext2D} ctx
 * @param {number} from
 * @param {number} to
 */
function drawTokens(ctx, from, to) {
  const colours = themeColours();
  const ground = grounds(from, to);
  const cell = geometry.cell();
  const gap = cell > 6 ? 1 : 0;
  const row = tokenRow();
  const { top, height } = row.band;
  if (!model.axis.has_tokens || row.isSlanted || cell < leastCell(model.firstShown())) {
    ctx.fillStyle = colours.shade(0); // a row without text in its cells is seen all the same
    ctx.fillRect(geometry.x(from), top, geometry.x(to) - geometry.x(from), height);
  }
  for (let step = from; step < to; step++) {
    const x = geometry.x(step);
    const wide = cell - gap + (gap ? 0 : 0.5);
    const { main, low } = ground(step);
    if (main) {
      ctx.fillStyle = main;
      ctx.fillRect(x, top, wide, height);
    }
    if (low) {
      ctx.fillStyle = low;
      ctx.fillRect(x, top + height - LOW, wide, LOW);
    }
    const shown = model.axis.has_tokens ? model.shown(step) : null;
    if (shown) writeToken(ctx, shown, x, row, main || colours.bg, low ? LOW : 0);
  }
  if (!model.axis.has_tokens)
    drawNumbers(ctx, from, to, (/** @type {number} */ step) => ground(step).main || colours.shade(0));
}

/**
 * step -> the grounds that say how many of the pattern's units are on there. Where it has units on both sides, a band
 * at the foot is of those on low.
 * @param {number} from
 * @param {number} to
 * @returns {(step: number) => { main: string | null, low: string | null }}
 */
function grounds(from, to) {
  const { shade, lowShade } = themeColours();
  const { high, low } = model.countSides(from, to);
  /**
   * @param {(share: number) => string} ramp
   * @param {{ counts: Uint16Array, n: number }} side
   * @param {number} step
   */
  const colour = (ramp, { counts, n }, step) => (n && counts[step - from] ? ramp(counts[step - from] / n) : null);
  if (!high.n) return (step) => ({ main: colour(lowShade, low, step), low: null });
  return (step) => ({ main: colour(shade, high, step), low: colour(lowShade, low, step) });
}

/* The middle of the tokens' cells. */
function middle() {
  const { top, height } = tokenRow().band;
  return top + height / 2;
}

/**
 * Steps without tokens have numbers, every few cells.
 * @param {CanvasRenderingContext2D} ctx
 * @param {number} from
 * @param {number} to
 * @param {(step: number) => string} groundOf
 */
function drawNumbers(ctx, from, to, groundOf) {
  const colours = themeColours();
  ctx.font = `${typePx(11)} ${colours.mono}`;
  ctx.textAlign = "center";
  ctx.textBaseline = "middle";
  const wide = ctx.measureText("0".repeat(grouped(to).length)).width + 14;
  const every = niceTicks(0, 1000000, 1000000 / Math.max(1, wide / geometry.cell()))[1];
  for (let step = Math.ceil(from / every) * every; step < to; step += every) {
    const edge = Math.min(wide / 2 - 7, geometry.width() / 2);
    const x = clamp(geometry.x(step + 0.5), geometry.left() + edge, geometry.left() + geometry.width() - edge);
    ctx.fillStyle = colours.ink(groundOf(step));
    ctx.fillText(grouped(step), x, middle() + 0.5);
  }
}

/**
 * Thin lines over the tokens: the listed matches that lie in view; under them: hits of the search.
 * @param {CanvasRenderingContext2D} ctx
 * @param {number} from
 * @param {number} to
 */
function drawMarks(ctx, from, to) {
  const colours = themeColours();
  const { isSlanted, band } = tokenRow();
  const over = isSlanted ? band.top - 3 : 1;
  ctx.fillStyle = colours.accent;
  for (const row of matchRows()) {
    if (row.stop > from && row.start < to)
      ctx.fillRect(geometry.x(row.start), over, geometry.x(row.stop) - geometry.x(row.start) - 1, 2);
  }
  for (const hit of hitsIn(from, to)) {
    ctx.fillStyle = hit.isPresent ? colours.hover : colours.dim;
    ctx.fillRect(
      geometry.x(hit.start),
      band.top + band.height - 2,
      geometry.x(hit.stop) - geometry.x(hit.start) - 1,
      2,
    );
  }
}

/** @param {CanvasRenderingContext2D} ctx */
function drawBrush(ctx) {
  const colours = themeColours();
  const { start, stop } = state;
  const middle = offRow().top + OFF / 2;
  const handles = handleSteps();
  ctx.strokeStyle = colours.accent;
  ctx.lineWidth = 2;
  outlineTokens(ctx, start, stop, 1);
  ctx.fillStyle = colours.accent;
  ctx.fillRect(geometry.x(start), middle - 2, geometry.x(stop) - geometry.x(start), 4);
  ctx.strokeStyle = colours.text;
  ctx.lineWidth = 1;
  for (const [edge, inner] of [
    [handles.before, start],
    [handles.after, stop],
  ]) {
    ctx.beginPath();
    ctx.moveTo(geometry.x(edge), middle);
    ctx.lineTo(geometry.x(inner), middle);
    ctx.stroke();
    ctx.fillStyle = colours.text;
    ctx.beginPath();
    ctx.roundRect(geometry.x(edge) - 3.5, middle - 6, 7, 12, 2);
    ctx.fill();
  }
}

/* Where the off-handles stand: at most at the border of the sequence, beyond which everything counts as off. */
export function handleSteps() {
  const { start, stop, before, after } = state;
  const [first, end] = model.sequenceOf(start);
  return {
    before: Math.max(Math.min(first, start), start - before),
    after: Math.min(Math.max(end, stop), stop + after),
  };
}

/** @param {CanvasRenderingContext2D} ctx */
function drawHover(ctx) {
  const { step } = hover;
  const { at, span } = state;
  if (step === null || step < at || step >= at + span) return;
  ctx.strokeStyle = themeColours().hover;
  ctx.lineWidth = 1.5;
  outlineTokens(ctx, step, step + 1, 0);
}

export const stripPlace = () => mount;
