/* The drawing of a pair: of each text its tokens and the lines of a source's units; between the two, attention as lines or as
   a heat map. */

import { drawToken } from "../dom/cell-text.mjs";
import { lineScale, typeScale } from "../dom/projector.mjs";
import { fitCanvas, labelFont, themeColours } from "../dom/theme.mjs";
import { sourceRange } from "../lib/axis.mjs";
import { links, mostAttended } from "../lib/pair.mjs";
import { lineOpacity, selectedLook } from "../lib/scale.mjs";
import { fitText } from "../lib/tokens.mjs";
import { model } from "../store/model.mjs";
import { axisName, otherSide, otherSource, pairFocus, unitsOn } from "../store/pair.mjs";
import { state } from "../store/state.mjs";

const LINES = 52; // px of the lines of units
export const TOKENS = 25; // px of the tokens
const BETWEEN = 90; // px of the lines between the texts
const ROW = { least: 11, most: 21, room: 340 }; // px of a row of the heat map, and of all
const MARK = 3; // px under what is attended to most

/** @type {WeakMap<PairAnswer["weights"], number[][]>} */
const drawnLinks = new WeakMap(); // weights -> the links worth drawing

/** @param {PairAnswer} pair */
function linksOf({ weights }) {
  if (!drawnLinks.has(weights)) drawnLinks.set(weights, links(weights));
  return drawnLinks.get(weights);
}

/**
 * The heights of a drawing, from its top: {lines, top, between, bottom, below, end}, each where a part begins.
 * @param {PairAnswer} pair
 * @param {PairLane[]} lanes
 */
export function pairHeights(pair, [, second]) {
  const scale = typeScale();
  const top = LINES;
  const between = top + TOKENS * scale + 1;
  if (isHeat(pair)) {
    const n = second.text.tokens.length;
    const row = Math.max(ROW.least * scale, Math.min(ROW.most * scale, Math.floor((ROW.room * scale) / n)));
    const rows = Math.min(n * row, ROW.room * scale);
    return { top, between, row, rows, bottom: between, below: between + rows, end: between + rows + 2 };
  }
  const bottom = between + (pair.weights.length ? BETWEEN : 18);
  const below = bottom + TOKENS * scale + 1;
  return { top, between, row: 0, rows: 0, bottom, below, end: below + LINES };
}

/** @param {PairAnswer} pair */
export const isHeat = (pair) => state.pair === "heat" && pair.weights.length > 0;

/**
 * @param {HTMLCanvasElement} canvas
 * @param {PairAnswer} pair
 * @param {PairLane[]} lanes
 * @param {number} width
 */
export function drawPair(canvas, pair, lanes, width) {
  const heights = pairHeights(pair, lanes);
  const ctx = fitCanvas(canvas, [width, heights.end]);
  const [first, second] = lanes;
  if (isHeat(pair)) drawHeat(ctx, pair, lanes, heights);
  else drawLinks(ctx, pair, lanes, heights);
  drawLines(ctx, first, 0);
  drawTokens(ctx, first, heights.top);
  if (isHeat(pair)) return;
  drawTokens(ctx, second, heights.bottom);
  drawLines(ctx, second, heights.below);
}

/**
 * Beside the texts: their names, and the tokens of the heat map's rows.
 * @param {HTMLCanvasElement} canvas
 * @param {PairAnswer} pair
 * @param {PairLane[]} lanes
 * @param {number} left
 */
export function drawGutter(canvas, pair, lanes, left) {
  const heights = pairHeights(pair, lanes);
  const ctx = fitCanvas(canvas, [left, heights.end]);
  const colours = themeColours();
  ctx.font = labelFont();
  ctx.textBaseline = "middle";
  ctx.textAlign = "left";
  ctx.fillStyle = colours.dim;
  const tall = TOKENS * typeScale();
  const name = (/** @type {PairLane} */ lane, /** @type {number} */ y) =>
    ctx.fillText(
      fitText(axisName(lane.text.axis), left - 8, (words) => ctx.measureText(words).width),
      0,
      y,
    );
  name(lanes[0], heights.top + tall / 2);
  if (isHeat(pair)) drawRows(ctx, lanes[1], heights, left);
  else name(lanes[1], heights.bottom + tall / 2);
}

/**
 * The source whose lines a lane has.
 * @param {PairLane} lane
 */
