/* One token in one cell of a canvas: centred, squeezed a little if it is long, then cut. Never wider than its cell.
   Characters stand in the monospaced face, words in the narrower one of the labels. */

import { NARROWEST } from "../lib/columns.mjs";
import { fitText } from "../lib/tokens.mjs";
import { typeScale } from "./projector.mjs";
import { themeColours, typePx } from "./theme.mjs";

const SLACK = 2; // px that a text may be wider than its room
const LEAST = 6.5; // px of a cell for one character
const WIDE = 60; // px of a cell in which a long word can be read though it is cut
const FULL = 0.85; // share of a row's words that stand whole in cells that are wide enough for them
const typical = new WeakMap(); // tokens -> their widths as words, sorted, and the mean
let /** @type {CanvasRenderingContext2D} */ pen = null;
const NARROW = 18; // px of a cell in which no cut word can be read
const kinds = new WeakMap(); // tokens -> are they words?
const WAVE = { height: 2, length: 4 }; // px of the line under a token that the model does not know
const KEPT = 20000; // widths in a font, and cuts, remembered
const /** @type {Map<string, Map<string, number>>} */ widths = new Map(); // font -> text -> px
const cuts = new Map();

/**
 * @param {CanvasRenderingContext2D} ctx
 * @param {ShownToken} shown
 * @param {number} x
 * @param {number} y
 * @param {number} cell
 * @param {number} height
 * @param {string} ground
 * @param {boolean} [asWord]
 * @param {number} [slack] px that a word may be too wide without being squeezed
 */
export function drawToken(ctx, shown, x, y, cell, height, ground, asWord = false, slack = SLACK) {
  if (cell < LEAST * typeScale() || !shown.text) return;
  const colours = themeColours();
  const size = Math.round((cell < 9 * typeScale() ? 11 : 13) * typeScale());
  const isQuiet = shown.kind !== "plain" && ground === colours.bg;
  ctx.fillStyle = isQuiet ? colours.dim : colours.ink(ground);
  const font = asWord ? wordFont() : `${size}px ${colours.mono}`;
  if (cell < NARROW * typeScale() && measure(ctx, shown.text, font) > cell + 1) return; // a letter beside long words stays
  writeCentred(ctx, font, shown.text, x + cell / 2, y + height / 2 + 0.5, cell - 3, slack);
  const mark = ground === colours.bg ? colours.warn : colours.ink(ground); // seen on any ground
  if (shown.isUnknown) drawWave(ctx, x + 1, y + height - WAVE.height - 1, cell - 3, mark);
}

/**
 * Under a token that the model does not know, as a speller marks a word.
 * @param {CanvasRenderingContext2D} ctx
 * @param {number} left
 * @param {number} top
 * @param {number} wide
 * @param {string} colour
 */
export function drawWave(ctx, left, top, wide, colour) {
  ctx.strokeStyle = colour;
  ctx.lineWidth = 1.5;
  ctx.beginPath();
  ctx.moveTo(left, top + WAVE.height);
  for (let k = 1; k * WAVE.length <= wide; k++) ctx.lineTo(left + k * WAVE.length, top + (k % 2 ? 0 : WAVE.height));
  ctx.stroke();
}

/**
 * A text around a point, in so much room.
 * @param {CanvasRenderingContext2D} ctx
 * @param {string} font
 * @param {string} text
 * @param {number} x
 * @param {number} y
 * @param {number} room
 * @param {number} [slack] px that the text may be too wide without being squeezed
 */
export function writeCentred(ctx, font, text, x, y, room, slack = SLACK) {
  ctx.font = font;
  ctx.textAlign = "center";
  ctx.textBaseline = "middle";
  if (measure(ctx, text, font) <= room + slack) ctx.fillText(text, x, y);
  else squeezed(ctx, text, x, y, room);
}

/**
 * A text at a point, in so much room: whole, or squeezed a little, or cut.
 * @param {CanvasRenderingContext2D} ctx
 * @param {string} text
 * @param {number} x
 * @param {number} y
 * @param {number} room
 */
export function squeezed(ctx, text, x, y, room) {
  ctx.fillText(fitted(ctx, text, room / NARROWEST), x, y, room);
}

/* The face and size of words on a canvas. */
export function wordFont() {
  return `${Math.round(12.5 * typeScale())}px ${themeColours().sans}`;
}

/* Is a token longer than one character? */
export const isWord = (/** @type {string} */ text) => Array.from(text).length > 1;

/**
 * The face and size of a token that stands alone: of a word, or of a character.
 * @param {string} text
 */
export const tokenFont = (text) => (isWord(text) ? wordFont() : `${typePx(13)} ${themeColours().mono}`);

/**
 * Are the tokens of a text words, most of them longer than a character?
 * @param {ShownToken[]} tokens
 */
export function areWords(tokens) {
  if (!kinds.has(tokens)) kinds.set(tokens, tokens.filter((shown) => shown.text.length > 1).length > tokens.length / 4);
  return kinds.get(tokens);
}

/**
 * The thinnest cell in which a text like this stands in its cells.
 * @param {ShownToken[]} tokens
 */
export function leastCell(tokens) {
  if (!areWords(tokens)) return LEAST * typeScale();
  return Math.min(WIDE * typeScale(), Math.ceil(typicalWidth(tokens, FULL) * NARROWEST) + 3);
}

/**
 * The width that a share of the tokens do not exceed, written as words.
 * @param {ShownToken[]} tokens
 * @param {number} share
 */
export function typicalWidth(tokens, share) {
  const { sorted } = wordWidths(tokens);
  return sorted.length ? sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] : 0;
}

/**
 * The mean width of tokens, written as words.
 * @param {ShownToken[]} tokens
 */
export const meanWidth = (tokens) => wordWidths(tokens).mean;

/**
 * The widths of tokens, written as words in the present font, and their mean; 0 where there are none.
 * @param {ShownToken[]} tokens
 */
function wordWidths(tokens) {
  const font = wordFont();
  if (typical.get(tokens)?.font !== font) {
    const sorted = tokens.map((shown) => textWidth(shown.text, font)).sort((a, b) => a - b);
    const mean = sorted.reduce((sum, width) => sum + width, 0) / (sorted.length || 1);
    typical.set(tokens, { font, sorted, mean });
  }
  return typical.get(tokens);
}

/**
 * Px of a text in a font.
 * @param {string} text
 * @param {string} font
 */
export function textWidth(text, font) {
  pen ||= document.createElement("canvas").getContext("2d");
  if (pen.font !== font) pen.font = font;
  return measure(pen, text, font);
}

/**
 * A word, cut to so much room.
 * @param {CanvasRenderingContext2D} ctx
 * @param {string} text
 * @param {number} room
 */
export function fitted(ctx, text, room) {
  return measure(ctx, text, ctx.font) <= room ? text : cut(ctx, text, room, ctx.font);
}

/**
 * @param {CanvasRenderingContext2D} ctx
 * @param {string} text
 * @param {string} font
 */
function measure(ctx, text, font) {
  if (!widths.has(font)) widths.set(font, new Map());
  const inFont = widths.get(font);
  let width = inFont.get(text);
  if (width === undefined) {
    if (inFont.size > KEPT) inFont.clear();
    width = ctx.measureText(text).width;
    inFont.set(text, width);
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
