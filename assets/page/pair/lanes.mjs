/* The two texts of a pair as lanes: where their tokens lie, one over the other, and the pointer and keys that brush them. */

import { textWidth, tokenFont } from "../dom/cell-text.mjs";
import { element } from "../dom/element.mjs";
import { redraw } from "../dom/frame.mjs";
import { typeScale } from "../dom/projector.mjs";
import { hideTip, showTip } from "../dom/tooltip.mjs";
import { actOnKey } from "../lib/keys.mjs";
import { laneEdges, tokenUnder } from "../lib/pair.mjs";
import { grouped } from "../lib/scale.mjs";
import { joinedText, tokenLines } from "../lib/tokens.mjs";
import { clamp, viewLimits } from "../lib/url.mjs";
import { model } from "../store/model.mjs";
import { axisName, holdPair, presentPair } from "../store/pair.mjs";
import { changeState, nudgeState, setHover, state } from "../store/state.mjs";

const PAD = 9; // px that a token's cell is wider than its text
const CELL = { least: 17, most: 140, more: 54 }; // px of a token's cell, and what it may get besides
const STILL = 3; // px; less than that is a click
const MOST_SAID = 12; // tokens that are read out
let /** @type {PairLane[]} */ lanes = []; // the text that is attended to, then the one that attends
let /** @type {{ lane: PairLane, anchor: number, x: number, isMoved: boolean }} */ drag = null;
let /** @type {{ isHere: boolean, k: number }} */ pointed = null;

/* The lanes, the upper one first; `beyond` lets the pointer on what lies between the lanes take part. */
export function makeLanes() {
  return [true, false].map((isTop) => {
    const place = element("div", "lv-pair-lane", "", { role: "application", tabindex: "0" });
    const /** @type {PairLane} */ lane = {
        ...{ isTop, place, text: null, isHere: false },
        ...{ whole: [0], edges: [0], room: 1, shift: 0, isDown: false, row: 1 },
      };
    place.addEventListener("pointerdown", (event) => down(lane, event));
    place.addEventListener("pointermove", (event) => move(lane, event));
    for (const type of ["pointerup", "pointercancel"])
      place.addEventListener(type, (event) => up(/** @type {PointerEvent} */ (event)));
    place.addEventListener("pointerleave", () => !drag && pointAt(null));
    place.addEventListener("keydown", (event) => key(lane, event));
    place.addEventListener("wheel", (event) => wheel(lane, event), { passive: false });
    lanes = [...lanes.filter((one) => one.isTop !== isTop), lane].sort((a, b) => Number(b.isTop) - Number(a.isTop));
    return lane;
  });
}

export const pointedToken = () => pointed;

/** @param {{ isHere: boolean, k: number }} at */
export function pointAt(at) {
  if (at === pointed || (at && pointed && at.isHere === pointed.isHere && at.k === pointed.k)) return;
  pointed = at;
  const text = at && presentPair()[at.isHere ? "here" : "there"];
  setHover({ step: at?.isHere ? text.first + at.k : null });
  if (!at) hideTip();
  redraw("pairhover");
}

/**
 * Give the lanes their texts, and lay out their tokens over `room` px; of a text that is longer a part is in view.
 * @param {PairAnswer} pair
 * @param {number} room
 */
export function layLanes(pair, room) {
  const top = pair.attends || (!pair.weights.length && pair.there.axis < pair.here.axis) ? pair.there : pair.here;
  for (const lane of lanes) {
    lane.text = lane.isTop ? top : top === pair.here ? pair.there : pair.here;
    lane.isHere = lane.text === pair.here;
    const words = label(lane);
    if (lane.place.getAttribute("aria-label") !== words) lane.place.setAttribute("aria-label", words);
    lane.whole = laneEdges(
      lane.text.shown.map(({ text }) => width(text)),
      room,
      CELL.more * typeScale(),
    );
    lane.room = room;
    lane.isDown = false;
    shiftTo(lane, lane.shift);
  }
}