export const sourceOf = (lane) => (lane.isHere ? model.source : otherSource());

/**
 * Tokens [from, to) of a lane that stand out: what is brushed there, or what is attended to most.
 * @param {PairLane} lane
 */
function outstanding(lane) {
  const focus = pairFocus();
  if (!focus) return null;
  if (focus.isHere === lane.isHere) return focus;
  return otherSide()?.run || null;
}

/**
 * The units in colour: the pattern's where the text is the plotted source's and brushed, else those that are on there.
 * @param {PairLane} lane
 */
export function unitsOfLane(lane) {
  const source = sourceOf(lane);
  if (!source) return [];
  const focus = pairFocus();
  if (lane.isHere && (!focus || focus.isHere)) return (model.chosen || []).filter((one) => one.source === source.name);
  const run = outstanding(lane);
  return run ? unitsOn(lane.text, source, run.from, run.to) || [] : [];
}

/**
 * @param {CanvasRenderingContext2D} ctx
 * @param {PairLane} lane
 * @param {number} top
 */
function drawLines(ctx, lane, top) {
  const source = sourceOf(lane);
  if (!source) return;
  const colours = themeColours();
  const run = outstanding(lane);
  if (run) {
    ctx.fillStyle = colours.band;
    ctx.fillRect(lane.edges[run.from], top, lane.edges[run.to] - lane.edges[run.from], LINES);
  }
  const [low, high] = sourceRange(source);
  const isTanh = source.view === "tanh";
  const row = model.rowsOf(source);
  const steps = lane.text.tokens.map((_, k) => row(lane.text.first + k));
  const xs = steps.map((_, k) => (lane.edges[k] + lane.edges[k + 1]) / 2);
  const y = (/** @type {number} */ value) => {
    const share = ((isTanh ? Math.tanh(value) : value) - low) / (high - low);
    return top + 4 + (1 - Math.max(-0.02, Math.min(1.02, share))) * (LINES - 8);
  };
  ctx.lineJoin = "bevel";
  const stroke = (/** @type {number} */ unit) => {
    let isJoined = false;
    ctx.beginPath();
    steps.forEach((values, k) => {
      const value = values ? values[unit] : NaN;
      if (Number.isNaN(value)) isJoined = false;
      else if (isJoined) ctx.lineTo(xs[k], y(value));
      else {
        ctx.moveTo(xs[k], y(value));
        ctx.lineTo(xs[k] + 0.1, y(value)); // a value alone is a dot
        isJoined = true;
      }
    });
    ctx.stroke();
  };
  ctx.strokeStyle = colours.unit;
  ctx.lineWidth = lineScale();
  ctx.globalAlpha = lineOpacity(source.n_units);
  for (let unit = 0; unit < source.n_units; unit++) stroke(unit);
  const chosen = unitsOfLane(lane);
  const look = selectedLook(chosen.length);
  ctx.globalAlpha = look.opacity;
  ctx.lineWidth = look.width * lineScale();
  for (const { unit, side } of chosen) {
    ctx.strokeStyle = side === "low" ? colours.low : colours.accent;
    stroke(unit);
  }
  ctx.globalAlpha = 1;
}

/**
 * The grounds of a lane's tokens: how much each has to do with what is brushed in the other text.
 * @param {PairLane} lane
 * @returns {{ ground: (k: number) => string | null, isMost: boolean[] }}
 */
function grounds(lane) {
  const [focus, side] = [pairFocus(), otherSide()];
  if (!side || focus.isHere === lane.isHere) return { ground: () => null, isMost: [] };
  const most = Math.max(...side.weights, 1e-9);
  const { sequence } = themeColours();
  const ground = (/** @type {number} */ k) => (side.weights[k] > 0.02 * most ? sequence(side.weights[k] / most) : null);
  return { ground, isMost: mostAttended(side.weights) };
}

/**
 * @param {CanvasRenderingContext2D} ctx
 * @param {PairLane} lane
 * @param {number} top
 */
