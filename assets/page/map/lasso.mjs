/* A region of the map: drawn around points, or all that is in view. While it lasts, its steps are listed in place of matches. */

import { redraw } from "../dom/frame.mjs";
import { isArea, simplifiedRegion, toPlane } from "../lib/map-plane.mjs";
import { listRegion } from "../store/map-data.mjs";
import { mapStage, presentView } from "./stage.mjs";

const APART = 3; // px between two corners that are kept while one draws
let isReady = false; // the next drag draws
let /** @type {number[][]} */ corners = null; // on the plane, while one draws
let /** @type {Corner} */ last = null;

/** @param {boolean} [isOn] */
export function armLasso(isOn) {
  isReady = isOn === undefined ? !isReady : isOn;
  mapStage().classList.toggle("lv-map-armed", isReady);
  redraw("map");
}

/**
 * @param {number} x
 * @param {number} y
 */
export function beginLasso(x, y) {
  corners = [toPlane(presentView(), x, y)];
  last = [x, y];
}

/**
 * @param {number} x
 * @param {number} y
 */
export function extendLasso(x, y) {
  if (Math.hypot(x - last[0], y - last[1]) < APART) return;
  last = [x, y];
  corners.push(toPlane(presentView(), x, y));
  redraw("overlay");
}

/** @param {boolean} isKept */
export function endLasso(isKept) {
  const drawn = corners;
  corners = last = null;
  const { scale } = presentView();
  if (isKept && drawn && isArea(drawn, scale)) {
    armLasso(false);
    listRegion(simplifiedRegion(drawn, scale));
  }
  redraw("map", "overlay");
}

/* What is in view, as a region. */
export function regionInView() {
  const view = presentView();
  const { clientWidth: wide, clientHeight: tall } = mapStage();
  const all = [
    [0, 0],
    [wide, 0],
    [wide, tall],
    [0, tall],
  ].map(([x, y]) => toPlane(view, x, y));
  return simplifiedRegion(all, view.scale);
}

/**
 * A small region about one point: its steps alone.
 * @param {number} px
 * @param {number} py
 */
export function listAround(px, py) {
  const half = 2 / presentView().scale;
  listRegion([
    [px - half, py - half],
    [px + half, py - half],
    [px + half, py + half],
    [px - half, py + half],
  ]);
}

export const isLassoArmed = () => isReady;
export const lassoBeingDrawn = () => corners;
