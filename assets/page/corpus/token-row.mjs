/* Where the row of tokens lies on the strip, and how they are written: each in its cell, or, where cells are too narrow for
   words, slanted over a band of cells, with nothing of them cut. */

import {
  areWords,
  drawToken,
  drawWave,
  leastCell,
  squeezed,
  textWidth,
  typicalWidth,
  wordFont,
} from "../dom/cell-text.mjs";
import { typeScale } from "../dom/projector.mjs";
import { themeColours } from "../dom/theme.mjs";
import * as geometry from "../store/geometry.mjs";
import { model } from "../store/model.mjs";

const TOP = 5; // px
const FLAT = 24; // px of a row whose tokens stand in their cells
const BAND = 13; // px of the cells under slanted words
const LEAST = 10.5; // px of a cell; in narrower ones slanted words would touch
const MOST = 64; // px that slanted words may rise
const SLANT = Math.PI / 2.9; // about 62 degrees
const GAP = 4; // px between a word and its cell
const HALF = 6; // px of half a word's height, by which a slanted one is wider than its middle line

/* {top, height, isSlanted, band: {top, height}}: the band is what is shaded and taken hold of; of a flat row it is all. */
export function tokenRow() {
  if (!model.source || !isSlanted())
    return { top: TOP, height: FLAT, isSlanted: false, band: { top: TOP, height: FLAT } };
  const longest = typicalWidth(model.firstShown(), 0.98);
  const rise = Math.min(MOST * typeScale(), Math.ceil(longest * Math.sin(SLANT) + 12 * typeScale()));
  return { top: TOP, height: rise + BAND, isSlanted: true, band: { top: TOP + rise, height: BAND } };
}

function isSlanted() {
  if (!model.axis.has_tokens || !areWords(model.firstShown())) return false;
  const cell = geometry.cell();
  return cell >= LEAST * typeScale() && cell < leastCell(model.firstShown());
}

/**
 * How far right of its cell a slanted word lies at a height: 0 in the band, and where words are not slanted.
 * @param {number} y
 */
export function slantAt(y) {
  const { isSlanted: slants, top, band } = tokenRow();
  return slants && y > top - 2 && y < band.top ? (band.top - y) / Math.tan(SLANT) : 0;
}

/**
 * Write the token of a step on a ground that is painted.
 * @param {CanvasRenderingContext2D} ctx
 * @param {ShownToken} shown
 * @param {number} x
 * @param {ReturnType<typeof tokenRow>} row
 * @param {string} ground
 * @param {number} foot px of the cell's foot that are not its ground
 */
export function writeToken(ctx, shown, x, row, ground, foot) {
  const cell = geometry.cell();
  if (!row.isSlanted)
    return drawToken(ctx, shown, x, row.top, cell, row.height - foot / 2, ground, areWords(model.firstShown()));
  if (!shown.text) return;
  const colours = themeColours();
  const left = x + cell / 2 + 1;
  const right = geometry.left() + geometry.width() + geometry.RIGHT - HALF * typeScale(); // its lower edge leans over it
  const room = Math.min((row.band.top - row.top - 4) / Math.sin(SLANT), (right - left) / Math.cos(SLANT));
  ctx.save();
  ctx.translate(left, row.band.top - GAP);
  ctx.rotate(-SLANT);
  ctx.font = wordFont();
  ctx.textAlign = "left";
  ctx.textBaseline = "middle";
  ctx.fillStyle = shown.kind === "plain" ? colours.text : colours.dim;
  squeezed(ctx, shown.text, 0, 0, room);
  if (shown.isUnknown)
    drawWave(ctx, 0, HALF * typeScale(), Math.min(room, textWidth(shown.text, ctx.font)), colours.warn);
  ctx.restore();
}

/**
 * Trace the outline of the tokens from one step to another, words and cells.
 * @param {CanvasRenderingContext2D} ctx
 * @param {number} from
 * @param {number} to
 * @param {number} out px that the outline lies outside
 */
export function outlineTokens(ctx, from, to, out) {
  const { isSlanted: slants, top, height, band } = tokenRow();
  const [a, b] = [geometry.x(from) - 0.5, geometry.x(to) - 0.5];
  const lean = slants ? (band.top - top) / Math.tan(SLANT) : 0;
  ctx.beginPath();
  ctx.moveTo(a + lean, top - out);
  ctx.lineTo(b + lean, top - out);
  if (slants) ctx.lineTo(b, band.top);
  ctx.lineTo(b, top + height + out);
  ctx.lineTo(a, top + height + out);
  if (slants) ctx.lineTo(a, band.top);
  ctx.closePath();
  ctx.stroke();
}
