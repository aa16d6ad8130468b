/* The map on its two canvases: points below; above them the region, the window's path, and what is pointed at. */

import { lineScale } from "../dom/projector.mjs";
import { themeColours, typePx } from "../dom/theme.mjs";
import { clusterPlaces, colourGroups } from "../lib/map-clusters.mjs";
import { toScreen } from "../lib/map-plane.mjs";
import { valueText } from "../lib/scale.mjs";
import { fitText, showToken } from "../lib/tokens.mjs";
import { clamp } from "../lib/url.mjs";
import { slotColour } from "./palette.mjs";

const FADED = 0.12; // of points outside a region
const LABEL = 11; // px
const LABELS = 80; // tokens beside their points at once
const TRIED = 4000; // and how many of the most frequent are tried

/**
 * Px across of a point: fewer are larger, and so are those that are zoomed at.
 * @param {number} n
 * @param {number} zoom
 */
function size(n, zoom) {
  const usual = n > 10000 ? 2.8 : n > 2000 ? 3.2 : n > 300 ? 4.5 : 7;
  return Math.min(9, usual * Math.max(1, Math.sqrt(zoom)) ** 0.6);
}

/**
 * @param {CanvasRenderingContext2D} ctx
 * @param {MapData} data
 * @param {View} view
 * @param {number} base
 * @param {Uint8Array} inside
 */
export function drawPoints(ctx, data, view, base, inside) {
  const { points: all, colour } = data;
  const across = size(all.length / 2, view.scale / base);
  const [width, height] = [ctx.canvas.clientWidth, ctx.canvas.clientHeight];
  const coloured = colour?.found;
  const plain = themeColours().unit;
  ctx.globalAlpha = 0.75;
  let present = null;
  for (const round of inside ? [0, 1] : [1]) {
    ctx.globalAlpha = round ? 0.8 : FADED;
    for (let k = 0; k < all.length / 2; k++) {
      if (inside && inside[k] !== round) continue;
      const x = view.x + all[2 * k] * view.scale;
      const y = view.y - all[2 * k + 1] * view.scale;
      if (x < -across || y < -across || x > width + across || y > height + across) continue;
      const own = coloured ? slotColour(coloured, coloured.slot[k]) : plain;
      if (own !== present) ctx.fillStyle = present = own;
      ctx.fillRect(x - across / 2, y - across / 2, across, across);
    }
  }
  ctx.globalAlpha = 1;
}

/**
 * The tokens of a map of embeddings beside their points, as many as do not lie over each other.
 * @param {CanvasRenderingContext2D} ctx
 * @param {MapData} data
 * @param {View} view
 * @param {(k: number) => string} text
 */
export function drawTokenLabels(ctx, data, view, text) {
  const colours = themeColours();
  const /** @type {any[]} */ taken = [];
  ctx.font = `600 ${typePx(LABEL + 1)} ${colours.mono}`;
  ctx.textAlign = "left";
  ctx.textBaseline = "middle";
  const [width, height] = [ctx.canvas.clientWidth, ctx.canvas.clientHeight];
  for (const k of order(data).slice(0, TRIED)) {
    const [x, y] = toScreen(view, data.points[2 * k], data.points[2 * k + 1]);
    if (x < 0 || y < 0 || x > width || y > height) continue;
    const words = fitText(text(k), 120, (one) => ctx.measureText(one).width);
    const box = [x + 6, y - 7, x + 8 + ctx.measureText(words).width, y + 7];
    if (taken.some((other) => isOver(box, other))) continue;
    taken.push(box);
    halo(ctx, words, x + 7, y, colours.text);
    if (taken.length >= LABELS) return;
  }
}

const clusters = new WeakMap(); // colouring -> names and where they stand

/**
 * The names of a map's colours where their points are densest: {words, x, y}, in the map's own coordinates.
 * @param {MapData} data
 */
