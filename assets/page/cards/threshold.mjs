/* The threshold adviser: how many units each threshold would select for the present brush, and why a unit is not selected. */

import { element, ownKeys } from "../dom/element.mjs";
import { afterPaint, onFrame, redraw } from "../dom/frame.mjs";
import { ids } from "../dom/ids.mjs";
import { typeScale } from "../dom/projector.mjs";
import { svgDrawing, svgElement, svgLine, svgText } from "../dom/svg.mjs";
import { snap, thresholdStep } from "../lib/axis.mjs";
import { changingAnswer } from "../lib/questions.mjs";
import { thresholdText } from "../lib/scale.mjs";
import { BOTH_SIDES } from "../lib/select.mjs";
import { addCurves, adviceSentence, countAt, curveCorners, openingSentence } from "../lib/threshold-curve.mjs";
import { clamp } from "../lib/url.mjs";
import { plural } from "../lib/words.mjs";
import { unitWithThreshold } from "../store/edits.mjs";
import { isMatchDue, matchesTold } from "../store/matches.mjs";
import { model } from "../store/model.mjs";
import { shortSource } from "../store/naming.mjs";
import { changeState, hover, nudgeState, state } from "../store/state.mjs";
import { getTyped, typedPath } from "../store/typed-data.mjs";
import { brushedText } from "../store/typed-text.mjs";
import { failed, hint, makeCard } from "./card.mjs";

const TALL = 68; // px of the curve
const FOOT = 15; // px under it for numbers
const TOP = 12; // px over it
const PAUSE = { curve: 120, why: 180 }; // ms without a change before a question is asked
const HINT = "Brush some tokens: how many units each threshold would select.";
const ASK_WHY = "Point at a line or a chip that is not selected: why it is not.";
let /** @type {Card} */ card;
let /** @type {ReturnType<typeof changingAnswer>} */ server;
let /** @type {ReturnType<typeof changingAnswer>} */ whyServer;
let /** @type {HTMLElement} */ slider;
let /** @type {HTMLElement} */ sentenceLine;
let /** @type {HTMLElement} */ why;
let /** @type {(threshold: number) => number} */ handle;
let drawnKey = "";
let isCurrent = false; // the curve is that of the present brush
let isDragged = false;

export function makeThresholdCard() {
  card = makeCard(ids.adviser, "Threshold");
  server = changingAnswer({ get: getTyped, changed: () => redraw("adviser"), pause: PAUSE.curve });
  whyServer = changingAnswer({ get: getTyped, changed: () => redraw("adviser"), pause: PAUSE.why });
  slider = element("div", "lv-curve", "", {
    role: "slider",
    tabindex: "0",
    "aria-label": "Threshold, on the curve of how many units it selects",
  });
  slider.addEventListener("pointerdown", down);
  slider.addEventListener("pointermove", (event) => isDragged && moveTo(event));
  for (const end of ["pointerup", "pointercancel"]) slider.addEventListener(end, up);
  /** @param {number} steps */
  const lift = (steps) =>
    nudgeState({
      threshold: within(snap(state.threshold + steps * thresholdStep(model.source), thresholdStep(model.source))),
    });
  /** @param {number} place */
  const toEnd = (place) => () => nudgeState({ threshold: curve().threshold.at(place) });
  ownKeys(slider, "curve", {
    up: () => lift(1),
    down: () => lift(-1),
    farUp: () => lift(10),
    farDown: () => lift(-10),
    least: toEnd(0),
    most: toEnd(-1),
  });
  sentenceLine = hint("");
  why = element("p", "lv-card-note lv-why");
  for (const name of ["selection", "units", "adviser"]) onFrame(name, draw);
  matchesTold.on(() => afterPaint().then(() => redraw("adviser"))); // the curve may be asked for now
}

/* The question of the present brush, on the corpus or a typed text: {sides, path(side), why(unit)}; null without one. */
function question() {
  const { start, stop, before, after, side, source, pattern, dump, typed } = state;
  if ((start === null && !typed) || pattern) return null;
  const [from, to] = typed ? [typed.start, typed.stop] : [start, stop];
  const window_ = `start=${from}&stop=${to}&before=${before}&after=${after}`;
  const index = model.sourceOf(source).index;
  /** @param {string} path */
  const put = (path) => (typed ? typedPath(`d/${dump}/typed/${path}`, typed.text) : `d/${dump}/${path}`);
  return {
    sides: side === "both" ? BOTH_SIDES : [side],
    /** @param {any} one */
    path: (one) => put(`thresholds/${index}?${window_}&side=${one}`),
    /**
     * @param {HeldUnit} one
     * @param {number} threshold
     * @param {Side} of
     */
    why: (one, threshold, of) =>
      put(`whynot/${model.sourceOf(one.source).index}/${one.unit}?${window_}&t=${threshold}&side=${of}`),
  };
}

/**
 * The curve of the present answer: of one side, or of both added.
 * @returns {Curve | null}
 */
function curve() {
  const answers = server.value();
  if (!answers) return null;
  return answers.length === 2 ? addCurves(answers[0], answers[1]) : answers[0];
}

