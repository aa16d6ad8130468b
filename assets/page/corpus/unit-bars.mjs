/* Bars under the strip: a row for each unit of the pattern, filled where it is on. */

import { element } from "../dom/element.mjs";
import { onFrame, redraw } from "../dom/frame.mjs";
import { ids } from "../dom/ids.mjs";
import { fitCanvas, themeColours, typePx } from "../dom/theme.mjs";
import { hideTip } from "../dom/tooltip.mjs";
import { fitText } from "../lib/tokens.mjs";
import { plural } from "../lib/words.mjs";
import * as geometry from "../store/geometry.mjs";
import { plotWidth } from "../store/geometry.mjs";
import { model } from "../store/model.mjs";
import { unitName } from "../store/naming.mjs";
import { holdFromAnySource } from "../store/open.mjs";
import { hover, setHover, state } from "../store/state.mjs";
import { drawBorders } from "./borders.mjs";

const ROW = 15; // px
const SEEN = 12; // rows before it scrolls; only those in view are drawn
let /** @type {HTMLElement} */ place;
let /** @type {HTMLElement} */ scroller;
let /** @type {HTMLElement} */ inner;
let /** @type {HTMLCanvasElement} */ canvas;

export function makeUnitBars() {
  place = document.getElementById(ids.bars);
  scroller = element("div", "lv-bars-scroll");
  inner = element("div");
  scroller.addEventListener("scroll", () => redraw("strip"));
  canvas = document.createElement("canvas");
  canvas.setAttribute("role", "img");
  canvas.addEventListener("pointermove", point);
  canvas.addEventListener("pointerleave", () => {
    setHover({ unit: null, step: null });
    hideTip();
  });
  canvas.addEventListener("click", (event) => {
    const one = at(event);
    if (one) holdFromAnySource(one);
  });
  inner.append(canvas);
  scroller.append(inner);
  onFrame("strip", draw);
}

function rows() {
  return model.chosen || [];
}

/** @param {PointerEvent} event */
function at(event) {
  return rows()[Math.floor((event.clientY - inner.getBoundingClientRect().top) / ROW)] || null;
}

/** @param {PointerEvent} event */
function point(event) {
  const one = at(event);
  if (!one) return;
  const x = event.clientX - canvas.getBoundingClientRect().left;
  const step = geometry.stepAt(x);
  const { at: first, span } = state;
  const isStep = x >= geometry.left() && step >= first && step < Math.min(model.axis.n_steps, first + span);
  setHover({ unit: one.unit, source: one.source, side: one.side, step: isStep ? step : null });
}

function draw() {
  const isShown = state.bars && model.source && rows().length > 0;
  if (!isShown) {
    if (place.firstChild) place.replaceChildren();
    return;
  }
  if (!place.firstChild) place.append(scroller);
  const units = rows();
  const tall = Math.min(SEEN, units.length) * ROW;
  scroller.style.height = `${tall}px`;
  inner.style.height = `${units.length * ROW}px`;
  canvas.style.width = `${plotWidth()}px`;
  canvas.style.height = `${tall}px`;
  canvas.setAttribute("aria-label", `Where each of ${plural(units.length, "selected unit")} is on`);
  const first = Math.floor(scroller.scrollTop / ROW);
  const ctx = fitCanvas(canvas);
  ctx.translate(0, first * ROW - scroller.scrollTop);
  paint(ctx, units.slice(first, first + SEEN + 1));
}

/**
 * @param {CanvasRenderingContext2D} ctx
 * @param {Unit[]} units
 */
function paint(ctx, units) {
  const colours = themeColours();
  const { at: from, span, source } = state;
  const to = Math.min(model.axis.n_steps, from + span);
  const { held } = state;
  const cell = geometry.cell();
  const gap = cell > 6 ? 1 : 0;
  units.forEach((one, k) => {
    const top = k * ROW;
    const isLit =
      hover.unit !== null
        ? hover.unit === one.unit && (hover.source || source) === one.source
        : held && held.unit === one.unit && held.source === one.source;
    const counts = model.countOn(from, to, [one]);
    ctx.fillStyle = colours.shade(0);
    ctx.fillRect(geometry.x(from), top + 2, geometry.x(to) - geometry.x(from) - gap, ROW - 4);
    ctx.fillStyle = isLit ? colours.hover : one.side === "low" ? colours.low : colours.accent;
    for (let step = from; step < to; step++) {
      if (counts[step - from]) ctx.fillRect(geometry.x(step), top + 2, cell - gap + (gap ? 0 : 0.5), ROW - 4);
    }
    label(ctx, one, top, isLit);
  });
  drawBorders(ctx, 0, units.length * ROW);
}

/**
 * @param {CanvasRenderingContext2D} ctx
 * @param {Unit} one
 * @param {number} top
 * @param {boolean} isLit
 */
function label(ctx, one, top, isLit) {
  const colours = themeColours();
  ctx.font = `${isLit ? 600 : 400} ${typePx(11)} ${colours.sans}`;
  ctx.textAlign = "left";
  ctx.textBaseline = "middle";
  ctx.fillStyle = isLit ? colours.hover : colours.dim;
  const text = fitText(unitName(one), geometry.left() - 8, (words) => ctx.measureText(words).width);
  ctx.fillText(text, 0, top + ROW / 2 + 0.5);
}

/* For tests: for each row its unit and the visible steps at which it is on. */
export function inspectUnitBars() {
  const { at: from, span, bars } = state;
  if (!bars) return [];
  const to = Math.min(model.axis.n_steps, from + span);
  return rows().map((one) => ({
    source: one.source,
    unit: one.unit,
    side: one.side,
    on: Array.from(model.countOn(from, to, [one])).flatMap((count, k) => (count ? [from + k] : [])),
  }));
}