function drawTokens(ctx, lane, top) {
  const colours = themeColours();
  const tall = TOKENS * typeScale();
  const { ground, isMost } = grounds(lane);
  lane.text.shown.forEach((shown, k) => {
    if (!isSeen(lane, k)) return;
    const [x, cell] = [lane.edges[k], lane.edges[k + 1] - lane.edges[k]];
    const colour = ground(k) || colours.panel;
    ctx.fillStyle = colour;
    ctx.fillRect(x, top, cell - 1, tall);
    drawToken(ctx, shown, x, top, cell - 1, tall, colour, Array.from(shown.text).length > 1);
    if (!isMost[k]) return;
    ctx.fillStyle = colours.text;
    ctx.fillRect(x, top + tall - MARK, cell - 1, MARK);
  });
  outline(ctx, lane, top, tall);
}

/**
 * @param {CanvasRenderingContext2D} ctx
 * @param {PairLane} lane
 * @param {number} top
 * @param {number} tall
 */
function outline(ctx, lane, top, tall) {
  const focus = pairFocus();
  if (!focus || focus.isHere !== lane.isHere) return;
  ctx.strokeStyle = themeColours().accent;
  ctx.lineWidth = 2;
  ctx.strokeRect(lane.edges[focus.from] + 1, top + 1, lane.edges[focus.to] - lane.edges[focus.from] - 3, tall - 2);
}

/**
 * Each line from a token that attends to one that it attends to, as strong as the weight; those of a brush stand out.
 * @param {CanvasRenderingContext2D} ctx
 * @param {PairAnswer} pair
 * @param {PairLane[]} lanes
 * @param {ReturnType<typeof pairHeights>} heights
 */
function drawLinks(ctx, pair, lanes, heights) {
  const focus = pairFocus();
  const [first, second] = lanes;
  /** @param {number[]} link */
  const isOf = ([t, s]) => {
    if (!focus) return true;
    const k = focus.isHere === second.isHere ? t : s;
    return k >= focus.from && k < focus.to;
  };
  const all = linksOf(pair).filter(([t, s]) => isSeen(second, t) || isSeen(first, s));
  const most = Math.max(1, ...all.map(([, , weight]) => weight));
  const colours = themeColours();
  for (const strong of [false, true])
    for (const link of all) {
      if (isOf(link) !== strong) continue;
      ctx.strokeStyle = strong ? colours.sequence(1) : colours.unit;
      ctx.globalAlpha = (strong ? 0.95 : 0.16) * (0.12 + 0.88 * (link[2] / most));
      ctx.lineWidth = (0.6 + 2.6 * (link[2] / most)) * lineScale();
      curve(ctx, lanes, link, heights);
    }
  ctx.globalAlpha = 1;
}

/**
 * @param {CanvasRenderingContext2D} ctx
 * @param {PairLane[]} lanes
 * @param {number[]} link
 * @param {ReturnType<typeof pairHeights>} heights
 */
function curve(ctx, [first, second], [t, s], { between, bottom }) {
  const middle = (/** @type {PairLane} */ lane, /** @type {number} */ k) => (lane.edges[k] + lane.edges[k + 1]) / 2;
  const [from, to] = [middle(second, t), middle(first, s)];
  const half = (between + bottom) / 2;
  ctx.beginPath();
  ctx.moveTo(from, bottom);
  ctx.bezierCurveTo(from, half, to, half, to, between);
  ctx.stroke();
}

/**
 * @param {CanvasRenderingContext2D} ctx
 * @param {PairAnswer} pair
 * @param {PairLane[]} lanes
 * @param {ReturnType<typeof pairHeights>} heights
 */
function drawHeat(ctx, pair, [first, second], { between, rows }) {
  const { sequence, panel, accent } = themeColours();
  const most = Math.max(1, ...pair.weights.map((some) => Math.max(...some)));
  const focus = pairFocus();
  ctx.save();
  ctx.beginPath();
  ctx.rect(0, between, first.room, rows);
  ctx.clip();
  const seen = first.text.tokens.map((_, s) => s).filter((s) => isSeen(first, s));
  pair.weights.forEach((weights, t) => {
    if (!isSeen(second, t)) return;
    const y = between + second.edges[t];
    for (const s of seen) {
      ctx.fillStyle = weights[s] > 0.01 * most ? sequence(weights[s] / most) : panel;
      ctx.fillRect(first.edges[s], y, first.edges[s + 1] - first.edges[s] - 1, second.row - 1);
    }
  });
  if (focus) outlineInMap(ctx, first, second, between, accent, focus);
  ctx.restore();
}

/**
 * Is any of a token in view?
 * @param {PairLane} lane
 * @param {number} k
 */
const isSeen = (lane, k) => lane.edges[k + 1] > 0 && lane.edges[k] < lane.room;

