/* Where a typed text's tokens lie, and its lines over them, at the scale of the corpus's. */

import { areWords, leastCell, typicalWidth } from "../dom/cell-text.mjs";
import { redraw } from "../dom/frame.mjs";
import { lineScale } from "../dom/projector.mjs";
import { addCanvas, fitCanvas, labelFont, themeColours } from "../dom/theme.mjs";
import { axisTicks, tickText } from "../lib/axis.mjs";
import { lineOpacity, selectedLook } from "../lib/scale.mjs";
import { BOTH_SIDES } from "../lib/select.mjs";
import { clamp } from "../lib/url.mjs";
import * as geometry from "../store/geometry.mjs";
import { model } from "../store/model.mjs";
import { litUnit, shownThresholds, state } from "../store/state.mjs";
import { typedRowsOf } from "../store/typed-data.mjs";
import { hoveredToken, typedAnswer } from "./answer.mjs";
import { typedDifference } from "./diff.mjs";

const DASHED = 12; // lines on low that are dashed
const BESIDE = 8; // px beside a word
const ROOMY = 2; // times the width of a step of the corpus: as wide as a token becomes
let /** @type {HTMLElement} */ plot;
let /** @type {HTMLElement} */ strip;
let /** @type {HTMLElement} */ scroller;
let /** @type {HTMLCanvasElement} */ base;
let /** @type {HTMLCanvasElement} */ overlay;
let /** @type {string} */ look;

/** @param {TypedPlaces} places */
export function makeTypedPlot(places) {
  ({ plot, strip, scroller } = places);
  base = addCanvas(plot, "lv-layer");
  overlay = addCanvas(plot, "lv-layer");
  scroller.addEventListener("scroll", () => redraw("typed"));
  for (const place of [plot, strip]) place.addEventListener("wheel", wheel, { passive: false });
}

/**
 * Sideways, or with Shift: along the text.
 * @param {WheelEvent} event
 */
function wheel(event) {
  const by = event.shiftKey && !event.deltaX ? event.deltaY : event.deltaX;
  if (!by || scroller.hidden) return;
  scroller.scrollLeft += by;
  event.preventDefault();
}

/* A token's width: a step's of the corpus, or as much as its text needs; up to twice that, or to its longest word, where a
   short text leaves room. */
export function typedCell() {
  const answer = typedAnswer();
  if (!answer) return Math.max(geometry.cell(), 7);
  const { shown } = answer;
  const roomy = Math.max(ROOMY * geometry.cell(), areWords(shown) ? typicalWidth(shown, 1) + BESIDE : 0);
  const filling = Math.min(roomy, geometry.width() / Math.max(1, shown.length));
  return Math.max(geometry.cell(), filling, leastCell(shown), 7);
}

/** @param {number} step */
export function typedX(step) {
  return geometry.left() + step * typedCell() - (scroller.hidden ? 0 : scroller.scrollLeft);
}

/**
 * Tokens [from, to) that are in view, at least in part.
 * @param {TextAnswer} answer
 */
export function tokensInView(answer) {
  const [first, wide] = [scroller.hidden ? 0 : scroller.scrollLeft, typedCell()];
  return [
    Math.max(0, Math.floor(first / wide)),
    Math.min(answer.tokens.length, Math.ceil((first + geometry.width()) / wide)),
  ];
}

/** @param {number} px */
export function typedStepAt(px) {
  return Math.floor((px - typedX(0)) / typedCell());
}

/**
 * The bar that moves along a text wider than its room; it keeps its place while there is none.
 * @param {TextAnswer} answer
 */
function scroll(answer) {
  const wide = answer ? answer.tokens.length * typedCell() : 0;
  const isLong = wide > geometry.width() + 1;
  scroller.hidden = !isLong;
  scroller.style.marginLeft = `${geometry.left()}px`;
  scroller.style.width = `${geometry.width()}px`;
  const width = `${Math.ceil(wide)}px`;
  const inner = /** @type {HTMLElement} */ (scroller.firstChild);
  if (isLong && inner.style.width !== width) inner.style.width = width;
}

/**
 * Bring a token into view.
 * @param {number} step
 */
export function scrollToToken(step) {
  if (scroller.hidden) return;
  const [left, wide] = [step * typedCell(), typedCell()];
  if (left < scroller.scrollLeft) scroller.scrollLeft = left;
  else if (left + wide > scroller.scrollLeft + geometry.width()) scroller.scrollLeft = left + wide - geometry.width();
}