export function clusterNames({ points, colour }) {
  if (!colour?.found || colour.found.slot.length !== points.length / 2) return [];
  if (!clusters.has(colour.found)) {
    const groups = colourGroups(colour.found, colour.values, valueText);
    const places = groups ? clusterPlaces(points, groups.group, groups.names.length) : [];
    clusters.set(
      colour.found,
      places.map(({ group, x, y }) => ({ words: showToken(groups.names[group]).text, x, y })),
    );
  }
  return clusters.get(colour.found);
}

/**
 * Write them, those of most points first, where they lie over no other and over none of the boxes that are taken.
 * @param {CanvasRenderingContext2D} ctx
 * @param {MapData} data
 * @param {View} view
 * @param {number[][]} others
 */
export function drawClusterNames(ctx, data, view, others) {
  const colours = themeColours();
  const taken = [...others];
  ctx.font = `600 ${typePx(LABEL + 1)} ${colours.sans}`;
  ctx.textAlign = "center";
  ctx.textBaseline = "middle";
  const [width, height] = [ctx.canvas.clientWidth, ctx.canvas.clientHeight];
  for (const one of clusterNames(data)) {
    const [x, y] = toScreen(view, one.x, one.y);
    const words = fitText(one.words, 140, (part) => ctx.measureText(part).width);
    const half = ctx.measureText(words).width / 2 + 3;
    const box = [x - half, y - 9, x + half, y + 9];
    if (box[0] < 0 || box[1] < 0 || box[2] > width || box[3] > height || taken.some((other) => isOver(box, other)))
      continue;
    taken.push(box);
    halo(ctx, words, x, y, colours.text);
  }
}

/**
 * @param {number[]} one
 * @param {number[]} other
 */
const isOver = (one, other) => one[0] < other[2] && other[0] < one[2] && one[1] < other[3] && other[1] < one[3];

const orders = new WeakMap();

/**
 * Points by their value, the greatest first: what is frequent is named first.
 * @param {MapData} data
 */
function order(data) {
  const values = data.colour?.values;
  const key = values || data.points;
  if (!orders.has(key)) {
    const all = Array.from({ length: data.points.length / 2 }, (_, k) => k);
    orders.set(key, values ? all.sort((a, b) => values[b] - values[a]) : all);
  }
  return orders.get(key);
}

/**
 * @param {CanvasRenderingContext2D} ctx
 * @param {string} words
 * @param {number} x
 * @param {number} y
 * @param {string} colour
 */
export function halo(ctx, words, x, y, colour) {
  ctx.lineWidth = 3;
  ctx.strokeStyle = themeColours().bg;
  ctx.lineJoin = "round";
  ctx.strokeText(words, x, y);
  ctx.fillStyle = colour;
  ctx.fillText(words, x, y);
}

/**
 * The window as a line through its steps, broken at borders; the brushed part is strong, its ends are marked. Returns the boxes of
 * their names.
 * @param {CanvasRenderingContext2D} ctx
 * @param {MapPath} path
 * @param {View} view
 * @param {Span} brush
 */
export function drawPath(ctx, { start, points: steps, borders }, view, brush) {
  const colours = themeColours();
  const cuts = new Set(borders);
  /** @param {number} step */
  const at = (step) =>
    steps[step - start] && steps[step - start][0] !== null
      ? toScreen(view, steps[step - start][0], steps[step - start][1])
      : null;
  const stop = start + steps.length;
  ctx.globalAlpha = 0.7;
  stroke(ctx, at, start, stop, cuts, colours.bg, 3);
  stroke(ctx, at, start, stop, cuts, colours.text, 1);
  ctx.globalAlpha = 1;
  const [first, end] =
    brush && brush[0] < stop && brush[1] > start
      ? [Math.max(start, brush[0]), Math.min(stop, brush[1])]
      : [start, stop];
  if (first !== start || end !== stop) {
    stroke(ctx, at, first, end, cuts, colours.bg, 6);
    stroke(ctx, at, first, end, cuts, colours.accent, 3);
  }
  const [begin, last] = [at(first), at(end - 1)];
  if (begin) mark(ctx, begin, false);
  if (last) mark(ctx, last, true);
  return [
    ...(begin ? [name(ctx, begin, last || begin, "begin", -1)] : []),
    ...(last ? [name(ctx, last, begin || last, "end", 1)] : []),
  ];
}