/**
 * @param {CanvasRenderingContext2D} ctx
 * @param {PairLane} first
 * @param {PairLane} second
 * @param {number} between
 * @param {string} accent
 * @param {{ isHere: boolean, from: number, to: number }} focus
 */
function outlineInMap(ctx, first, second, between, accent, focus) {
  ctx.strokeStyle = accent;
  ctx.lineWidth = 2;
  const { edges } = focus.isHere === second.isHere ? second : first;
  const [start, length] = [edges[focus.from], edges[focus.to] - edges[focus.from]];
  if (edges === second.edges)
    ctx.strokeRect(1, between + start + 1, Math.min(first.room, first.edges.at(-1)) - 3, length - 3);
  else ctx.strokeRect(start + 1, between + 1, length - 3, Math.min(second.room, second.edges.at(-1)) - 3);
}

/**
 * The tokens of the heat map's rows.
 * @param {CanvasRenderingContext2D} ctx
 * @param {PairLane} lane
 * @param {ReturnType<typeof pairHeights>} heights
 * @param {number} left
 */
function drawRows(ctx, lane, { between, row, rows }, left) {
  const colours = themeColours();
  const { ground } = grounds(lane);
  const focus = pairFocus();
  const every = Math.max(1, Math.ceil((12 * typeScale()) / row));
  ctx.font = labelFont();
  ctx.textAlign = "right";
  ctx.textBaseline = "middle";
  ctx.save();
  ctx.beginPath();
  ctx.rect(0, between, left, rows);
  ctx.clip();
  lane.text.shown.forEach(({ text }, k) => {
    if (!isSeen(lane, k)) return;
    const y = between + lane.edges[k];
    const colour = ground(k);
    if (colour) {
      ctx.fillStyle = colour;
      ctx.fillRect(0, y, left - 3, row - 1);
    }
    if (k % every) return;
    const isOn = focus && focus.isHere === lane.isHere && k >= focus.from && k < focus.to;
    ctx.fillStyle = colour ? colours.ink(colour) : isOn ? colours.accent : colours.text;
    ctx.fillText(
      fitText(text, left - 10, (words) => ctx.measureText(words).width),
      left - 7,
      y + row / 2,
    );
  });
  ctx.restore();
}

/**
 * What is pointed at: its lines, or its row and column.
 * @param {HTMLCanvasElement} canvas
 * @param {PairAnswer} pair
 * @param {PairLane[]} lanes
 * @param {number} width
 * @param {{ isHere: boolean, k: number }[]} points
 */
export function drawPointed(canvas, pair, lanes, width, points) {
  const heights = pairHeights(pair, lanes);
  const ctx = fitCanvas(canvas, [width, heights.end]);
  ctx.strokeStyle = themeColours().hover;
  const all = points.length && !isHeat(pair) ? linksOf(pair) : [];
  const most = Math.max(1, ...all.map(([, , weight]) => weight));
  for (const { isHere, k } of points) {
    const lane = lanes.find((one) => one.isHere === isHere);
    ctx.lineWidth = 1.5;
    pointedBox(ctx, pair, lane, heights, k, lanes[0].room);
    for (const link of all) {
      if (link[lane.isTop ? 1 : 0] !== k) continue;
      ctx.globalAlpha = 0.25 + 0.75 * (link[2] / most);
      ctx.lineWidth = (0.8 + 2.6 * (link[2] / most)) * lineScale();
      curve(ctx, lanes, link, heights);
    }
    ctx.globalAlpha = 1;
  }
}

/**
 * @param {CanvasRenderingContext2D} ctx
 * @param {PairAnswer} pair
 * @param {PairLane} lane
 * @param {ReturnType<typeof pairHeights>} heights
 * @param {number} k
 * @param {number} wide
 */
function pointedBox(ctx, pair, lane, { top, between, row, bottom, end }, k, wide) {
  const isMap = isHeat(pair);
  if (isMap && !lane.isTop) return ctx.strokeRect(0.5, between + lane.edges[k], wide - 2, row - 1);
  const tall = isMap ? end - top - 3 : TOKENS * typeScale() - 1;
  const left = lane.edges[k];
  return ctx.strokeRect(left + 0.5, (lane.isTop ? top : bottom) + 0.5, lane.edges[k + 1] - left - 2, tall);
}
