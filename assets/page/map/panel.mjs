/* The map in the place of the lines: its tools, its canvases, and what of it is drawn when. */

import { element } from "../dom/element.mjs";
import { onFrame, redraw } from "../dom/frame.mjs";
import { ids } from "../dom/ids.mjs";
import { typeScale } from "../dom/projector.mjs";
import { addCanvas, fitCanvas, themeColours } from "../dom/theme.mjs";
import { toScreen } from "../lib/map-plane.mjs";
import { isMapOfTokens, needMap, presentMap } from "../store/map-data.mjs";
import { needMapPaths, presentMapPaths } from "../store/map-paths.mjs";
import { model } from "../store/model.mjs";
import { state } from "../store/state.mjs";
import { isMapOpen } from "./button.mjs";
import {
  clusterNames,
  drawClusterNames,
  drawPath,
  drawPoints,
  drawRegion,
  drawRing,
  drawTokenLabels,
} from "./draw.mjs";
import { lassoBeingDrawn } from "./lasso.mjs";
import { drawLegend, legendElement, legendTexts, makeLegend } from "./legend.mjs";
import { drawConditionPaths } from "./paths.mjs";
import { mapToken, pointedPlace, watchMapPointer } from "./pointer.mjs";
import { makeStage, nInsideRegion, pointsInRegion, presentView, viewStamp, wholeMapView } from "./stage.mjs";
import { drawMapTools, makeMapTools } from "./tools.mjs";
import { mapLabel } from "./words.mjs";

let /** @type {HTMLElement} */ place;
let /** @type {HTMLElement} */ stage;
let /** @type {HTMLElement} */ tools;
let /** @type {HTMLCanvasElement} */ base;
let /** @type {HTMLCanvasElement} */ over;
let drawn = ""; // what the lower canvas shows

/* Returns what tests ask of it. */
export function makeMap() {
  place = document.getElementById(ids.map);
  tools = makeMapTools();
  stage = makeStage();
  base = addCanvas(stage, "lv-layer");
  over = addCanvas(stage, "lv-layer");
  watchMapPointer(stage);
  makeLegend();
  for (const name of ["selection", "base", "overlay", "map"]) onFrame(name, name === "overlay" ? drawOver : draw);
  new ResizeObserver(() => isMapOpen() && redraw("map")).observe(place);
  return { inspectMap };
}

function swap() {
  const isNow = isMapOpen();
  if (isNow === Boolean(place.firstChild)) return;
  if (!isNow) return place.replaceChildren();
  const row = element("div", "lv-map-row");
  row.append(stage, legendElement());
  place.append(tools, row);
  drawn = "";
}

function draw() {
  if (!model.source) return;
  swap();
  if (!isMapOpen()) return;
  const data = needMap();
  needMapPaths();
  base.classList.toggle("lv-map-behind", Boolean(presentMapPaths()));
  const mask = pointsInRegion(data);
  drawMapTools(data);
  drawLegend(data);
  stage.setAttribute("aria-label", mapLabel(data));
  const colours = themeColours();
  const now = [
    data.key,
    Boolean(data.points),
    viewStamp(),
    data.colour && Boolean(data.colour.found),
    data.colour?.by,
    data.colour?.stamp,
    colours.bg,
    stage.clientWidth,
    stage.clientHeight,
    window.devicePixelRatio,
    typeScale(),
  ].join();
  if (now !== drawn) {
    drawn = now;
    const ctx = fitCanvas(base);
    if (data.points) drawPoints(ctx, data, presentView(), wholeMapView().scale, mask);
  }
  drawOver();
}

function drawOver() {
  if (!isMapOpen() || !place.firstChild) return;
  const ctx = fitCanvas(over);
  const data = presentMap();
  if (!data.points) return;
  const now = presentView();
  const corners = lassoBeingDrawn() || state.lasso;
  if (corners) drawRegion(ctx, corners, now);
  const { start, stop } = state;
  drawConditionPaths(ctx, data, now);
  const isWindowShown = start !== null || !presentMapPaths(); // among paths of conditions only what is brushed
  const taken = data.path && isWindowShown ? drawPath(ctx, data.path, now, start === null ? null : [start, stop]) : [];
  if (isMapOfTokens()) drawTokenLabels(ctx, data, now, mapToken);
  else if (!presentMapPaths()) drawClusterNames(ctx, data, now, taken); // paths have the names of their conditions
  const at = pointedPlace(data);
  if (at) drawRing(ctx, toScreen(now, at[0], at[1]));
}

/* For tests. */
function inspectMap() {
  const data = presentMap();
  const box = stage.getBoundingClientRect();
  const isHere = isMapOpen() && Boolean(data.points);
  const screen = isHere
    ? (/** @type {number} */ k) =>
        toScreen(presentView(), data.points[2 * k], data.points[2 * k + 1]).map((v, c) => v + (c ? box.top : box.left))
    : null;
  return {
    isOpen: isMapOpen(),
    key: data.key,
    job: data.job,
    problem: data.problem,
    map: data.map,
    n: isHere ? data.ids.length : 0,
    ids: isHere ? Array.from(data.ids.slice(0, 2000)) : null,
    points: isHere ? Array.from(data.points.slice(0, 4000)) : null,
    screen: isHere ? Array.from({ length: Math.min(2000, data.ids.length) }, (_, k) => screen(k)) : null,
    colour: data.colour?.found
      ? { by: data.colour.by, values: Array.from(data.colour.values.slice(0, 2000)), legend: legendTexts() }
      : null,
    names: isHere ? clusterNames(data) : [],
    path: data.path,
    paths: presentMapPaths(),
    box: { left: box.left, top: box.top, width: box.width, height: box.height },
    nInside: nInsideRegion(),
    words: place.textContent,
    scale: isHere ? presentView().scale : null,
  };
}
