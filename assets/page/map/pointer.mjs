/* Pointer, wheel and keys on the map: pan, zoom, the point under the pointer, and where a press leads. */

import { ownKeys } from "../dom/element.mjs";
import { onFrame, redraw } from "../dom/frame.mjs";
import { hideTip, showTip } from "../dom/tooltip.mjs";
import { nearestPoint, zoomedView } from "../lib/map-plane.mjs";
import { grouped, valueText } from "../lib/scale.mjs";
import { showToken, textAround, unknownLine } from "../lib/tokens.mjs";
import { clamp } from "../lib/url.mjs";
import { plural } from "../lib/words.mjs";
import { dropRegion, isMapOfTokens, listRegion, mapColouring, presentMap } from "../store/map-data.mjs";
import { model } from "../store/model.mjs";
import { hover, setHover, state } from "../store/state.mjs";
import { panTo } from "../store/view.mjs";
import { armLasso, beginLasso, endLasso, extendLasso, isLassoArmed, listAround, regionInView } from "./lasso.mjs";
import { lookAt, presentView, resetView, wholeMapView } from "./stage.mjs";

const REACH = 9; // px about a point
const STILL = 3; // px; less than that is a press
const AROUND = 8; // steps of text on either side
const MOVE = 60; // px that a key moves the map
const UNREAD = { text: "…", kind: "missing" }; // a token that is still asked for
let /** @type {HTMLElement} */ stage;
let /** @type {{ kind: "lasso" | "pan", x: number, y: number, view: View, isMoved: boolean }} */ drag = null; // {kind, x, y, view, isMoved}
let /** @type {{ k: number, event: PointerEvent }} */ at = null; // {k, event}: the point under the pointer

/** @param {HTMLElement} element */
export function watchMapPointer(element) {
  stage = element;
  stage.addEventListener("pointerdown", down);
  stage.addEventListener("pointermove", move);
  stage.addEventListener("pointerup", up);
  stage.addEventListener("pointercancel", up);
  stage.addEventListener("pointerleave", () => !drag && leave());
  stage.addEventListener("wheel", wheel, { passive: false });
  ownKeys(stage, "map", KEYS);
  onFrame("overlay", () => at && tell()); // tokens that have come meanwhile
}

const data = () => presentMap();

/** @param {MouseEvent} event */
function place(event) {
  const box = stage.getBoundingClientRect();
  return [event.clientX - box.left, event.clientY - box.top];
}

function leave() {
  at = null;
  hideTip();
  setHover({ step: null });
  redraw("overlay");
}

/** @param {PointerEvent} event */
function down(event) {
  if (event.button !== 0 || !data().points) return;
  const [x, y] = place(event);
  const isLasso = event.shiftKey || isLassoArmed();
  drag = { kind: isLasso ? "lasso" : "pan", x, y, view: presentView(), isMoved: false };
  stage.setPointerCapture(event.pointerId);
  if (isLasso) beginLasso(x, y);
  leave();
}

/** @param {PointerEvent} event */
function move(event) {
  if (!data().points) return;
  const [x, y] = place(event);
  if (!drag) return pointAt(event, x, y);
  if (Math.hypot(x - drag.x, y - drag.y) > STILL) drag.isMoved = true;
  if (drag.kind === "lasso") return extendLasso(x, y);
  if (!drag.isMoved) return;
  stage.classList.add("lv-panning");
  lookAt({ scale: drag.view.scale, x: drag.view.x + x - drag.x, y: drag.view.y + y - drag.y });
}

/** @param {PointerEvent} event */
function up(event) {
  if (!drag) return;
  const { kind, isMoved } = drag;
  drag = null;
  stage.classList.remove("lv-panning");
  const isKept = event.type === "pointerup";
  if (kind === "lasso") return endLasso(isKept && isMoved);
  if (isMoved || !isKept) return;
  const [x, y] = place(event);
  const k = nearestPoint(data().points, presentView(), x, y, REACH);
  if (k >= 0) press(k);
}

/**
 * A step is shown; a token's places are listed.
 * @param {number} k
 */
function press(k) {
  if (isMapOfTokens()) return listAround(data().points[2 * k], data().points[2 * k + 1]);
  const step = data().ids[k];
  panTo(step - Math.floor(state.span / 3), "push");
}