/** @param {number} threshold */
function within(threshold) {
  const points = curve().threshold;
  return clamp(threshold, points[0], points.at(-1));
}

function draw() {
  if (!model.source) return;
  const asked = question();
  const paths = asked ? asked.sides.map(asked.path) : [];
  if (!asked || model.problem) server.want();
  else if (model.chosen && !isMatchDue()) server.want(...paths); // while states load, a border may still be met
  isCurrent = server.isOf(paths);
  askWhy(asked);
  const { threshold, pattern } = state;
  const { problem: crossing } = model;
  const answers = server.value();
  const now = JSON.stringify([
    asked?.path(""),
    crossing,
    answers !== null && isCurrent,
    threshold,
    server.problem(),
    server.isLate(),
    card.width(),
    Boolean(pattern),
    extras(),
    own(),
    typeScale(),
  ]);
  if (now !== drawnKey) {
    drawnKey = now;
    show(asked, answers);
  }
  showWhy(asked);
}

/**
 * @param {ThresholdQuestion} asked
 * @param {Curve[]} answers
 */
function show(asked, answers) {
  if (state.pattern)
    card.body.replaceChildren(
      hint("Each unit of the opened pattern has its own threshold. Brush some tokens to choose one here."),
    );
  else if (!asked) card.body.replaceChildren(hint(`${HINT} ${openingSentence(model.source)}`));
  else if (model.problem) card.body.replaceChildren(hint(model.problem, "lv-warn"));
  else if (server.problem())
    card.body.replaceChildren(failed("The thresholds could not be compared", server.problem(), server.again));
  else if (answers) paint(answers);
  else card.body.replaceChildren(hint(server.isLate() ? "Comparing thresholds …" : ""));
  slider.classList.toggle("lv-stale", server.isLate());
}

/** @param {Curve[]} answers */
function paint(answers) {
  const { threshold } = state;
  const total = curve();
  const points = total.threshold;
  const wide = card.width();
  const most = Math.max(1, ...total.n_units);
  /** @param {any} value */
  const x = (value) => 1 + ((value - points[0]) / (points.at(-1) - points[0])) * (wide - 2);
  /** @param {number} count */
  const y = (count) => TOP + (1 - count / most) * TALL;
  const words = adviceSentence(total, threshold, own());
  const drawn = svgDrawing(wide, TOP + TALL + FOOT * typeScale(), "");
  drawn.setAttribute("aria-hidden", "true"); // the slider around it says it all
  drawn.append(svgLine("lv-svg-axis", 0, TOP + TALL + 0.5, wide, TOP + TALL + 0.5));
  if (answers.length === 2)
    answers.forEach((one, k) =>
      drawn.append(path(one, x, y, k ? "lv-svg-curve-low lv-svg-thin" : "lv-svg-curve lv-svg-thin")),
    );
  const isLow = state.side === "low";
  drawn.append(
    path(total, x, y, answers.length === 2 ? "lv-svg-curve-total" : isLow ? "lv-svg-curve-low" : "lv-svg-curve"),
  );
  drawn.append(svgText("", plural(most, "unit"), wide, 9, "end"));
  mark(drawn, x, y, total, wide);
  if (slider.parentElement !== card.body) card.body.replaceChildren(slider, sentenceLine, why);
  slider.replaceChildren(drawn);
  handle = x;
  sentenceLine.textContent = words + (extras() ? ` (${extras()})` : "");
  const values = {
    "aria-valuemin": points[0],
    "aria-valuemax": points.at(-1),
    "aria-valuenow": threshold,
    "aria-valuetext": `${thresholdText(threshold)}: ${words}`,
  };
  for (const [name, value] of Object.entries(values)) slider.setAttribute(name, String(value));
}

/* How many units the brush itself selects; null where the chips do not show that. */
function own() {
  const { excluded, pinned, source } = state;
  if (!model.chosen || excluded.length || pinned.length || !isCurrent) return null;
  return model.chosen.filter((one) => one.source === source).length;
}

/* What the curve leaves out of what the chips show. */
function extras() {
  const { parts, excluded, pinned, source } = state;
  const left = [
    parts.length ? "further sources" : "",
    excluded.length ? "units taken out" : "",
    pinned.length ? "pins" : "",
  ].filter(Boolean);
  return left.length ? `of ${shortSource(source)} alone, without ${left.join(" and ")}` : "";
}

/**
 * @param {any} one
 * @param {(threshold: number) => number} x
 * @param {(count: number) => number} y
 * @param {string} [className]
 */
function path(one, x, y, className) {
  const corners = curveCorners(one, x, y).map(([a, b]) => `${a.toFixed(1)} ${b.toFixed(1)}`);
  return svgElement("path", className, { d: `M${corners.join("L")}` });
}

/**
 * The present threshold, and the ends of the axis where its number leaves room for theirs.
 * @param {SVGElement} drawn
 * @param {(threshold: number) => number} x
 * @param {(count: number) => number} y
 * @param {Curve} total
 * @param {number} wide
 */
