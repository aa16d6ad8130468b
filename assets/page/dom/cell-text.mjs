/* One token in one cell of a canvas: centred, squeezed a little if it is long, then cut. Never wider than its cell. */

import { fitText } from "../lib/tokens.mjs";
import { typeScale } from "./projector.mjs";
import { themeColours } from "./theme.mjs";

const SQUEEZE = 0.72; // narrowest share of its own width that a word stays readable at
const LEAST = { char: 6.5, more: 7, word: 26 }; // px a cell: one character, each one more, and enough for any word to be cut
const leasts = new WeakMap();
const KEPT = 20000; // widths and cuts remembered
const widths = new Map();
const cuts = new Map();

/**
 * @param {CanvasRenderingContext2D} ctx
 * @param {ShownToken} shown
 * @param {number} x
 * @param {number} y
 * @param {number} cell
 * @param {number} height
 * @param {string} ground
 */
export function drawToken(ctx, shown, x, y, cell, height, ground) {
  if (cell < LEAST.char * typeScale() || !shown.text) return;
  const colours = themeColours();
  const size = Math.round((cell < 9 * typeScale() ? 11 : 13) * typeScale());
  const isQuiet = shown.kind !== "plain" && ground === colours.bg;
  ctx.fillStyle = isQuiet ? colours.dim : colours.ink(ground);
  writeCentred(ctx, `${size}px ${colours.mono}`, shown.text, x + cell / 2, y + height / 2 + 0.5, cell - 3);
}

/**
 * A text around a point, in so much room.
 * @param {CanvasRenderingContext2D} ctx
 * @param {string} font
 * @param {string} text
 * @param {number} x
 * @param {number} y
 * @param {number} room
 */
export function writeCentred(ctx, font, text, x, y, room) {
  ctx.font = font;
  ctx.textAlign = "center";
  ctx.textBaseline = "middle";
  if (measure(ctx, text, font) <= room + 2) ctx.fillText(text, x, y);
  else ctx.fillText(cut(ctx, text, room / SQUEEZE, font), x, y, room);
}

/**
 * The thinnest cell in which text like this reads: below it, no token of the row is written, rather than some.
 * @param {ShownToken[]} tokens
 */
export function leastCell(tokens) {
  if (!leasts.has(tokens)) {
    const lengths = tokens.map((shown) => shown.text.length).sort((a, b) => a - b);
    const typical = lengths.length ? lengths[Math.floor(lengths.length * 0.75)] : 1;
    leasts.set(tokens, Math.min(LEAST.word, LEAST.char + LEAST.more * Math.max(0, typical - 1)));
  }
  return leasts.get(tokens) * typeScale();
}

/**
 * @param {CanvasRenderingContext2D} ctx
 * @param {string} text
 * @param {string} font
 */
function measure(ctx, text, font) {
  const key = `${font} ${text}`;
  let width = widths.get(key);
  if (width === undefined) {
    if (widths.size > KEPT) widths.clear();
    width = ctx.measureText(text).width;
    widths.set(key, width);
  }
  return width;
}

/**
 * @param {CanvasRenderingContext2D} ctx
 * @param {string} text
 * @param {number} room
 * @param {string} font
 */
function cut(ctx, text, room, font) {
  const key = `${font} ${Math.round(room)} ${text}`;
  let short = cuts.get(key);
  if (short === undefined) {
    if (cuts.size > KEPT) cuts.clear();
    short = fitText(text, room, (part) => measure(ctx, part, font));
    cuts.set(key, short);
  }
  return short;
}