/** @returns {(value: number) => number} */
function yOf() {
  const [low, high] = geometry.range();
  const tall = plot.clientHeight - 2 * geometry.PAD;
  return (value) => geometry.PAD + (1 - clamp((value - low) / (high - low), -0.02, 1.02)) * tall;
}

/**
 * @param {CanvasRenderingContext2D} ctx
 * @param {number} height
 * @param {() => void} draw
 */
export function clipTyped(ctx, height, draw) {
  ctx.save();
  ctx.beginPath();
  ctx.rect(geometry.left() - 1, 0, geometry.width() + 2, height);
  ctx.clip();
  draw();
  ctx.restore();
}

/* Every unit, faint; redrawn only where it changed. */
export function drawTypedBase() {
  const answer = typedAnswer();
  scroll(answer);
  const { source } = model;
  const now = [
    state.dump,
    source.name,
    answer?.text,
    answer?.states.has(source.name),
    typedCell(),
    typedX(0),
    plot.clientWidth,
    plot.clientHeight,
    window.devicePixelRatio,
    themeColours().unit,
    lineScale(),
    geometry.range(),
  ].join();
  if (now === look) return;
  look = now;
  const ctx = fitCanvas(base);
  const y = yOf();
  ctx.strokeStyle = themeColours().line;
  ctx.lineWidth = 1;
  for (const tick of ticks()) across(ctx, Math.round(y(tick)) + 0.5);
  if (!answer) return;
  clipTyped(ctx, plot.clientHeight, () => {
    ctx.strokeStyle = themeColours().unit;
    ctx.lineWidth = lineScale();
    ctx.globalAlpha = lineOpacity(source.n_units);
    ctx.lineJoin = "bevel";
    lines(
      ctx,
      answer,
      Array.from({ length: source.n_units }, (_, unit) => unit),
      typedRowsOf(answer, source),
    );
  });
}

function ticks() {
  const [low, high] = geometry.range();
  return axisTicks(low, high, 2);
}

/**
 * @param {CanvasRenderingContext2D} ctx
 * @param {number} y
 */
function across(ctx, y) {
  ctx.beginPath();
  ctx.moveTo(geometry.left(), y);
  ctx.lineTo(geometry.left() + geometry.width(), y);
  ctx.stroke();
}

/**
 * Lines of units over the tokens in view; broken where there is no value, a value alone is a dot.
 * @param {CanvasRenderingContext2D} ctx
 * @param {TextAnswer} answer
 * @param {number[]} units
 * @param {Rows} row
 */
function lines(ctx, answer, units, row) {
  const [from, to] = tokensInView(answer);
  const steps = Array.from(
    { length: Math.max(0, Math.min(answer.tokens.length, to + 1) - Math.max(0, from - 1)) },
    (_, k) => Math.max(0, from - 1) + k,
  );
  const rows = steps.map(row);
  const xs = steps.map((step) => typedX(step + 0.5));
  const place = yOf();
  const y = model.source.view === "tanh" ? (/** @type {number} */ value) => place(Math.tanh(value)) : place;
  /**
   * @param {number} k
   * @param {number} unit
   */
  const has = (k, unit) => Boolean(rows[k]) && !Number.isNaN(rows[k][unit]);
  ctx.fillStyle = ctx.strokeStyle;
  for (const unit of units) {
    ctx.beginPath();
    for (let k = 0; k < rows.length; k++) {
      if (!has(k, unit)) continue;
      if (has(k - 1, unit)) ctx.lineTo(xs[k], y(rows[k][unit]));
      else ctx.moveTo(xs[k], y(rows[k][unit]));
    }
    ctx.stroke();
    for (let k = 0; k < rows.length; k++) {
      if (!has(k, unit) || has(k - 1, unit) || has(k + 1, unit)) continue;
      ctx.beginPath();
      ctx.arc(xs[k], y(rows[k][unit]), ctx.lineWidth / 2 + 1.6, 0, 2 * Math.PI);
      ctx.fill();
    }
  }
}