/**
 * Make the tokens of a lane the rows of the heat map, `row` px high, of which `room` px are in view.
 * @param {PairLane} lane
 * @param {number} row
 * @param {number} room
 */
export function layRows(lane, row, room) {
  Object.assign(lane, { isDown: true, row, room, whole: lane.text.tokens.map((_, k) => k * row) });
  lane.whole.push(lane.text.tokens.length * row);
  shiftTo(lane, lane.shift);
}

/**
 * @param {PairLane} lane
 * @param {number} shift
 */
function shiftTo(lane, shift) {
  lane.shift = clamp(shift, 0, Math.max(0, lane.whole.at(-1) - lane.room));
  lane.edges = lane.whole.map((edge) => edge - lane.shift);
}

/**
 * Bring tokens [from, to) of a lane into view, unless its brush is being dragged.
 * @param {PairLane} lane
 * @param {{ from: number, to: number }} span
 */
export function bringIntoView(lane, { from, to }) {
  if (drag?.lane === lane) return;
  const [a, b] = [lane.whole[from], lane.whole[to]];
  if (a < lane.shift || b > lane.shift + lane.room) shiftTo(lane, (a + b) / 2 - lane.room / 2);
}

/* Another pair is shown from its beginning. */
export function resetLanes() {
  for (const lane of lanes) lane.shift = 0;
}

/**
 * With Shift, or sideways, the wheel moves along a text that is longer than its room.
 * @param {PairLane} lane
 * @param {WheelEvent} event
 */
function wheel(lane, event) {
  const by = event.deltaX || (event.shiftKey ? event.deltaY : 0);
  const moved = lane.isDown && event.deltaX && !event.shiftKey ? lanes[0] : lane;
  if (!by || !lane.text || moved.whole.at(-1) <= moved.room) return;
  event.preventDefault();
  shiftTo(moved, moved.shift + by);
  redraw("pair");
}

/** @param {string} text */
function width(text) {
  return clamp(textWidth(text, tokenFont(text)) + PAD, CELL.least * typeScale(), CELL.most * typeScale());
}

/** @param {PairLane} lane */
function label({ text }) {
  const some = joinedText(
    text.shown.slice(0, MOST_SAID).map((one) => one.text),
    { join: " ", pieces: "" },
  );
  const more = text.shown.length > MOST_SAID ? " and more" : "";
  return `${axisName(text.axis)}: ${some}${more}. Press a token or drag over several to see what the other text does. By keyboard: Enter brushes, left and right arrows move the brush, with Shift its end, up and down go to the other text, Escape clears it.`;
}

/** @param {PairLane} lane */
const brushOf = (lane) =>
  lane.isHere ? (state.start === null ? null : { start: state.start, stop: state.stop }) : state.pairBrush;

/**
 * Brush tokens [from, to) of a lane. On the text of the plotted source that is the page's own brush.
 * @param {PairLane} lane
 * @param {number} from
 * @param {number} to
 * @param {How | "nudge"} how
 */
function brush(lane, from, to, how) {
  const longest = viewLimits(model.source).window;
  const start = lane.text.first + from;
  const stop = lane.text.first + Math.min(to, from + longest);
  const /** @type {Changes} */ change = lane.isHere
      ? { start, stop, excluded: [], pairBrush: null, ...comeIntoView(start, stop, how) }
      : { pairBrush: { start, stop } };
  if (how === "nudge") nudgeState(change);
  else changeState(change, how);
}

/**
 * A brush that rests comes into view, so that its pair stays.
 * @param {number} start
 * @param {number} stop
 * @param {string} how
 */
function comeIntoView(start, stop, how) {
  const { at, span } = state;
  if (how === "live" || (start >= at && stop <= at + span)) return {};
  return { at: clamp(start - Math.floor(span / 3), 0, Math.max(0, model.axis.n_steps - span)) };
}

/**
 * The token of a lane under an event.
 * @param {PairLane} lane
 * @param {PointerEvent} event
 */
function under(lane, event) {
  const box = lane.place.getBoundingClientRect();
  return tokenUnder(lane.edges, lane.isDown ? event.clientY - box.top : event.clientX - box.left);
}

