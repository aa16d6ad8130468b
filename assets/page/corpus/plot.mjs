/* The unit lines: a base canvas drawn once per view, and an overlay for all that a brush, a threshold or a hover changes. */

import { onFrame } from "../dom/frame.mjs";
import { lineScale } from "../dom/projector.mjs";
import { addCanvas, fitCanvas, labelFont, themeColours, typePx } from "../dom/theme.mjs";
import { tickText } from "../lib/axis.mjs";
import { selectedLook, thresholdText } from "../lib/scale.mjs";
import { BOTH_SIDES } from "../lib/select.mjs";
import * as geometry from "../store/geometry.mjs";
import { plotPlace } from "../store/geometry.mjs";
import { model } from "../store/model.mjs";
import { preview } from "../store/preview.mjs";
import { hover, litUnit, shownThresholds, state } from "../store/state.mjs";
import { drawBorderLabels, drawBorders } from "./borders.mjs";
import { plotLines } from "./lines.mjs";
import { drawMask } from "./mask.mjs";

const DASHED = 12; // lines on low that are dashed
let /** @type {HTMLElement} */ mount;
let /** @type {HTMLCanvasElement} */ baseCanvas;
let /** @type {HTMLCanvasElement} */ overlayCanvas;

export function makePlot() {
  mount = plotPlace();
  baseCanvas = addCanvas(mount, "lv-layer");
  overlayCanvas = addCanvas(mount, "lv-layer");
  mount.setAttribute("role", "application");
  mount.setAttribute("tabindex", "0");
  mount.setAttribute(
    "aria-label",
    "Activations of every unit over the visible steps. Left and right arrows move, with Shift by a page, Home and End go to the ends, plus and minus zoom, up and down change the threshold.",
  );
  onFrame("base", drawBase);
  onFrame("overlay", drawOverlay);
}

function drawBase() {
  model.refresh();
  const ctx = fitCanvas(baseCanvas);
  if (!model.source || !mount.clientHeight) return;
  drawGrid(ctx);
  ctx.save();
  ctx.beginPath();
  ctx.rect(geometry.left(), 0, geometry.width(), mount.clientHeight);
  ctx.clip();
  plotLines.drawAll(ctx, mount.clientHeight);
  ctx.restore();
}

/** @param {CanvasRenderingContext2D} ctx */
function drawGrid(ctx) {
  ctx.strokeStyle = themeColours().line;
  ctx.lineWidth = 1;
  for (const tick of geometry.ticks())
    line(ctx, geometry.left(), Math.round(geometry.y(tick)) + 0.5, geometry.left() + geometry.width(), 0);
  drawBorders(ctx, 0, mount.clientHeight);
}

/**
 * @param {CanvasRenderingContext2D} ctx
 * @param {number} x0
 * @param {number} y0
 * @param {number} x1
 * @param {number} y1
 */
function line(ctx, x0, y0, x1, y1) {
  ctx.beginPath();
  ctx.moveTo(x0, y0);
  ctx.lineTo(x1, y1 || y0);
  ctx.stroke();
}

function drawOverlay() {
  model.refresh();
  const ctx = fitCanvas(overlayCanvas);
  if (!model.source || !mount.clientHeight) return;
  const colours = themeColours();
  ctx.save();
  ctx.beginPath();
  ctx.rect(geometry.left(), 0, geometry.width(), mount.clientHeight);
  ctx.clip();
  drawBands(ctx);
  ctx.lineJoin = "round";
  if (model.units?.length) {
    const look = selectedLook(model.units.length);
    ctx.lineWidth = look.width * lineScale();
    ctx.globalAlpha = look.opacity;
    for (const side of BOTH_SIDES) drawSide(ctx, side);
    ctx.globalAlpha = 1;
  }
  if (preview.units) drawPreview(ctx);
  drawMask(ctx, 0, mount.clientHeight);
  for (const value of shownThresholds()) drawThreshold(ctx, value);
  const unit = litUnit();
  if (unit !== null && unit < model.source.n_units) {
    ctx.strokeStyle = colours.hover;
    ctx.lineWidth = 2.5 * lineScale();
    plotLines.draw(ctx, [unit]);
  }
  ctx.restore();
  drawAxis(ctx);
  drawBorderLabels(ctx);
  drawLoading(ctx);
}

/** @param {CanvasRenderingContext2D} ctx */
function drawBands(ctx) {
  const { start, stop } = state;
  const { step } = hover;
  if (start !== null) {
    ctx.fillStyle = themeColours().band;
    ctx.fillRect(geometry.x(start), 0, geometry.x(stop) - geometry.x(start), mount.clientHeight);
  }
  if (step !== null) {
    ctx.fillStyle = themeColours().dim;
    ctx.globalAlpha = 0.35;
    ctx.fillRect(Math.round(geometry.x(step + 0.5)), 0, 1, mount.clientHeight);
    ctx.globalAlpha = 1;
  }
}

