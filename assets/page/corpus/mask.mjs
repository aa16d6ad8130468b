/* The mask: steps at which few of the selected units are on are faded; those at which all are on are not. */

import { themeColours } from "../dom/theme.mjs";
import * as geometry from "../store/geometry.mjs";
import { model } from "../store/model.mjs";
import { state } from "../store/state.mjs";

const MOST = 0.86; // of the ground's colour over a step where none is on

/**
 * Fade the visible steps of a canvas between two heights.
 * @param {CanvasRenderingContext2D} ctx
 * @param {number} top
 * @param {number} bottom
 */
export function drawMask(ctx, top, bottom) {
  const { mask, at, span } = state;
  const units = model.chosen || [];
  if (!mask || !units.length) return;
  const to = Math.min(model.axis.n_steps, at + span);
  const counts = model.countOn(at, to);
  ctx.fillStyle = themeColours().bg;
  const ratio = window.devicePixelRatio || 1;
  /** @param {number} step */
  const edge = (step) => Math.round(geometry.x(step) * ratio) / ratio; // whole pixels: no seams
  for (let step = at; step < to; step++) {
    ctx.globalAlpha = MOST * (1 - counts[step - at] / units.length);
    ctx.fillRect(edge(step), top, edge(step + 1) - edge(step), bottom - top);
  }
  ctx.globalAlpha = 1;
}
