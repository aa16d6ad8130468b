/* Pointer and keys on the token strip: press a token, drag a window, move, resize and clear it; drag the off-handles. */

import { markBrush } from "../dom/frame.mjs";
import { clearNotice, notify } from "../dom/notice.mjs";
import { hideTip, showTip } from "../dom/tooltip.mjs";
import { actOnKey } from "../lib/keys.mjs";
import { grouped, snapWindow } from "../lib/scale.mjs";
import { isOneWord, showToken, tokenLines } from "../lib/tokens.mjs";
import { clamp, MAX_OFF, viewLimits } from "../lib/url.mjs";
import { plural } from "../lib/words.mjs";
import * as geometry from "../store/geometry.mjs";
import { model } from "../store/model.mjs";
import { changeState, nudgeState, setHover, state } from "../store/state.mjs";
import { trackText, visibleTracks } from "../store/tracks.mjs";
import { panTo } from "../store/view.mjs";
import { handleSteps, offRow, stripPlace } from "./strip.mjs";
import { slantAt, tokenRow } from "./token-row.mjs";

const NEAR = 6; // px around an edge that still catches it
const STILL = 3; // px; less than that is a click
const LETTER = /^\p{L}/u;
const WORD = /^[\p{L}\p{M}\p{N}'’_]+$/u; // a letter of a word
const EDGE_PAN = 60; // ms between steps while a drag is held outside the view
let /** @type {HTMLElement} */ mount;
let /** @type {any} */ drag = null; // {kind, from, x, anchor, bounds, ...} while the button is down
let /** @type {ReturnType<typeof setInterval>} */ panning = null;

export function makeBrush() {
  mount = stripPlace();
  mount.addEventListener("pointerdown", down);
  mount.addEventListener("pointermove", move);
  mount.addEventListener("pointerup", up);
  mount.addEventListener("pointercancel", up);
  mount.addEventListener("pointerleave", () => !drag && leave());
  mount.addEventListener("dblclick", brushWord);
  mount.addEventListener("keydown", key);
}

function leave() {
  setHover({ step: null });
  hideTip();
}

/** @param {PointerEvent} event */
function at(event) {
  const box = mount.getBoundingClientRect();
  const y = event.clientY - box.top;
  return { x: event.clientX - box.left - (drag ? drag.slant : slantAt(y)), y };
}

/**
 * What a press at a point would take hold of.
 * @param {{ x: number, y: number }} point
 */
function zone({ x, y }) {
  const { top, height } = tokenRow();
  const end = top + height + 2;
  if (state.start !== null) {
    const handles = handleSteps();
    const off = offRow();
    if (y >= off.top - 2 && y <= off.top + off.height + 2) {
      /** @param {number} step */
      const near = (step) => Math.abs(x - geometry.x(step)) <= NEAR + 3;
      const left = Math.abs(x - geometry.x(handles.before)) <= Math.abs(x - geometry.x(handles.after));
      if (left && near(handles.before)) return "before";
      if (near(handles.after)) return "after";
      if (near(handles.before)) return "before";
    }
    if (y <= end) {
      const [a, b] = [geometry.x(state.start), geometry.x(state.stop)];
      const grip = Math.min(NEAR, Math.max(2, (b - a) / 4));
      if (Math.abs(x - a) <= grip) return "start";
      if (Math.abs(x - b) <= grip) return "stop";
      if (x > a && x < b) return "move";
    }
  }
  return y <= end && x >= geometry.left() ? "new" : "none";
}

const CURSORS = {
  before: "ew-resize",
  after: "ew-resize",
  start: "col-resize",
  stop: "col-resize",
  move: "grab",
  new: "crosshair",
  none: "default",
};

/** @param {number} step */
function inView(step) {
  const { at: first, span } = state;
  return clamp(step, first, Math.min(model.axis.n_steps, first + span) - 1);
}

/** @param {PointerEvent} event */
function down(event) {
  if (event.button !== 0 || !model.source) return;
  const point = at(event);
  const kind = zone(point);
  if (kind === "none") return;
  const step = inView(geometry.stepAt(point.x));
  if (event.shiftKey && state.start !== null && kind !== "before" && kind !== "after") return extendTo(step);
  const isOld = kind !== "new";
  const anchor = kind === "start" ? state.stop - 1 : kind === "stop" ? state.start : step;
  const bounds = model.sequenceOf(isOld ? state.start : step);
  const slant = slantAt(event.clientY - mount.getBoundingClientRect().top);
  drag = {
    kind,
    x: point.x,
    slant,
    last: event,
    anchor,
    step,
    bounds,
    start: state.start,
    stop: state.stop,
    isMoved: false,
  };
  mount.setPointerCapture(event.pointerId);
  mount.classList.add("lv-dragging");
  hideTip();
}

/** @param {PointerEvent} event */
function move(event) {
  if (!model.source) return;
  const point = at(event);
  if (!drag) return pointAt(event, point);
  drag.last = event;
  if (Math.abs(point.x - drag.x) > STILL) drag.isMoved = true;
  if (!drag.isMoved) return;
  const first = geometry.left();
  panAtEdge(point.x < first - 4 ? -1 : point.x > first + geometry.width() + 4 ? 1 : 0);
  follow(point.x);
}

/** @param {number} x */
function follow(x) {
  const change = /** @type {Record<string, (x: number) => Changes>} */ (CHANGES)[drag.kind](x);
  if (change) {
    if (drag.kind === "new" && state.excluded.length) change.excluded = []; // what was taken out was of another brush
    markBrush();
    changeState(change, "live");
  }
}

/** @param {number} x */
function windowTo(x) {
  const step = inView(geometry.stepAt(x));
  const [start, stop] = snapWindow(drag.anchor, clamp(step, drag.bounds[0], drag.bounds[1] - 1), drag.bounds);
  const kept =
    step < drag.anchor ? [Math.max(start, stop - longest()), stop] : [start, Math.min(stop, start + longest())];
  sayLimit(stop - start > longest());
  return differs(kept[0], kept[1]);
}

/** @param {number} x */
function edgeTo(x) {
  const edge = geometry.edgeAt(x);
  const { bounds, start, stop } = drag;
  sayLimit(Math.abs(edge - (drag.kind === "start" ? stop : start)) > longest());
  if (drag.kind === "start") return differs(clamp(edge, Math.max(bounds[0], stop - longest()), stop - 1), stop);
  return differs(start, clamp(edge, start + 1, Math.min(bounds[1], start + longest())));
}

function longest() {
  return viewLimits(model.source).window;
}

/** @param {boolean} isReached */
function sayLimit(isReached) {
  if (isReached) notify("limit", `A window holds at most ${plural(longest(), "step")}.`);
  else clearNotice("limit");
}

/** @param {number} x */
function windowBy(x) {
  const by = geometry.stepAt(x) - drag.step;
  const length = drag.stop - drag.start;
  const start = clamp(drag.start + by, drag.bounds[0], drag.bounds[1] - length);
  return differs(start, start + length);
}

/**
 * @param {number} start
 * @param {number} stop
 */
function differs(start, stop) {
  return start === state.start && stop === state.stop ? null : { start, stop };
}

/**
 * @param {string} name
 * @param {number} x
 */
function offTo(name, x) {
  const edge = geometry.edgeAt(x);
  const { start, stop } = state;
  const steps = clamp(name === "before" ? start - edge : edge - stop, 0, MAX_OFF);
  return steps === state[/** @type {keyof State} */ (name)] ? null : { [name]: steps };
}

const CHANGES = {
  new: windowTo,
  start: edgeTo,
  stop: edgeTo,
  move: windowBy,
  /** @param {number} x */
  before: (x) => offTo("before", x),
  /** @param {number} x */
  after: (x) => offTo("after", x),
};

/**
 * While a drag is held outside the view, the view follows it.
 * @param {number} direction
 */
function panAtEdge(direction) {
  if (direction === 0) {
    clearInterval(panning);
    panning = null;
  } else if (panning === null) {
    panning = setInterval(() => {
      if (!drag) return panAtEdge(0);
      panTo(state.at + direction * Math.ceil(state.span / 60), "live");
      follow(at(drag.last).x);
    }, EDGE_PAN);
  }
}

/** @param {PointerEvent} event */
function up(event) {
  if (!drag) return;
  const { isMoved, kind, step } = drag;
  drag = null;
  panAtEdge(0);
  mount.classList.remove("lv-dragging");
  if (isMoved) changeState({}, kind === "before" || kind === "after" ? "settle" : "push");
  else if (event.type === "pointerup" && kind !== "before" && kind !== "after") brushSteps(step, step + 1);
}

/**
 * Brush what was pressed.
 * @param {number} start
 * @param {number} stop
 */
function brushSteps(start, stop) {
  const change = differs(start, stop);
  if (change) changeState({ ...change, excluded: [] }, "push");
}

/**
 * The brush reaches to a step: its nearer end moves there.
 * @param {number} step
 */
function extendTo(step) {
  const [first, end] = model.sequenceOf(state.start);
  const to = clamp(step, first, end - 1);
  const { start, stop } = state;
  const change =
    to < start ? differs(Math.max(to, stop - longest()), stop) : differs(start, Math.min(to + 1, start + longest()));
  if (change) changeState(change, "push");
}

/**
 * Twice pressed: the word of a token, or its run of equal labels.
 * @param {MouseEvent} event
 */
function brushWord(event) {
  const point = at(/** @type {PointerEvent} */ (event));
  if (!model.source || zone(point) === "none") return;
  const step = inView(geometry.stepAt(point.x));
  const [first, end] = model.sequenceOf(step);
  const isAlike = likeStep(step);
  let [start, stop] = [step, step + 1];
  while (start > first && stop - start < longest() && isAlike(start - 1, start)) start--;
  while (stop < end && stop - start < longest() && isAlike(stop, stop - 1)) stop++;
  brushSteps(start, stop);
}

/**
 * What belongs with a step: letters of one word, pieces of one, else steps of the same label in the first row of labels.
 * @param {number} step
 * @returns {(step: number, neighbour: number) => boolean}
 */
function likeStep(step) {
  const text = (/** @type {number} */ at) => model.shown(at)?.text ?? "";
  const { axis } = model;
  if (axis.pieces)
    return (at, neighbour) => isOneWord(text(Math.min(at, neighbour)), text(Math.max(at, neighbour)), axis);
  const track = visibleTracks().find((one) => one.kind === "category" || one.is_integer);
  if (axis.join === "" && (track ? LETTER : WORD).test(text(step))) return (at) => WORD.test(text(at));
  if (!track) return () => false;
  const value = model.value(track, step);
  return (at) => value !== null && model.value(track, at) === value;
}

function clearBrush() {
  if (state.start !== null) changeState({ start: null, stop: null }, "push");
}

/**
 * @param {PointerEvent} event
 * @param {{ x: number, y: number }} point
 */
function pointAt(event, point) {
  mount.style.cursor = CURSORS[zone(point)];
  const step = geometry.stepAt(point.x);
  const { at: first, span } = state;
  if (point.x < geometry.left() || step < first || step >= Math.min(first + span, model.axis.n_steps)) return leave();
  setHover({ step });
  showTip(event, describe(step));
}

/**
 * Step, token and what else is known there, each a line.
 * @param {number} step
 */
function describe(step) {
  const lines = [`step ${grouped(step)}`];
  const shown = model.shown(step);
  if (shown?.text) lines.push(...tokenLines(shown));
  const values = model.row(step);
  if (model.chosen?.length && values) {
    const on = model.countOn(step, step + 1)[0];
    lines.push(`${on} of ${plural(model.chosen.length, "unit")} on`);
  }
  for (const track of visibleTracks()) {
    const value = model.value(track, step);
    if (value !== null) lines.push(`${showToken(track.name).text} ${trackText(track, value)}`);
  }
  return lines;
}

/** @param {KeyboardEvent} event */
function key(event) {
  if (model.source && actOnKey("tokens", event, KEYS)) event.stopPropagation();
}

/**
 * By keyboard: a window in the middle of the view, moved or stretched a step at a time.
 * @param {number} by
 * @param {boolean} isEnd
 */
function nudge(by, isEnd) {
  const { start, stop, at: first, span } = state;
  if (start === null) return begin();
  const bounds = model.sequenceOf(start);
  const length = stop - start;
  const /** @type {Changes} */ to = isEnd
      ? { start, stop: clamp(stop + by, start + 1, Math.min(bounds[1], start + longest())) }
      : { start: clamp(start + by, bounds[0], bounds[1] - length) };
  if (!isEnd) to.stop = to.start + length;
  const isSeen = to.start >= first && to.stop <= first + span;
  if (!isSeen) to.at = clamp(to.start - Math.floor(span / 3), 0, Math.max(0, model.axis.n_steps - span));
  nudgeState(to);
}

function begin() {
  if (state.start !== null) return;
  const start = inView(state.at + Math.floor(state.span / 3));
  const bounds = model.sequenceOf(start);
  changeState({ start, stop: Math.min(start + 3, bounds[1], start + longest()) }, "push");
}

const KEYS = {
  begin,
  back: () => nudge(-1, false),
  on: () => nudge(1, false),
  shrink: () => nudge(-1, true),
  grow: () => nudge(1, true),
  clear: clearBrush,
};