/**
 * The selected lines of one side; those on low are dashed too where they are few enough to follow.
 * @param {CanvasRenderingContext2D} ctx
 * @param {Side} side
 */
function drawSide(ctx, side) {
  const units = model.onSide(side, state.source).map((one) => one.unit);
  ctx.strokeStyle = side === "low" ? themeColours().low : themeColours().accent;
  if (side === "low" && units.length <= DASHED) ctx.setLineDash([7, 3]);
  plotLines.draw(ctx, units);
  ctx.setLineDash([]);
}

/**
 * What a button that is pointed at would select.
 * @param {CanvasRenderingContext2D} ctx
 */
function drawPreview(ctx) {
  const units = preview.units.filter((one) => one.source === state.source);
  const look = selectedLook(units.length);
  ctx.lineWidth = look.width * lineScale();
  ctx.globalAlpha = look.opacity;
  for (const side of BOTH_SIDES) {
    ctx.strokeStyle = side === "low" ? themeColours().low : themeColours().accent;
    ctx.setLineDash([2, 3]);
    plotLines.draw(
      ctx,
      units.filter((one) => one.side === side).map((one) => one.unit),
    );
  }
  ctx.setLineDash([]);
  ctx.globalAlpha = 1;
  if (preview.threshold !== state.threshold)
    for (const side of new Set(units.map((one) => one.side)))
      drawThreshold(ctx, side === "low" ? -preview.threshold : preview.threshold);
}

/**
 * @param {CanvasRenderingContext2D} ctx
 * @param {any} value
 */
function drawThreshold(ctx, value) {
  const y = Math.round(geometry.y(value)) + 0.5;
  ctx.strokeStyle = themeColours()[state.side !== "high" && value === -state.threshold ? "low" : "text"];
  ctx.lineWidth = 1;
  ctx.setLineDash([4, 3]);
  line(ctx, geometry.left(), y, geometry.left() + geometry.width(), y);
  ctx.setLineDash([]);
}

/** @param {CanvasRenderingContext2D} ctx */
function drawAxis(ctx) {
  const colours = themeColours();
  const lines = shownThresholds().map((value) => ({ value, at: geometry.y(value) }));
  const ticks = geometry.ticks();
  const right = geometry.left() - geometry.KNOB + 2;
  ctx.textAlign = "right";
  ctx.textBaseline = "middle";
  ctx.font = labelFont();
  ctx.fillStyle = colours.dim;
  for (const tick of ticks) {
    const y = geometry.y(tick);
    if (lines.every(({ at }) => Math.abs(y - at) > 13)) ctx.fillText(tickText(tick, ticks), right, y);
  }
  ctx.font = `600 ${typePx(12)} ${colours.sans}`;
  for (const { value, at } of lines) {
    ctx.fillStyle = state.side !== "high" && value === -state.threshold ? colours.low : colours.text;
    ctx.fillText(thresholdText(value, geometry.step()), right, at, right); // squeezed if long
    ctx.beginPath();
    ctx.arc(geometry.left() - 3, at, 5, 0, 2 * Math.PI);
    ctx.fill();
  }
}

/** @param {CanvasRenderingContext2D} ctx */
function drawLoading(ctx) {
  if (model.since === null || performance.now() - model.since < 300) return;
  ctx.font = `${typePx(12)} ${themeColours().sans}`;
  ctx.textAlign = "center";
  ctx.fillStyle = themeColours().dim;
  ctx.fillText("loading states …", geometry.left() + geometry.width() / 2, mount.clientHeight / 2);
}

/**
 * The unit whose line passes nearest to a point, or null: a selected one is easier to catch than another.
 * @param {number} px
 * @param {number} py
 */
export function unitNear(px, py) {
  const at = state.at + (px - geometry.left()) / geometry.cell() - 0.5;
  const [left, right] = [
    model.row(Math.max(0, Math.floor(at))),
    model.row(Math.min(model.axis.n_steps - 1, Math.floor(at) + 1)),
  ];
  if (!left || !right) return null;
  const isParted = model.bordersIn(Math.floor(at) + 1, Math.floor(at) + 2).length > 0;
  const share = isParted ? Math.round(at - Math.floor(at)) : at - Math.floor(at);
  const y = plotLines.yOf();
  const chosen = new Set(model.units || []);
  let best = null;
  let least = 7; // px
  for (let unit = 0; unit < model.source.n_units; unit++) {
    const [a, b] = [left[unit], right[unit]].map((value, k, both) => y(!Number.isNaN(value) ? value : both[1 - k])); // a lone value is near by itself
    const away = Math.abs(a * (1 - share) + b * share - py) + (chosen.has(unit) ? 0 : 3);
    if (away < least) [best, least] = [unit, away];
  }
  return best;
}
