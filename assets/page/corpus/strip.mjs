/* The token strip: tokens shaded by how many selected units are on, the brush, its off-handles, and the tracks below. */

import { drawToken, leastCell } from "../dom/cell-text.mjs";
import { onFrame } from "../dom/frame.mjs";
import { ids } from "../dom/ids.mjs";
import { addCanvas, fitCanvas, labelFont, themeColours, typePx } from "../dom/theme.mjs";
import { grouped, niceTicks } from "../lib/scale.mjs";
import { fitText, showToken } from "../lib/tokens.mjs";
import { clamp } from "../lib/url.mjs";
import * as geometry from "../store/geometry.mjs";
import { matchRows } from "../store/matches.mjs";
import { model } from "../store/model.mjs";
import { dumpShown } from "../store/open.mjs";
import { hover, state } from "../store/state.mjs";
import { hasManyTracks, trackText, visibleTracks } from "../store/tracks.mjs";
import { drawBorders } from "./borders.mjs";
import { drawMask } from "./mask.mjs";
import { hitsIn } from "./search.mjs";
import { drawTrack } from "./track.mjs";
import { drawTrackNames, makeTrackNames } from "./track-names.mjs";

export const TOKEN = { top: 5, height: 24 }; // px
export const OFF = { top: 31, height: 14 };
const LOW = 5; // px of the band for units on low
const TRACK = { top: 49, height: 18, gap: 3 };
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
    "Tokens. Drag to brush a window. By keyboard: Enter makes a window, left and right arrows move it, with Shift they move its end, Escape clears it.",
  );
  dumpShown.on(resizeStrip);
  onFrame("strip", draw);
}

/* The height follows from the dump (and a press on "more") alone, so that nothing jumps. */
function resizeStrip() {
  const rows = visibleTracks().length + (hasManyTracks() ? 1 : 0);
  const height = `${TRACK.top + rows * (TRACK.height + TRACK.gap)}px`;
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
  visibleTracks().forEach((track, k) =>
    drawTrack(ctx, track, at, to, TRACK.top + k * (TRACK.height + TRACK.gap), TRACK.height),
  );
  drawMask(ctx, 0, mount.clientHeight);
  drawMarks(ctx, at, to);
  drawBorders(ctx, TOKEN.top - 3, mount.clientHeight);
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
  ctx.fillText(
    model.axis.has_tokens ? "token" : fitText(named(), geometry.left() - 8, (text) => ctx.measureText(text).width),
    0,
    TOKEN.top + TOKEN.height / 2,
  );
  drawTrackNames(TRACK);
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
  const hasText = model.axis.has_tokens && cell >= leastCell(model.firstShown());
  if (!hasText) {
    ctx.fillStyle = colours.shade(0); // a row without text is seen all the same
    ctx.fillRect(geometry.x(from), TOKEN.top, geometry.x(to) - geometry.x(from), TOKEN.height);
  }
  for (let step = from; step < to; step++) {
    const x = geometry.x(step);
    const wide = cell - gap + (gap ? 0 : 0.5);
    const { main, low } = ground(step);
    if (main) {
      ctx.fillStyle = main;
      ctx.fillRect(x, TOKEN.top, wide, TOKEN.height);
    }
    if (low) {
      ctx.fillStyle = low;
      ctx.fillRect(x, TOKEN.top + TOKEN.height - LOW, wide, LOW);
    }
    const shown = model.shown(step);
    if (shown && hasText)
      drawToken(ctx, shown, x, TOKEN.top, cell, TOKEN.height - (low ? LOW / 2 : 0), main || colours.bg);
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

/* The track whose numbers stand in the place of tokens where there are none: the first one of numbers, if any. */
function numberTrack() {
  return model.tracks.find((track) => track.kind === "number") || null;
}

function named() {
  const track = numberTrack();
  return track ? showToken(track.name).text : "step";
}

/**
 * step -> what is written there where there are no tokens: a number of that track, or the step's own.
 * @returns {(step: number) => string}
 */
export function stripNumbers() {
  const track = numberTrack();
  if (!track) return (step) => grouped(step);
  return (step) => trackText(track, model.value(track, step)) || "·";
}

/**
 * Steps without tokens have numbers, every few cells where they are long.
 * @param {CanvasRenderingContext2D} ctx
 * @param {number} from
 * @param {number} to
 * @param {any} groundOf
 */
function drawNumbers(ctx, from, to, groundOf) {
  const colours = themeColours();
  const text = stripNumbers();
  ctx.font = `${typePx(11)} ${colours.mono}`;
  ctx.textAlign = "center";
  ctx.textBaseline = "middle";
  const longest = numberTrack()
    ? Math.max(1, ...Array.from({ length: to - from }, (_, k) => text(from + k).length))
    : grouped(to).length;
  const wide = ctx.measureText("0".repeat(longest)).width + (numberTrack() ? 4 : 14);
  const every =
    numberTrack() && wide <= geometry.cell()
      ? 1
      : niceTicks(0, 1000000, 1000000 / Math.max(1, wide / geometry.cell()))[1];
  for (let step = Math.ceil(from / every) * every; step < to; step += every) {
    const edge = Math.min(wide / 2 - 7, geometry.width() / 2);
    const x =
      every === 1
        ? geometry.x(step + 0.5)
        : clamp(geometry.x(step + 0.5), geometry.left() + edge, geometry.left() + geometry.width() - edge);
    ctx.fillStyle = colours.ink(groundOf(step));
    ctx.fillText(text(step), x, TOKEN.top + TOKEN.height / 2 + 0.5);
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
  ctx.fillStyle = colours.accent;
  for (const row of matchRows()) {
    if (row.stop > from && row.start < to)
      ctx.fillRect(geometry.x(row.start), 1, geometry.x(row.stop) - geometry.x(row.start) - 1, 2);
  }
  for (const hit of hitsIn(from, to)) {
    ctx.fillStyle = hit.isPresent ? colours.hover : colours.dim;
    ctx.fillRect(
      geometry.x(hit.start),
      TOKEN.top + TOKEN.height - 2,
      geometry.x(hit.stop) - geometry.x(hit.start) - 1,
      2,
    );
  }
}

/** @param {CanvasRenderingContext2D} ctx */
function drawBrush(ctx) {
  const colours = themeColours();
  const { start, stop } = state;
  const middle = OFF.top + OFF.height / 2;
  const handles = handleSteps();
  ctx.strokeStyle = colours.accent;
  ctx.lineWidth = 2;
  ctx.strokeRect(geometry.x(start) - 0.5, TOKEN.top - 1, geometry.x(stop) - geometry.x(start), TOKEN.height + 2);
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
  ctx.strokeRect(geometry.x(step) - 0.5, TOKEN.top, geometry.cell(), TOKEN.height);
}

export const stripPlace = () => mount;