function mark(drawn, x, y, total, wide) {
  const { threshold } = state;
  const points = total.threshold;
  const at = clamp(x(threshold), 1, wide - 1);
  drawn.append(svgLine("lv-svg-threshold", at, TOP - 4, at, TOP + TALL));
  const isIn = threshold >= points[0] && threshold <= points.at(-1);
  if (isIn)
    drawn.append(svgElement("circle", "lv-svg-knob", { cx: at, cy: y(own() ?? countAt(total, threshold)), r: 4 }));
  drawn.append(
    svgText(
      "lv-svg-strong",
      thresholdText(threshold),
      clamp(at, 14 * typeScale(), wide - 14 * typeScale()),
      TOP + TALL + 12 * typeScale(),
      "middle",
    ),
  );
  if (at > 44 * typeScale()) drawn.append(svgText("", thresholdText(points[0]), 0, TOP + TALL + 12 * typeScale()));
  if (at < wide - 48 * typeScale())
    drawn.append(svgText("", thresholdText(points.at(-1)), wide, TOP + TALL + 12 * typeScale(), "end"));
}

/**
 * The threshold under a point of the curve.
 * @param {PointerEvent} event
 */
function thresholdAt(event) {
  const box = slider.getBoundingClientRect();
  const points = curve().threshold;
  const share = (event.clientX - box.left - 1) / (box.width - 2);
  return within(snap(points[0] + share * (points.at(-1) - points[0]), thresholdStep(model.source)));
}

/** @param {PointerEvent} event */
function down(event) {
  if (event.button !== 0 || !curve()) return;
  isDragged = true;
  slider.setPointerCapture(event.pointerId);
  moveTo(event);
}

/** @param {PointerEvent} event */
function moveTo(event) {
  const threshold = thresholdAt(event);
  if (threshold !== state.threshold) changeState({ threshold }, "live");
}

function up() {
  if (!isDragged) return;
  isDragged = false;
  changeState({}, "settle");
}

/* The unit that is pointed at, or else highlighted, if the pattern does not have it. */
function unselected() {
  const { held } = state;
  const one = hover.unit !== null ? { source: hover.source || state.source, unit: hover.unit, side: hover.side } : held;
  if (!one || !model.chosen || !model.sourceOf(one.source)) return null;
  const isIn = model.chosen.some((other) => other.source === one.source && other.unit === one.unit);
  return isIn ? null : one;
}

/**
 * The side on which to ask: that of the brush; where it takes both, the one on which the unit's value is in the window.
 * @param {HeldUnit} one
 */
function sideOf(one) {
  const { side, start, typed, parts, source } = state;
  const own = one.source === source ? side : (parts.find((part) => part.source === one.source) || { side }).side;
  if (own !== "both") return own;
  const rowsOf = typed ? brushedText(model).rowsOf : model.rowsOf;
  const values = rowsOf(model.sourceOf(one.source))(typed ? typed.start : start);
  return values && values[one.unit] < 0 ? "low" : "high";
}

/** @param {ThresholdQuestion} asked */
function askWhy(asked) {
  const one = asked && !model.problem && unselected();
  if (!one) return whyServer.want();
  const side = sideOf(one);
  const { threshold } = unitWithThreshold(one.source, one.unit, "high");
  whyServer.want(asked.why(one, threshold, side));
}

/** @param {ThresholdQuestion} asked */
function showWhy(asked) {
  const [answer] = (whyServer.isCurrent() && whyServer.value()) || [];
  const words = !asked
    ? ""
    : whyServer.problem()
      ? `Why it is not selected could not be found out: ${whyServer.problem()}`
      : answer
        ? sentence(answer)
        : whyServer.isPending()
          ? why.textContent
          : ASK_WHY;
  if (why.textContent !== words) why.textContent = words;
  why.classList.toggle("lv-why-told", Boolean(answer));
}

/**
 * One that the brush selects and the pattern does not have was taken out by hand, or its source is not in the brush.
 * @param {any} answer
 */
function sentence(answer) {
  const { source, parts } = state;
  const isAsked = [source, ...parts.map((part) => part.source)].includes(answer.source);
  const missing = isAsked ? "was taken out by hand" : "its source is not in the brush";
  const words = answer.is_selected
    ? `unit ${answer.unit} is on through exactly this window; it ${missing}`.replace("it its", "its")
    : answer.words;
  const where = answer.source === state.source ? "" : ` (${shortSource(answer.source)})`;
  return `${words[0].toUpperCase()}${words.slice(1)}${where}.`;
}

/* For tests. */
export function inspectThresholdCard() {
  const box = slider.getBoundingClientRect();
  return {
    curve: curve(),
    isPending: server.isPending(),
    words: sentenceLine.textContent,
    why: why.textContent,
    whyAnswer: (whyServer.isCurrent() && whyServer.value()?.[0]) || null,
    x: handle && curve() ? curve().threshold.map((value) => box.left + handle(value)) : [],
    y: box.top + TOP + TALL / 2,
  };
}
