/* Where the map is drawn, and which part of it is in view. */

import { element } from "../dom/element.mjs";
import { redraw } from "../dom/frame.mjs";
import { insideRegion, wholeView } from "../lib/map-plane.mjs";
import { presentMap } from "../store/map-data.mjs";
import { state } from "../store/state.mjs";

let /** @type {HTMLElement} */ stage = null;
let /** @type {View} */ view = null; // as in map-plane.mjs; null: all in view
/** @type {{ key: string | null, mask: Uint8Array | null, count: number | null }} */
let inside = { key: null, mask: null, count: null };
let /** @type {string} */ viewKey = null; // the map that the view is of

export function makeStage() {
  stage = element("div", "lv-map-stage", "", { tabindex: "0", role: "application", "aria-roledescription": "map" });
  return stage;
}

export const mapStage = () => stage;

/* The view of the present map: the one that was zoomed to, or all of it. */
export function presentView() {
  const data = presentMap();
  if (viewKey !== data.key) [view, viewKey] = [null, data.key];
  return view || wholeMapView();
}

export function wholeMapView() {
  const { map } = presentMap();
  return wholeView(map, stage.clientWidth, stage.clientHeight);
}

/** @param {View} next */
export function lookAt(next) {
  view = next;
  redraw("map", "overlay");
}

export const resetView = () => lookAt(null);

/**
 * Which points the region holds; null where there is none on this map.
 * @param {MapData} data
 */
export function pointsInRegion(data) {
  const corners = state.lasso;
  const key = corners && data.points ? `${data.key} ${JSON.stringify(corners)}` : null;
  if (inside.key !== key) {
    const mask = key ? insideRegion(data.points, corners) : null;
    inside = { key, mask, count: mask ? mask.reduce((sum, one) => sum + one, 0) : null };
  }
  return inside.mask;
}

/* Names what is in view, and the region there. */
export const viewStamp = () => `${JSON.stringify(view)} ${inside.key}`;
export const nInsideRegion = () => inside.count;
