/* How long the matches are: those with all units on above, all that were found below; a press or a drag keeps some lengths. */

import { button, element } from "../dom/element.mjs";
import { onFrame, redraw } from "../dom/frame.mjs";
import { ids } from "../dom/ids.mjs";
import { typeScale } from "../dom/projector.mjs";
import { svgBar, svgDrawing, svgText } from "../dom/svg.mjs";
import { hideTip, showTip } from "../dom/tooltip.mjs";
import { barBounds, barTotal, boundsWords, isBarIn, lengthBars } from "../lib/length-bars.mjs";
import { withLimits } from "../lib/pattern-edit.mjs";
import { grouped } from "../lib/scale.mjs";
import { binName } from "../lib/shares.mjs";
import { clamp, patternKey } from "../lib/url.mjs";
import { plural } from "../lib/words.mjs";
import { changeLimits, presentLimits } from "../store/edits.mjs";
import { model } from "../store/model.mjs";
import { state } from "../store/state.mjs";
import { summaryAnswer, summaryKey } from "../store/summary.mjs";
import { hint, makeCard, noSummary } from "./card.mjs";

const SIZE = { strict: 46, axis: 16, fuzzy: 30 }; // px
const HINT = "Brush some tokens: how long their matches are.";
let /** @type {Card} */ card;
let /** @type {HTMLElement} */ chart;
let /** @type {HTMLElement} */ sentenceLine;
let /** @type {HTMLDivElement & { fill: () => void }} */ fields;
let /** @type {HTMLButtonElement} */ clear;
/** @type {{ key: string | null, answer: Summary | null }} */
let whole = { key: null, answer: null }; // the last answer for any length, so that lengths left out still have bars
let /** @type {Bin} */ drag = null; // {from, to}: bars
let drawnKey = "";
let /** @type {LengthBar[]} */ bars = [];
let cell = 1;

export function makeLengthsCard() {
  card = makeCard(ids.lengths, "Match length");
  chart = element("div", "lv-lengths-chart");
  chart.addEventListener("pointerdown", down);
  chart.addEventListener("pointermove", move);
  chart.addEventListener("pointerup", up);
  chart.addEventListener("pointercancel", up);
  chart.addEventListener("pointerleave", () => hideTip());
  sentenceLine = hint("");
  clear = button("lv-link", "any length", "Keep matches of any length", () =>
    changeLimits({ minLength: 1, maxLength: null }),
  );
  fields = row();
  for (const name of ["selection", "summary", "lengths"]) onFrame(name, draw);
}

/* The same bounds as numbers, for keys. */
function row() {
  const made = /** @type {HTMLDivElement & { fill: () => void }} */ (element("div", "lv-lengths-fields"));
  /** @param {string} label */
  const field = (label) =>
    element("input", "lv-input", "", { type: "text", inputmode: "numeric", "aria-label": label, title: label });
  const [from, to] = [field("Shortest match, in steps"), field("Longest match, in steps; empty: any")];
  to.placeholder = "any";
  const take = () => {
    /** @param {string} text */
    const read = (text) => (/^\d{1,9}$/.test(text.trim()) && Number(text) > 0 ? Number(text) : null);
    const [minLength, maxLength] = [read(from.value) || 1, read(to.value)];
    changeLimits({ minLength, maxLength: maxLength === null ? null : Math.max(minLength, maxLength) });
    made.fill();
  };
  made.fill = () => {
    const { minLength, maxLength } = presentLimits();
    from.value = String(minLength);
    to.value = maxLength === null ? "" : String(maxLength);
  };
  for (const input of [from, to]) {
    input.addEventListener("change", take);
    input.addEventListener("keydown", (event) => event.key !== "Escape" && event.stopPropagation());
  }
  made.append(element("span", "", "keep"), from, element("span", "", "to"), to, element("span", "", "steps"), clear);
  return made;
}

/**
 * What the lengths are counted for, whatever bounds hold.
 * @param {State} question
 */
function wholeKey(question) {
  const { pattern } = question;
  if (!pattern) return patternKey(question);
  try {
    const file = withLimits(JSON.parse(pattern), { minLength: 1, maxLength: null });
    return patternKey(Object.assign({}, question, { pattern: JSON.stringify(file) }));
  } catch {
    return patternKey(question);
  }
}

/* The answer whose lengths are shown: the one for any length where it is known. */
function answer() {
  const now = summaryAnswer();
  if (!now || now.error) return null;
  const isAny = boundsWords(presentLimits()) === "";
  const key = wholeKey(state);
  if (isAny && now.key === summaryKey(state)) whole = { key, answer: now };
  return whole.key === key ? whole.answer : now;
}

