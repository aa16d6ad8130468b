/* The text of a whole sequence, each token on the colour of one unit's activation there; a press on a token goes to it. */

import { element, targetOf } from "../dom/element.mjs";
import { onFrame } from "../dom/frame.mjs";
import { ids } from "../dom/ids.mjs";
import { typeScale } from "../dom/projector.mjs";
import { themeColours } from "../dom/theme.mjs";
import { hideTip, showTip } from "../dom/tooltip.mjs";
import { tickText } from "../lib/axis.mjs";
import { grouped, valueText } from "../lib/scale.mjs";
import { sequenceAround } from "../lib/select.mjs";
import { showToken } from "../lib/tokens.mjs";
import { rowBytes } from "../lib/url.mjs";
import { plotPlace, plotWidth } from "../store/geometry.mjs";
import { model } from "../store/model.mjs";
import { hover, setHover, state } from "../store/state.mjs";
import { trackText } from "../store/tracks.mjs";
import { panTo } from "../store/view.mjs";

const MOST = 2000; // tokens at once; a longer sequence is shown in part
const BYTES = 32 * 1024 * 1024; // of states for it
const SIZES = [30, 24, 19, 14]; // px of type
const [CHAR, LINE] = [0.65, 1.75]; // of the type: a character's width, a line's height
const HEAD = 28; // px above the text
let /** @type {HTMLElement} */ place;
let /** @type {HTMLElement} */ head;
let /** @type {HTMLElement} */ body;
let /** @type {HTMLElement} */ scale;
let /** @type {HTMLElement} */ note;
let drawnKey = "";
let /** @type {HTMLElement[]} */ spans = []; // elements by step - from
let from = 0;

export function makeUnitText() {
  place = document.getElementById(ids.unitText);
  head = element("p", "lv-text-head");
  scale = element("span", "lv-text-scale");
  note = element("span", "lv-text-note");
  body = element("div", "lv-text-body", "", {
    tabindex: "0",
    role: "region",
    "aria-label": "Text coloured by a unit's activation",
  });
  body.addEventListener("click", press);
  body.addEventListener("pointermove", point);
  body.addEventListener("pointerleave", () => {
    setHover({ step: null });
    hideTip();
  });
  onFrame("overlay", draw);
  onFrame("selection", swap);
}

/* Lines or text: one replaces the other, at the same height. */
function swap() {
  const isText = state.view === "text";
  plotPlace().classList.toggle("lv-away", state.view !== "lines");
  if (!isText && place.firstChild) {
    place.replaceChildren();
    drawnKey = "";
  } else if (isText && !place.firstChild) place.append(head, body);
}

/* The unit that colours the text: the highlighted one, else the first of the pattern, else unit 0. */
function unit() {
  const { held } = state;
  const isHere = held && model.sourceOf(held.source) && model.sourceOf(held.source).axis === model.axis.index;
  if (isHere) return held;
  const [first] = model.chosen || [];
  return first ? { source: first.source, unit: first.unit } : { source: model.source.name, unit: 0 };
}

/**
 * The steps shown: the sequence at the middle of the view, as far as it fits.
 * @param {Source} source
 * @returns {[first: number, end: number, isPart: boolean]}
 */
function range(source) {
  const { at, span, start } = state;
  const middle =
    start !== null && start >= at && start < at + span
      ? start
      : Math.min(model.axis.n_steps - 1, at + Math.floor(span / 2));
  const most = Math.max(64, Math.min(MOST, Math.floor(BYTES / rowBytes(source))));
  const reach = Math.ceil(most / 512) * 512;
  const [low, high] = [Math.max(0, middle - reach), Math.min(model.axis.n_steps, middle + reach)];
  model.dump.stepsOf(model.axis).need(low, high);
  const [first, end] = sequenceAround(model.bordersIn(low, high), middle, low, high);
  if (end - first <= most) return [first, end, false];
  const begin = Math.max(first, Math.min(end - most, Math.floor((middle - most / 2) / 128) * 128));
  return [begin, Math.min(end, begin + most), true];
}

function draw() {
  if (state.view !== "text" || !model.source) return;
  swap();
  const one = unit();
  const source = model.sourceOf(one.source);
  const [first, end, isPart] = range(source);
  const isHere = model.dump.statesOf(source).need(first, end);
  const now = [state.dump, one.source, one.unit, first, end, isHere, loaded(first, end), themeColours().bg].join();
  if (now !== drawnKey) {
    drawnKey = now;
    fill(one, source, first, end, isPart, isHere);
  }
  mark(end);
}

/**
 * How many of the steps have their tokens.
 * @param {number} first
 * @param {number} end
 */
function loaded(first, end) {
  let count = 0;
  for (let step = first; step < end; step += 128) if (model.shown(step)) count++;
  return count;
}

