/* Where sequences start: dotted lines, and at the top of the plot the number and labels of each. */

import { redraw } from "../dom/frame.mjs";
import { notify } from "../dom/notice.mjs";
import { labelFont, themeColours } from "../dom/theme.mjs";
import { grouped, valueText } from "../lib/scale.mjs";
import { fitText, showToken } from "../lib/tokens.mjs";
import * as geometry from "../store/geometry.mjs";
import { model } from "../store/model.mjs";
import { getJson } from "../store/request.mjs";
import { state } from "../store/state.mjs";

const PAGE = 100; // sequences asked for at once
const ROOM = 34; // px below which a label cannot be read
const WHOLE = 14; // characters of a label that are seen whole, or it is the number alone
const MOST = 220; // px
const pages = new Map(); // "dump axis page" -> rows by number, or null while they are on their way

/**
 * Dotted lines between two heights. Step 0 needs none: nothing lies before it.
 * @param {CanvasRenderingContext2D} ctx
 * @param {number} top
 * @param {number} bottom
 */
export function drawBorders(ctx, top, bottom) {
  ctx.strokeStyle = themeColours().dim;
  ctx.lineWidth = 1;
  ctx.setLineDash([2, 3]);
  for (const border of seen()) {
    const x = Math.round(geometry.x(border)) - 0.5;
    ctx.beginPath();
    ctx.moveTo(x, top);
    ctx.lineTo(x, bottom);
    ctx.stroke();
  }
  ctx.setLineDash([]);
}

function seen() {
  const { at, span } = state;
  return model.bordersIn(Math.max(1, at), at + span);
}

/**
 * The label of each sequence that starts in view: [{border, x, text}], as far as there is room up to the next.
 * @param {CanvasRenderingContext2D} ctx
 */
export function borderLabels(ctx) {
  const right = geometry.left() + geometry.width();
  const borders = seen();
  /** @param {string} text */
  const width = (text) => ctx.measureText(text).width;
  return borders.flatMap((border, k) => {
    const x = geometry.x(border) + 4;
    const room = Math.min(MOST, (k + 1 < borders.length ? geometry.x(borders[k + 1]) : right) - x - 6);
    const number = model.sequenceAt(border);
    if (number === null) return [];
    const words = wordsOf(number);
    if (room >= ROOM && width(words.slice(0, WHOLE)) <= room) return [{ border, x, text: fitText(words, room, width) }];
    return width(grouped(number)) <= room ? [{ border, x, text: grouped(number) }] : []; // a short one is called by its number
  });
}

/** @param {CanvasRenderingContext2D} ctx */
export function drawBorderLabels(ctx) {
  const colours = themeColours();
  ctx.font = labelFont();
  ctx.textAlign = "left";
  ctx.textBaseline = "middle";
  for (const { x, text } of borderLabels(ctx)) {
    ctx.globalAlpha = 0.85;
    ctx.fillStyle = colours.bg;
    ctx.fillRect(x - 3, 1, ctx.measureText(text).width + 6, 15);
    ctx.globalAlpha = 1;
    ctx.fillStyle = colours.dim;
    ctx.fillText(text, x, 9);
  }
}

/**
 * "sequence 3 · Genesis": its number and the labels of the tracks that never change inside it.
 * @param {number} number
 */
function wordsOf(number) {
  const rows = page(Math.floor(number / PAGE));
  const row = rows?.find((/** @type {Sequence} */ one) => one.index === number);
  const labels = row ? Object.values(row.labels).filter((value) => value !== null) : [];
  return [
    `sequence ${grouped(number)}`,
    ...labels.map((value) => (typeof value === "number" ? valueText(value) : showToken(value).text)),
  ].join(" · ");
}

/** @param {number} k */
function page(k) {
  const { dump } = state;
  const axis = model.axis.index;
  const key = `${dump} ${axis} ${k}`;
  if (pages.has(key)) return pages.get(key);
  pages.set(key, null);
  getJson(`d/${dump}/sequences/${axis}?from=${k * PAGE}&limit=${PAGE}`).then(
    (answer) => {
      pages.set(key, answer.sequences);
      redraw("overlay");
    },
    (error) => notify("sequences", `The names of the sequences could not be loaded: ${error.message}`),
  );
  return null;
}