/* The pattern's units, before beneath after; the window, the thresholds, the line that is pointed at. */
export function drawTypedOverlay() {
  const answer = typedAnswer();
  const ctx = fitCanvas(overlay);
  const colours = themeColours();
  const height = plot.clientHeight;
  const y = yOf();
  drawAxis(ctx, y);
  if (!answer) return;
  const { source } = model;
  const row = typedRowsOf(answer, source);
  clipTyped(ctx, height, () => {
    drawBands(ctx, answer, height);
    ctx.lineJoin = "round";
    const drawn = drawnUnits();
    const look_ = selectedLook(drawn.length);
    const difference = typedDifference();
    /**
     * @param {Rows} rows
     * @param {number} wide
     * @param {number[]} dash
     * @param {number} opacity
     */
    const paint = (rows, wide, dash, opacity) => {
      ctx.lineWidth = wide * lineScale();
      ctx.globalAlpha = opacity;
      for (const side of BOTH_SIDES) {
        const units = drawn.filter((one) => one.side === side).map((one) => one.unit);
        ctx.strokeStyle = side === "low" ? colours.low : colours.accent;
        ctx.setLineDash(dash || (side === "low" && units.length <= DASHED ? [7, 3] : []));
        lines(ctx, answer, units, rows);
      }
      ctx.setLineDash([]);
      ctx.globalAlpha = 1;
    };
    if (difference) paint(difference.before, 1.25, [2, 3], Math.max(0.35, look_.opacity));
    paint(row, look_.width, null, look_.opacity);
    ctx.strokeStyle = colours.text;
    ctx.lineWidth = 1;
    ctx.setLineDash([4, 3]);
    for (const value of shownThresholds()) across(ctx, Math.round(y(value)) + 0.5);
    ctx.setLineDash([]);
    const lit = litUnit();
    if (lit !== null && lit < source.n_units) {
      ctx.strokeStyle = colours.hover;
      ctx.lineWidth = 2.5 * lineScale();
      lines(ctx, answer, [lit], row);
    }
  });
}

/**
 * Units of the plotted source that are drawn in full: the pattern's and those that are held, or, where there is none,
 * those that an edit moved most.
 * @returns {{ unit: number, side: Side }[]}
 */
function drawnUnits() {
  const name = state.source;
  const picked = (model.chosen || []).filter((one) => one.source === name);
  const ablated = state.ablated.filter(
    (one) => one.source === name && !picked.some((other) => other.unit === one.unit),
  );
  const /** @type {{ unit: number, side: Side }[]} */ chosen = [
      ...picked,
      ...ablated.map(({ unit }) => ({ unit, side: /** @type {Side} */ ("high") })),
    ];
  const difference = typedDifference();
  if (chosen.length || !difference) return chosen;
  return difference.most.map((/** @type {number} */ unit) => ({ unit, side: "high" }));
}

/**
 * @param {CanvasRenderingContext2D} ctx
 * @param {TextAnswer} answer
 * @param {number} height
 */
function drawBands(ctx, answer, height) {
  const colours = themeColours();
  const { typed } = state;
  if (typed && typed.text === answer.text) {
    ctx.fillStyle = colours.band;
    ctx.fillRect(typedX(typed.start), 0, typedX(typed.stop) - typedX(typed.start), height);
  }
  const step = hoveredToken();
  if (step !== null) {
    ctx.fillStyle = colours.dim;
    ctx.globalAlpha = 0.35;
    ctx.fillRect(Math.round(typedX(step + 0.5)), 0, 1, height);
    ctx.globalAlpha = 1;
  }
}

/**
 * @param {CanvasRenderingContext2D} ctx
 * @param {(value: number) => number} y
 */
function drawAxis(ctx, y) {
  const colours = themeColours();
  const values = ticks();
  ctx.textAlign = "right";
  ctx.textBaseline = "middle";
  ctx.font = labelFont();
  ctx.fillStyle = colours.dim;
  for (const tick of values) ctx.fillText(tickText(tick, values), geometry.left() - geometry.KNOB + 2, y(tick));
}

/**
 * The unit whose line passes nearest to a point of the plot, or null.
 * @param {number} px
 * @param {number} py
 */
export function typedUnitNear(px, py) {
  const answer = typedAnswer();
  if (!answer) return null;
  const at = (px - typedX(0)) / typedCell() - 0.5;
  const row = typedRowsOf(answer, model.source);
  const [left, right] = [row(Math.max(0, Math.floor(at))), row(Math.min(answer.tokens.length - 1, Math.floor(at) + 1))];
  if (!left || !right) return null;
  const y = yOf();
  const share = clamp(at - Math.floor(at), 0, 1);
  const chosen = new Set(model.units || []);
  let [best, least] = [/** @type {number | null} */ (null), 7]; // px
  for (let unit = 0; unit < model.source.n_units; unit++) {
    const [a, b] = [left[unit], right[unit]].map((value) => y(geometry.viewed(value)));
    const away = Math.abs(a * (1 - share) + b * share - py) + (chosen.has(unit) ? 0 : 3);
    if (away < least) [best, least] = [unit, away];
  }
  return best;
}