/**
 * step -> what is written there where there are no tokens: a value of the first track of numbers, or the step's own number.
 * @returns {(step: number) => string}
 */
function stepNumbers() {
  const track = model.tracks.find((one) => one.kind === "number");
  if (!track) return (step) => grouped(step);
  return (step) => trackText(track, model.value(track, step)) || "·";
}

/**
 * @param {HeldUnit} one
 * @param {Source} source
 * @param {number} first
 * @param {number} end
 * @param {boolean} isPart
 * @param {boolean} isHere
 */
function fill(one, source, first, end, isPart, isHere) {
  const { low, high } = source;
  const reach = Math.max(Math.abs(low), Math.abs(high)) || 1;
  const colours = themeColours();
  const row = model.rowsOf(source);
  const numbers = stepNumbers();
  from = first;
  spans = [];
  for (let step = first; step < end; step++) {
    const shown = model.axis.has_tokens ? model.shown(step) : { text: numbers(step), kind: "plain" };
    const values = row(step);
    const value = values ? (source.view === "tanh" ? Math.tanh(values[one.unit]) : values[one.unit]) : NaN;
    const span = document.createElement("bdi");
    span.textContent = shown ? shown.text : "…";
    span.dataset.step = String(step);
    if (!Number.isNaN(value)) {
      const ground = colours.diverge(0.5 + value / reach / 2);
      span.style.background = ground;
      span.style.color = colours.ink(ground);
    } else span.className = "lv-text-none";
    span.classList.toggle("lv-text-unknown", Boolean(/** @type {ShownToken} */ (shown)?.isUnknown));
    spans.push(span);
  }
  body.replaceChildren(...spans);
  const isWords = model.axis.join !== "" || !model.axis.has_tokens;
  body.classList.toggle("lv-text-words", isWords);
  body.style.setProperty("--lv-text-size", `${size(isWords)}px`);
  const name = element("strong", "", `unit ${one.unit}`);
  scale.style.background = `linear-gradient(90deg, ${[0, 0.25, 0.5, 0.75, 1].map((share) => colours.diverge(share)).join(", ")})`;
  scale.title = "The colour of an activation";
  const ends = [-reach, reach].map((value) => tickText(value, [-reach, 0, reach]));
  note.textContent = `steps ${grouped(first)} to ${grouped(end - 1)}${isPart ? ", a part of its sequence" : ", the whole sequence"}${isHere ? "" : " · loading …"}`;
  head.replaceChildren(
    name,
    ` of ${showToken(one.source).text}`,
    element("span", "lv-text-end", ends[0]),
    scale,
    element("span", "", ends[1]),
    note,
  );
}

/**
 * The largest type in which the whole text is seen at once.
 * @param {boolean} isWords
 */
function size(isWords) {
  const nChars = spans.reduce((sum, span) => sum + span.textContent.length, 0);
  const [wide, tall] = [plotWidth(), place.clientHeight - HEAD].map((px) => px / typeScale());
  /** @param {number} px */
  const fits = (px) => Math.ceil((nChars * CHAR * px + spans.length * (isWords ? 8 : 2)) / wide) * LINE * px <= tall;
  return SIZES.find(fits) || SIZES.at(-1);
}

/**
 * The brush has rules above and below, the step that is pointed at a frame.
 * @param {number} end
 */
function mark(end) {
  const { start, stop } = state;
  const { step } = hover;
  spans.forEach((span, k) => {
    const here = from + k;
    span.classList.toggle("lv-text-brush", start !== null && here >= start && here < stop);
    span.classList.toggle("lv-text-at", here === step && here < end);
  });
}

/** @param {PointerEvent} event */
function stepOf(event) {
  const span = targetOf(event).closest("[data-step]");
  return span ? Number(span.dataset.step) : null;
}

/** @param {PointerEvent} event */
function press(event) {
  const step = stepOf(event);
  if (step !== null) panTo(step - Math.floor(state.span / 3), "push");
}

/** @param {PointerEvent} event */
function point(event) {
  const step = stepOf(event);
  setHover({ step });
  if (step === null) return hideTip();
  const one = unit();
  const source = model.sourceOf(one.source);
  const values = model.rowsOf(source)(step);
  const value = values ? valueText(source.view === "tanh" ? Math.tanh(values[one.unit]) : values[one.unit]) : "loading";
  showTip(event, [targetOf(event).textContent, `step ${grouped(step)}`, `unit ${one.unit}: ${value}`]);
}

/* For tests: what is shown, and the ground of each token. */
export function inspectUnitText() {
  if (state.view !== "text") return null;
  return Object.assign(
    {
      from,
      to: from + spans.length,
      isHere: !note.textContent.includes("loading"),
      grounds: spans.map((span) => span.style.background),
      texts: spans.map((span) => span.textContent),
    },
    unit(),
  );
}
