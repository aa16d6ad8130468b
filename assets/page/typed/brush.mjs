/* Pointer and keys on a typed text: make, move, resize and clear a window of it; point at its tokens and lines. */

import { markBrush } from "../dom/frame.mjs";
import { hideTip, showTip } from "../dom/tooltip.mjs";
import { actOnKey } from "../lib/keys.mjs";
import { valueText } from "../lib/scale.mjs";
import { clamp } from "../lib/url.mjs";
import { holdUnit } from "../store/colouring.mjs";
import * as geometry from "../store/geometry.mjs";
import { model } from "../store/model.mjs";
import { changeState, nudgeState, setHover, state } from "../store/state.mjs";
import { typedRowsOf } from "../store/typed-data.mjs";
import { hoveredToken, hoverToken, typedAnswer } from "./answer.mjs";
import { scrollToToken, typedStepAt, typedUnitNear, typedX } from "./plot.mjs";
import { describeToken } from "./rows.mjs";
import { TOKEN } from "./strip.mjs";

const NEAR = 6; // px around an edge that still catches it
const STILL = 3; // px; less than that is a click
const CURSORS = { start: "col-resize", stop: "col-resize", move: "grab", new: "crosshair", none: "default" };
let /** @type {HTMLElement} */ strip;
let /** @type {HTMLElement} */ plot;
let /** @type {any} */ drag = null; // {kind, x, anchor, step, start, stop, isMoved} while the button is down

/** @param {TypedPlaces} places */
export function makeTypedBrush(places) {
  ({ strip, plot } = places);
  strip.addEventListener("pointerdown", down);
  strip.addEventListener("pointermove", move);
  for (const end of /** @type {const} */ (["pointerup", "pointercancel"])) strip.addEventListener(end, up);
  strip.addEventListener("pointerleave", () => !drag && leave());
  strip.addEventListener("keydown", (event) => {
    if (typedAnswer() && actOnKey("tokens", event, KEYS)) event.stopPropagation();
  });
  plot.addEventListener("pointermove", overLines);
  plot.addEventListener("pointerleave", () => {
    leave();
    setHover({ unit: null });
  });
  plot.addEventListener("click", (event) => {
    const unit = nearest(event);
    if (unit !== null) holdUnit(state.source, unit);
  });
}

/**
 * @param {PointerEvent} event
 * @param {HTMLElement} place
 */
function at(event, place) {
  const box = place.getBoundingClientRect();
  return { x: event.clientX - box.left, y: event.clientY - box.top };
}

function leave() {
  hoverToken(null);
  hideTip();
}

/* The window on the text that is shown, or null. */
function window_() {
  const { typed } = state;
  const answer = typedAnswer();
  return typed && answer && typed.text === answer.text ? typed : null;
}

/** @param {{ x: number, y: number }} point */
function zone({ x, y }) {
  const place = typedX;
  if (y > TOKEN.top + TOKEN.height + 2 || x < geometry.left() || !typedAnswer()) return "none";
  const now = window_();
  if (!now) return "new";
  const [a, b] = [place(now.start), place(now.stop)];
  const grip = Math.min(NEAR, Math.max(2, (b - a) / 4));
  if (Math.abs(x - a) <= grip) return "start";
  if (Math.abs(x - b) <= grip) return "stop";
  return x > a && x < b ? "move" : "new";
}

/** @param {number} step */
function clamped(step) {
  return clamp(step, 0, typedAnswer().tokens.length - 1);
}

/** @param {PointerEvent} event */
function down(event) {
  if (event.button !== 0) return;
  const point = at(event, strip);
  const kind = zone(point);
  if (kind === "none") return;
  const step = clamped(typedStepAt(point.x));
  const { start, stop } = window_() || {};
  const anchor = kind === "start" ? stop - 1 : kind === "stop" ? start : step;
  drag = { kind, x: point.x, anchor, step, start, stop, isMoved: false };
  strip.setPointerCapture(event.pointerId);
  hideTip();
}

/** @param {PointerEvent} event */
function move(event) {
  const point = at(event, strip);
  if (!drag) return pointAt(event, point);
  if (Math.abs(point.x - drag.x) > STILL) drag.isMoved = true;
  if (!drag.isMoved || !typedAnswer()) return null;
  const step = clamped(typedStepAt(point.x));
  scrollToToken(step);
  if (drag.kind === "move") {
    const length = drag.stop - drag.start;
    const start = clamp(drag.start + step - drag.step, 0, typedAnswer().tokens.length - length);
    return put(start, start + length, "live");
  }
  return put(Math.min(step, drag.anchor), Math.max(step, drag.anchor) + 1, "live");
}

/**
 * @param {number} start
 * @param {number} stop
 * @param {How} how
 */
function put(start, stop, how) {
  const now = window_();
  if (now && now.start === start && now.stop === stop) return;
  const /** @type {Changes} */ changes = { typed: { text: typedAnswer().text, start, stop } };
  if (drag && drag.kind === "new") changes.excluded = []; // what was taken out was of another brush
  markBrush();
  changeState(changes, how);
}

/** @param {PointerEvent} event */
function up(event) {
  if (!drag) return;
  const { isMoved } = drag;
  drag = null;
  if (isMoved) changeState({}, "push");
  else if (event.type === "pointerup") clear();
}

function clear() {
  if (state.typed) changeState({ typed: null }, "push");
}

/**
 * @param {PointerEvent} event
 * @param {{ x: number, y: number }} point
 */
function pointAt(event, point) {
  strip.style.cursor = CURSORS[zone(point)];
  const answer = typedAnswer();
  const step = answer ? typedStepAt(point.x) : -1;
  if (step < 0 || point.x < geometry.left() || step >= answer.tokens.length) return leave();
  hoverToken(step);
  return showTip(event, describeToken(answer, step));
}

/** @param {PointerEvent} event */
function nearest(event) {
  const point = at(event, plot);
  return model.source && point.x >= geometry.left() ? typedUnitNear(point.x, point.y) : null;
}

/** @param {PointerEvent} event */
function overLines(event) {
  const unit = nearest(event);
  plot.style.cursor = unit === null ? "default" : "pointer";
  setHover({ unit });
  const answer = typedAnswer();
  const step = answer ? typedStepAt(at(event, plot).x) : -1;
  hoverToken(step >= 0 && answer && step < answer.tokens.length ? step : null);
  if (unit === null || hoveredToken() === null) return hideTip();
  const value = typedRowsOf(answer, model.source)(step)[unit];
  return showTip(event, [`unit ${unit}`, `${answer.shown[step].text} ${valueText(geometry.viewed(value))}`]);
}

/**
 * By keyboard: a window at the start of the text, moved or stretched a token at a time.
 * @param {number} by
 * @param {boolean} isEnd
 */
function nudge(by, isEnd) {
  const now = window_();
  if (!now) return begin();
  const n = typedAnswer().tokens.length;
  const length = now.stop - now.start;
  const start = isEnd ? now.start : clamp(now.start + by, 0, n - length);
  const stop = isEnd ? clamp(now.stop + by, now.start + 1, n) : start + length;
  scrollToToken(isEnd || by > 0 ? stop - 1 : start);
  return nudgeState({ typed: { text: now.text, start, stop } });
}

function begin() {
  const answer = typedAnswer();
  if (answer && !window_()) put(0, Math.min(3, answer.tokens.length), "push");
}

const KEYS = {
  begin,
  back: () => nudge(-1, false),
  on: () => nudge(1, false),
  shrink: () => nudge(-1, true),
  grow: () => nudge(1, true),
  clear,
};
