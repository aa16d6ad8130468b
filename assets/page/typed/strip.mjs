/* The tokens of a typed text, its brush, and what stands under it: loss, prediction, change. */

import { areWords, drawToken } from "../dom/cell-text.mjs";
import { addCanvas, fitCanvas, labelFont, themeColours } from "../dom/theme.mjs";
import { fitText } from "../lib/tokens.mjs";
import * as geometry from "../store/geometry.mjs";
import { state } from "../store/state.mjs";
import { hoveredToken, typedAnswer, typedGrounds } from "./answer.mjs";
import { typedDifference } from "./diff.mjs";
import { influenceGrounds } from "./influence.mjs";
import { clipTyped, tokensInView, typedCell, typedX } from "./plot.mjs";
import { drawTypedRow, typedRows } from "./rows.mjs";

export const TOKEN = { top: 5, height: 24 }; // px
const ROW = { top: 33, height: 16, gap: 3 };
let /** @type {HTMLElement} */ strip;
let /** @type {HTMLCanvasElement} */ canvas;

/** @param {TypedPlaces} places */
export function makeTypedStrip(places) {
  strip = places.strip;
  canvas = addCanvas(strip, "lv-layer");
}

/* The tokens and what stands under them. */
export function drawTypedStrip() {
  const answer = typedAnswer();
  const rows = typedRows(answer);
  const height = `${ROW.top + rows.length * (ROW.height + ROW.gap)}px`;
  if (strip.style.height !== height) strip.style.height = height;
  const ctx = fitCanvas(canvas);
  drawNames(ctx, rows);
  if (!answer) return;
  clipTyped(ctx, strip.clientHeight, () => {
    const [from, to] = tokensInView(answer);
    drawTokens(ctx, answer, from, to);
    rows.forEach((row, k) => drawTypedRow(ctx, row, from, to, ROW.top + k * (ROW.height + ROW.gap), ROW.height));
    drawBrush(ctx, answer);
    drawHover(ctx);
  });
}

/**
 * @param {CanvasRenderingContext2D} ctx
 * @param {TypedRow[]} rows
 */
function drawNames(ctx, rows) {
  const colours = themeColours();
  ctx.font = labelFont();
  ctx.textAlign = "left";
  ctx.textBaseline = "middle";
  ctx.fillStyle = colours.dim;
  /** @param {string} text */
  const width = (text) => ctx.measureText(text).width;
  /**
   * @param {string} words
   * @param {number} middle
   */
  const write = (words, middle) => ctx.fillText(fitText(words, geometry.left() - 6, width), 0, middle);
  write("token", TOKEN.top + TOKEN.height / 2);
  rows.forEach((row, k) => write(row.name, ROW.top + k * (ROW.height + ROW.gap) + ROW.height / 2 + 0.5));
}

/**
 * @param {CanvasRenderingContext2D} ctx
 * @param {TextAnswer} answer
 * @param {number} from
 * @param {number} to
 */
function drawTokens(ctx, answer, from, to) {
  const colours = themeColours();
  const [wide, difference] = [typedCell(), typedDifference()];
  const isWord = areWords(answer.shown);
  const ground = influenceGrounds(answer) || typedGrounds(answer);
  for (let step = from; step < to; step++) {
    const own = ground(step);
    const left = typedX(step);
    if (own) {
      ctx.fillStyle = own;
      ctx.fillRect(left, TOKEN.top, wide - 1, TOKEN.height);
    }
    drawToken(ctx, answer.shown[step], left, TOKEN.top, wide, TOKEN.height, own || colours.bg, isWord);
    if (difference && difference.alignment.kinds[step] !== "same") {
      ctx.fillStyle = colours.hover;
      ctx.fillRect(left, TOKEN.top - 3, wide - 1, 2);
    }
  }
}

/**
 * @param {CanvasRenderingContext2D} ctx
 * @param {TextAnswer} answer
 */
function drawBrush(ctx, answer) {
  const { typed } = state;
  if (!typed || typed.text !== answer.text) return;
  ctx.strokeStyle = themeColours().accent;
  ctx.lineWidth = 2;
  ctx.strokeRect(typedX(typed.start) - 0.5, TOKEN.top - 1, typedX(typed.stop) - typedX(typed.start), TOKEN.height + 2);
}

/** @param {CanvasRenderingContext2D} ctx */
function drawHover(ctx) {
  const step = hoveredToken();
  if (step === null) return;
  ctx.strokeStyle = themeColours().hover;
  ctx.lineWidth = 1.5;
  ctx.strokeRect(typedX(step) - 0.5, TOKEN.top, typedCell(), TOKEN.height);
}