/**
 * @param {CanvasRenderingContext2D} ctx
 * @param {any} at
 * @param {number} from
 * @param {number} to
 * @param {Set<number>} cuts
 * @param {string} colour
 * @param {number} width
 */
function stroke(ctx, at, from, to, cuts, colour, width) {
  ctx.beginPath();
  let isJoined = false;
  for (let step = from; step < to; step++) {
    const point = at(step);
    if (point && isJoined && !cuts.has(step)) ctx.lineTo(point[0], point[1]);
    else if (point) ctx.moveTo(point[0], point[1]);
    isJoined = Boolean(point);
  }
  ctx.strokeStyle = colour;
  ctx.lineWidth = width * lineScale();
  ctx.lineJoin = "round";
  ctx.stroke();
}

/**
 * @param {CanvasRenderingContext2D} ctx
 * @param {number[]} place
 * @param {boolean} isFilled
 * @param {string} [own]
 */
export function mark(ctx, [x, y], isFilled, own) {
  const colours = themeColours();
  const colour = own || colours.accent;
  ctx.beginPath();
  ctx.arc(x, y, 5, 0, 7);
  ctx.fillStyle = isFilled ? colour : colours.bg;
  ctx.strokeStyle = isFilled ? colours.bg : colour;
  ctx.lineWidth = 2.5;
  ctx.fill();
  ctx.stroke();
}

/**
 * The name of an end, on the side that is away from the other one; `sign`: below (1) or above where they are one.
 * @param {CanvasRenderingContext2D} ctx
 * @param {number[]} place
 * @param {number[]} other
 * @param {string} words
 * @param {number} sign
 */
function name(ctx, [x, y], [ox, oy], words, sign) {
  const colours = themeColours();
  ctx.font = `600 ${typePx(LABEL)} ${colours.sans}`;
  ctx.textAlign = "center";
  ctx.textBaseline = "middle";
  const half = ctx.measureText(words).width / 2;
  const far = Math.hypot(x - ox, y - oy);
  const [dx, dy] = far > 1 ? [(x - ox) / far, (y - oy) / far] : [0, sign];
  const { clientWidth: wide, clientHeight: tall } = ctx.canvas;
  const [left, top] = [clamp(x + dx * (half + 10), half + 3, wide - half - 3), clamp(y + dy * 16, 9, tall - 9)];
  halo(ctx, words, left, top, colours.text);
  return [left - half - 2, top - 9, left + half + 2, top + 9];
}

/**
 * A region, closed or still being drawn.
 * @param {CanvasRenderingContext2D} ctx
 * @param {Corner[]} corners
 * @param {View} view
 */
export function drawRegion(ctx, corners, view) {
  if (corners.length < 2) return;
  const colours = themeColours();
  ctx.beginPath();
  for (const [px, py] of corners) ctx.lineTo(...toScreen(view, px, py));
  ctx.closePath();
  ctx.fillStyle = colours.band;
  ctx.fill();
  ctx.setLineDash([5, 3]);
  ctx.strokeStyle = colours.text;
  ctx.lineWidth = 1.5;
  ctx.stroke();
  ctx.setLineDash([]);
}

/**
 * @param {CanvasRenderingContext2D} ctx
 * @param {number[]} place
 */
export function drawRing(ctx, [x, y]) {
  ctx.beginPath();
  ctx.arc(x, y, 7, 0, 7);
  ctx.strokeStyle = themeColours().hover;
  ctx.lineWidth = 2.5;
  ctx.stroke();
}