/**
 * @param {PointerEvent} event
 * @param {number} x
 * @param {number} y
 */
function pointAt(event, x, y) {
  const k = nearestPoint(data().points, presentView(), x, y, REACH);
  stage.style.cursor = isLassoArmed() ? "crosshair" : k >= 0 ? "pointer" : "grab";
  if (k < 0) return at && leave();
  at = { k, event };
  if (!isMapOfTokens()) setHover({ step: data().ids[k] });
  redraw("overlay");
  tell();
}

function tell() {
  if (!at || !data().points || at.k >= data().ids.length) return;
  showTip(at.event, isMapOfTokens() ? tokenLines(at.k) : stepLines(at.k));
}

/**
 * The token with the text around it, the step, and what colours it.
 * @param {number} k
 */
function stepLines(k) {
  const step = data().ids[k];
  const steps = model.dump.stepsOf(model.axis);
  const [from, to] = [Math.max(0, step - AROUND), Math.min(model.axis.n_steps, step + AROUND + 1)];
  steps.need(from, to, true);
  const texts = Array.from({ length: to - from }, (_, i) => (model.shown(from + i) || UNREAD).text);
  const [before, token, after] = textAround(texts, model.axis, step - from, step + 1 - from);
  const [left, right] = model.axis.pieces ? [before, after] : [`${before.trimEnd()} `, ` ${after.trimStart()}`];
  const words = model.axis.has_tokens ? `${left}[${token}]${right}` : "";
  const place = `step ${grouped(step)}`;
  return [words || place, unknownLine(model.shown(step) || UNREAD), words && place, colourLine(k), "press to go there"];
}

/** @param {number} k */
function tokenLines(k) {
  const { values } = data().colour || {};
  return [mapToken(k), values ? `${plural(values[k], "time")} in the corpus` : "", "press to list where it occurs"];
}

/** @param {number} k */
function colourLine(k) {
  const by = mapColouring();
  const { values } = data().colour || {};
  if (!by || !values) return "";
  const value = values[k];
  const words = Number.isNaN(value)
    ? "no value"
    : by.kind === "category"
      ? showToken(by.labels[value]).text
      : valueText(value);
  return `${by.label} ${words}`;
}

/** @param {number} k */
export function mapToken(k) {
  const { tokens } = data();
  return tokens ? showToken(tokens[k]).text : "…";
}

/**
 * Where the ring stands: the point under the pointer, or that of the step that is pointed at elsewhere.
 * @param {MapData} data
 */
export function pointedPlace({ points, path }) {
  if (at && at.k < points.length / 2) return [points[2 * at.k], points[2 * at.k + 1]];
  const { step } = hover;
  const here = step === null ? null : path?.points[step - path.start];
  return here && here[0] !== null ? here : null;
}

/** @param {WheelEvent} event */
function wheel(event) {
  if (!data().points) return;
  event.preventDefault();
  const lines = event.deltaMode === 1 ? 18 : event.deltaMode === 2 ? 300 : 1;
  zoom(Math.exp(-clamp(event.deltaY * lines, -200, 200) / 300), ...place(event));
  leave();
}

/**
 * @param {number} factor
 * @param {number} [x]
 * @param {number} [y]
 */
function zoom(factor, x = stage.clientWidth / 2, y = stage.clientHeight / 2) {
  if (data().points) lookAt(zoomedView(presentView(), factor, x, y, wholeMapView().scale));
}

/**
 * @param {number} dx
 * @param {number} dy
 */
function pan(dx, dy) {
  const view = presentView();
  lookAt({ scale: view.scale, x: view.x + dx, y: view.y + dy });
}

/** @param {() => unknown} act */
const withPoints = (act) => () => data().points && act();
const KEYS = {
  left: withPoints(() => pan(MOVE, 0)),
  right: withPoints(() => pan(-MOVE, 0)),
  up: withPoints(() => pan(0, MOVE)),
  down: withPoints(() => pan(0, -MOVE)),
  zoomIn: () => zoom(1.25),
  zoomOut: () => zoom(1 / 1.25),
  fit: () => resetView(),
  list: withPoints(() => listRegion(regionInView())),
  back: () => (isLassoArmed() ? armLasso(false) : state.lasso && dropRegion()),
};