/**
 * @param {PairLane} lane
 * @param {PointerEvent} event
 */
function down(lane, event) {
  if (event.button !== 0 || !lane.text) return;
  drag = { lane, anchor: under(lane, event), x: lane.isDown ? event.clientY : event.clientX, isMoved: false };
  lane.place.setPointerCapture(event.pointerId);
  holdPair(true);
  hideTip();
}

/**
 * @param {PairLane} lane
 * @param {PointerEvent} event
 */
function move(lane, event) {
  if (!lane.text) return;
  const k = under(lane, event);
  if (!drag) {
    pointAt({ isHere: lane.isHere, k });
    return showTip(event, lane.isDown ? describeCell(lane, k, event) : describe(lane, k));
  }
  if (Math.abs((lane.isDown ? event.clientY : event.clientX) - drag.x) > STILL) drag.isMoved = true;
  if (drag.isMoved) brush(lane, Math.min(drag.anchor, k), Math.max(drag.anchor, k) + 1, "live");
}

/** @param {PointerEvent} event */
function up(event) {
  if (!drag) return;
  const { lane, anchor, isMoved } = drag;
  drag = null;
  const present = brushOf(lane);
  const first = lane.text.first + anchor;
  const isPress = !isMoved && event.type === "pointerup"; // a touch that scrolls the page is cancelled
  const isSame = isPress && present && present.start === first && present.stop === first + 1;
  if (isSame) clear(lane);
  else if (isMoved && present) brush(lane, present.start - lane.text.first, present.stop - lane.text.first, "push");
  else if (isPress) brush(lane, anchor, anchor + 1, "push");
  holdPair(false);
}

/** @param {PairLane} lane */
function clear(lane) {
  changeState(lane.isHere ? { start: null, stop: null } : { pairBrush: null }, "push");
}

/**
 * @param {PairLane} lane
 * @param {number} k
 */
function describe({ text }, k) {
  return [`${axisName(text.axis)}, step ${grouped(text.first + k)}`, ...tokenLines(text.shown[k])];
}

/**
 * Of a cell of the heat map the tokens of its row and its column, and the weight.
 * @param {PairLane} lane
 * @param {number} k
 * @param {PointerEvent} event
 */
function describeCell(lane, k, event) {
  const [first] = lanes;
  const column = tokenUnder(first.edges, event.clientX - lane.place.getBoundingClientRect().left);
  const { weights, most } = presentPair();
  const weight = (weights[k][column] / 1000) * most;
  return [
    `${lane.text.shown[k].text} to ${first.text.shown[column].text}`,
    `weight ${weight.toFixed(3)}`,
    `steps ${grouped(lane.text.first + k)} and ${grouped(first.text.first + column)}`,
  ];
}

/**
 * @param {PairLane} lane
 * @param {KeyboardEvent} event
 */
function key(lane, event) {
  if (!lane.text) return;
  const n = lane.text.tokens.length;
  const held = brushOf(lane);
  const from = held ? clamp(held.start - lane.text.first, 0, n - 1) : 0;
  const to = held ? clamp(held.stop - lane.text.first, from + 1, n) : 1;
  /**
   * @param {number} a
   * @param {number} b
   */
  const to_ = (a, b) => brush(lane, a, b, "nudge");
  const shift = (/** @type {number} */ by) => {
    if (!held) return to_(0, 1);
    const begin = clamp(from + by, 0, n - (to - from));
    to_(begin, begin + to - from);
  };
  const acts = {
    begin: () => held || brush(lane, 0, 1, "push"),
    back: () => shift(-1),
    on: () => shift(1),
    shrink: () => to_(from, clamp(to - 1, from + 1, n)),
    grow: () => to_(from, clamp(held ? to + 1 : 1, from + 1, n)),
    other: () => lanes.find((one) => one !== lane).place.focus(),
    clear: () => held && clear(lane),
  };
  if (actOnKey("pair", event, acts)) event.stopPropagation();
}