function draw() {
  if (!model.source) return;
  const missing = noSummary(HINT);
  const given = missing ? null : answer();
  const bounds = presentLimits();
  const { minLength, maxLength } = bounds;
  const now = JSON.stringify([
    missing?.textContent,
    given?.key,
    minLength,
    maxLength,
    state.shared,
    drag,
    card.width(),
    typeScale(),
  ]);
  if (now === drawnKey || card.isPressed()) return;
  drawnKey = now;
  if (given?.is_region)
    return card.body.replaceChildren(hint("The rows are single steps: those of the region on the map."));
  if (missing) return card.body.replaceChildren(missing, ...(minLength > 1 || maxLength !== null ? [fields] : []));
  bars = lengthBars(given.lengths, given.n_units, state.shared || 1);
  if (fields.parentElement !== card.body || chart.parentElement !== card.body)
    card.body.replaceChildren(chart, sentenceLine, fields);
  fields.fill();
  clear.hidden = minLength === 1 && maxLength === null;
  const picked = drag ? barBounds(bars, drag.from, drag.to) : bounds;
  sentenceLine.textContent = sentence(given, picked);
  chart.replaceChildren(...(bars.length ? [paint(given, picked)] : []));
}

/**
 * @param {Summary} given
 * @param {Bounds} picked
 */
function sentence(given, picked) {
  if (!bars.length) return "No match is as long as that.";
  const strict = plural(barTotal(bars, "strict"), "match");
  const words = [`Above: ${strict} with all units on.`];
  if (given.complete) words.push(`Below: ${grouped(barTotal(bars, "fuzzy"))} with any.`);
  else words.push("Others are not counted in a corpus of this length.");
  const kept = boundsWords(picked);
  if (kept) words.push(`Kept: ${kept}.`);
  return words.join(" ");
}

/**
 * @param {Summary} given
 * @param {Bounds} picked
 */
function paint(given, picked) {
  const wide = card.width();
  const under = SIZE.strict + SIZE.axis * typeScale();
  const tall = under + (given.complete ? SIZE.fuzzy : 0);
  cell = Math.min(26, wide / bars.length);
  const drawn = svgDrawing(wide, tall, aria(given));
  const most = {
    strict: Math.max(1, ...bars.map((bar) => bar.strict)),
    fuzzy: Math.max(1, ...bars.map((bar) => bar.fuzzy)),
  };
  const every = labelEvery();
  bars.forEach((bar, k) => {
    const shut = isBarIn(bar, picked) ? "" : " lv-svg-shut";
    /**
     * @param {"strict" | "fuzzy"} name
     * @param {number} room
     */
    const high = (name, room) => (bar[name] ? Math.max(1.5, (bar[name] / most[name]) * room) : 0);
    const strict = high("strict", SIZE.strict);
    drawn.append(svgBar(`lv-svg-strict${shut}`, k * cell + 0.5, SIZE.strict - strict, cell - 1, strict));
    if (given.complete)
      drawn.append(svgBar(`lv-svg-fuzzy${shut}`, k * cell + 0.5, under, cell - 1, high("fuzzy", SIZE.fuzzy)));
    if (every[k])
      drawn.append(svgText("", grouped(bar.from), (k + 0.5) * cell, SIZE.strict + 12 * typeScale(), "middle"));
  });
  return drawn;
}

/* Which bars have room for their number: the first, and each that is far enough from the one before. */
function labelEvery() {
  let free = -1;
  return bars.map((bar, k) => {
    const half = grouped(bar.from).length * 3.6 * typeScale();
    const at = Math.max(half, (k + 0.5) * cell);
    if (at - half < free) return false;
    free = at + half + 6;
    return true;
  });
}

/** @param {Summary} given */
function aria(given) {
  const some = bars
    .slice(0, 20)
    .map((bar) => `${binName(bar)} steps: ${bar.strict}${given.complete ? ` of ${bar.fuzzy}` : ""}`);
  return `Lengths of the matches with all units on${given.complete ? ", of all that were found" : ""}. ${some.join("; ")}`;
}

/** @param {PointerEvent} event */
function barAt(event) {
  const k = Math.floor((event.clientX - chart.getBoundingClientRect().left) / cell);
  return clamp(k, 0, bars.length - 1);
}

/** @param {PointerEvent} event */
function down(event) {
  if (event.button !== 0 || !bars.length) return;
  const k = barAt(event);
  drag = { from: k, to: k };
  chart.setPointerCapture(event.pointerId);
  hideTip();
  redraw("lengths");
}

/** @param {PointerEvent} event */
function move(event) {
  if (!bars.length) return;
  const k = barAt(event);
  if (drag) {
    drag = { from: drag.from, to: k };
    redraw("lengths");
    return;
  }
  const bar = bars[k];
  showTip(event, [
    `${binName(bar)} step${bar.to === 1 ? "" : "s"}`,
    `${plural(bar.strict, "match")} with all units on`,
    `${grouped(bar.fuzzy)} with any`,
    "press or drag to keep only these",
  ]);
}

/** @param {PointerEvent} event */
function up(event) {
  if (!drag) return;
  const picked = barBounds(bars, drag.from, drag.to);
  const { minLength, maxLength } = presentLimits();
  const isSame = picked.minLength === minLength && picked.maxLength === maxLength; // pressed once more: any length again
  drag = null;
  if (event.type === "pointerup") changeLimits(isSame ? { minLength: 1, maxLength: null } : picked);
  redraw("lengths");
}

/* For tests: bars, and where each is in the window. */
export function inspectLengthsCard() {
  const box = chart.getBoundingClientRect();
  return {
    bars,
    x: bars.map((_, k) => box.left + (k + 0.5) * cell),
    y: box.top + SIZE.strict / 2,
    words: sentenceLine.textContent,
  };
}
