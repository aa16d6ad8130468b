/* Pointer, wheel and keys on the plot: pan, zoom, drag the threshold, find the line under the pointer. */

import { markBrush } from "../dom/frame.mjs";
import { hideTip, showTip } from "../dom/tooltip.mjs";
import { snap } from "../lib/axis.mjs";
import { actOnKey } from "../lib/keys.mjs";
import { grouped, valueText } from "../lib/scale.mjs";
import { clamp } from "../lib/url.mjs";
import { holdUnit } from "../store/colouring.mjs";
import { excludeBothSides, isPinning, pinUnit, unitWithThreshold } from "../store/edits.mjs";
import * as geometry from "../store/geometry.mjs";
import { plotPlace } from "../store/geometry.mjs";
import { model } from "../store/model.mjs";
import { changeState, nudgeState, setHover, shownThresholds, state } from "../store/state.mjs";
import { panBy, panTo, zoomBy } from "../store/view.mjs";
import { unitNear } from "./plot.mjs";
import { stripPlace } from "./strip.mjs";

const NEAR = 6; // px around the threshold that still catch it
const STILL = 3; // px; less than that is a press
const LINE = 18; // px that a wheel's "line" stands for
let /** @type {HTMLElement} */ mount;
let /** @type {{ kind: "threshold" | "pan", sign: number, x: number, at: number, isMoved: boolean }} */ drag = null;
let rest = 0; // what a wheel has turned, less whole steps

export function makePan() {
  mount = plotPlace();
  mount.addEventListener("pointerdown", down);
  mount.addEventListener("pointermove", move);
  mount.addEventListener("pointerup", up);
  mount.addEventListener("pointercancel", up);
  mount.addEventListener("pointerleave", () => !drag && leave());
  for (const place of [mount, stripPlace()]) place.addEventListener("wheel", wheel, { passive: false });
  mount.addEventListener("keydown", (event) => {
    if (model.source && actOnKey("lines", event, LINES)) event.stopPropagation();
  });
}

function leave() {
  setHover({ unit: null, step: null });
  hideTip();
}

/** @param {PointerEvent | WheelEvent} event */
function at(event) {
  const box = mount.getBoundingClientRect();
  return { x: event.clientX - box.left, y: event.clientY - box.top };
}

/**
 * Which threshold line a point is on: 1 for that of units on high, -1 for the one on low, 0 for none.
 * @param {{ y: number }} point
 */
function lineAt({ y }) {
  const value = shownThresholds().find((one) => Math.abs(y - geometry.y(one)) <= NEAR);
  return value === undefined ? 0 : value === state.threshold && state.side !== "low" ? 1 : -1;
}

/** @param {PointerEvent} event */
function down(event) {
  if (event.button !== 0 || !model.source) return;
  const point = at(event);
  const sign = lineAt(point);
  drag = { kind: sign ? "threshold" : "pan", sign, x: point.x, at: state.at, isMoved: false };
  mount.setPointerCapture(event.pointerId);
  mount.classList.add(drag.kind === "pan" ? "lv-panning" : "lv-dragging");
  hideTip();
  setHover({ unit: null, step: null });
}

/** @param {PointerEvent} event */
function move(event) {
  if (!model.source) return;
  const point = at(event);
  if (!drag) return pointAt(event, point);
  if (Math.abs(point.x - drag.x) > STILL) drag.isMoved = true;
  if (drag.kind === "pan") {
    if (!drag.isMoved) return;
    const to = drag.at - (point.x - drag.x) / geometry.cell();
    if (Math.round(to) !== state.at) panTo(to, "live");
  } else {
    const [low, high] = geometry.range();
    const threshold = drag.sign * snap(clamp(geometry.valueAt(point.y), low, high), geometry.step()) + 0;
    if (threshold === state.threshold) return;
    markBrush();
    changeState({ threshold }, "live");
  }
}

/** @param {PointerEvent} event */
function up(event) {
  if (!drag) return;
  const isClick = drag.kind === "pan" && !drag.isMoved && event.type === "pointerup";
  drag = null;
  mount.classList.remove("lv-panning", "lv-dragging");
  if (isClick) press(event);
  else changeState({}, "settle");
}

/**
 * A press on a line highlights its unit; with Shift it takes a selected unit out; while "+ pin" is open it pins.
 * @param {PointerEvent} event
 */
function press(event) {
  const point = at(event);
  const unit = unitNear(point.x, point.y);
  if (unit === null) return;
  const { source } = state;
  const isLow = geometry.valueAt(point.y) < 0;
  if (event.shiftKey) excludeBothSides(source, unit);
  else if (isPinning()) pinUnit(unitWithThreshold(source, unit, isLow ? "low" : "high"));
  else holdUnit(source, unit);
}

/**
 * @param {PointerEvent} event
 * @param {{ x: number, y: number }} point
 */
function pointAt(event, point) {
  const isThreshold = lineAt(point) !== 0;
  mount.style.cursor = isThreshold ? "ns-resize" : "grab";
  const { at: first, span } = state;
  const step = geometry.stepAt(point.x);
  if (point.x < geometry.left() || step < first || step >= first + span || isThreshold) return leave();
  const unit = unitNear(point.x, point.y);
  setHover({ unit, step });
  const values = model.row(step);
  if (unit === null || !values) return hideTip();
  const shown = model.shown(step);
  const value = valueText(geometry.viewed(values[unit]));
  showTip(event, [`unit ${unit}`, `${value} at step ${grouped(step)}`, shown ? shown.text : ""]);
}

/** @param {WheelEvent} event */
function wheel(event) {
  if (!model.source || drag) return;
  const isAcross = event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY);
  if (!isAcross && !event.ctrlKey && !event.metaKey) return; // the page scrolls
  event.preventDefault();
  const unit = event.deltaMode === 1 ? LINE : event.deltaMode === 2 ? mount.clientWidth : 1;
  if (event.ctrlKey || event.metaKey) {
    const share = clamp((at(event).x - geometry.left()) / geometry.width(), 0, 1);
    zoomBy(Math.exp(clamp(event.deltaY * unit, -100, 100) / 400), share);
    return;
  }
  rest += ((event.deltaX || event.deltaY) * unit) / 20;
  const steps = Math.trunc(rest);
  rest -= steps;
  if (steps) panTo(state.at + steps);
}

/** @param {number} steps */
const lift = (steps) => {
  const step = geometry.step();
  nudgeState({ threshold: snap(state.threshold + steps * step, step) });
};

const LINES = {
  up: () => lift(1),
  down: () => lift(-1),
  pageLeft: () => panBy(-1, true),
  pageRight: () => panBy(1, true),
};
