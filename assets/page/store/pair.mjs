/* The pair of texts at the steps in view: which other axis, which pair, as the server has it, and what a window of one text has
   to do with the other. The view draws in the frame's part "pair". */

import { redraw } from "../dom/frame.mjs";
import { attendedRun, otherWeights } from "../lib/pair.mjs";
import { questionLine } from "../lib/questions.mjs";
import { BOTH_SIDES, selectUnits } from "../lib/select.mjs";
import { showTokens } from "../lib/tokens.mjs";
import { cutOf } from "./cuts.mjs";
import { model, modelRefreshed } from "./model.mjs";
import { getJson } from "./request.mjs";
import { changeState, state } from "./state.mjs";

const KEPT = 12; // pairs
const line = questionLine();
let /** @type {PairAnswer[]} */ answers = [];
let /** @type {string} */ wanted = null;
let /** @type {{ key: string, words: string }} */ problem = null;
let /** @type {number} */ heldStep = null; // the step whose pair stays while a brush is dragged

/* {axis, attention}: the axis that is paired with the present one, and the attention between the two; null without. */
export function partner() {
  const { pairs } = model.axis;
  if (!pairs.length) return null;
  const { pairWith } = state;
  const named = pairs.find((one) => one.attention.includes(pairWith) || axisName(one.axis) === pairWith) || pairs[0];
  const attention = named.attention.includes(pairWith) ? pairWith : named.attention[0] || null;
  return { axis: named.axis, attention };
}

/** @param {number} index */
export const axisName = (index) => model.dump.about.axes[index].name;

/* Every choice of a partner: [value, words]. */
export function partnerChoices() {
  return model.axis.pairs.flatMap(({ axis, attention }) =>
    attention.length ? attention.map((name) => [name, name]) : [[axisName(axis), `${axisName(axis)}, no attention`]],
  );
}

/* The source whose lines are drawn at the other text: the one that was chosen, else the one most like the plotted. */
export function otherSource() {
  const sources = otherSources();
  const ending = state.source.slice(state.source.lastIndexOf("."));
  return (
    sources.find((source) => source.name === state.pairSource) ||
    sources.findLast((source) => source.name.endsWith(ending)) ||
    sources.at(-1) ||
    null
  );
}

export function otherSources() {
  return model.dump.about.sources.filter((source) => source.axis === partner().axis);
}

/* The step whose pair is shown: that of the brush, where it is in view; else of the pair that was gone to; else of the first
   sequence that begins in view. */
export function pairStep() {
  if (heldStep !== null) return heldStep;
  const { at, span, start, stop, pairAt } = state;
  const end = Math.min(model.axis.n_steps, at + span);
  if (start !== null && start < end && stop > at) return start;
  if (pairAt !== null && pairAt >= at && pairAt < end) return pairAt;
  const [border] = model.bordersIn(at, end);
  return border ?? at;
}

/**
 * While a brush is dragged, the pair stays.
 * @param {boolean} isHeld
 */
export function holdPair(isHeld) {
  heldStep = isHeld ? pairStep() : null;
}

function place() {
  const { axis, attention } = partner();
  return { uuid: state.dump, axis: model.axis.index, other: axis, attention };
}

function known() {
  const { uuid, axis, other, attention } = place();
  const step = pairStep();
  return answers.find(
    (one) =>
      one.uuid === uuid &&
      one.here.axis === axis &&
      one.there.axis === other &&
      one.attention === attention &&
      step >= one.here.first &&
      step < one.here.first + one.here.tokens.length,
  );
}

/* Ask for the pair in view, unless it is here or on its way. */
export function needPair() {
  if (!model.isComplete && heldStep === null) return; // the borders in view are not known yet
  if (known()) {
    line.end();
    wanted = null;
    return;
  }
  const { uuid, axis, other, attention } = place();
  const query = attention === null ? "" : `?attention=${encodeURIComponent(attention)}`;
  const path = `d/${uuid}/pair/${axis}/${pairStep()}/${other}.json${query}`;
  if (path === wanted) return;
  wanted = path;
  ask(path, { uuid, attention });
}

/**
 * @param {string} path
 * @param {{ uuid: string, attention: string | null }} of
 */
async function ask(path, of) {
  const reply = await line.ask((signal) => getJson(path, { signal }));
  if (!reply) return; // another pair is in view
  if (reply.error) problem = { key: path, words: reply.error.message };
  else {
    const given = Object.assign(reply.answer, of);
    for (const text of [given.here, given.there]) text.shown = showTokens(text.tokens, text.unknown);
    answers = [given, ...answers].slice(0, KEPT);
    wanted = null;
  }
  redraw("pair");
}

/* The pair in view, or null while it is on its way. */
export const presentPair = () => (model.source && partner() && known()) || null;
export const pairProblem = () => (problem && problem.key === wanted ? problem.words : null);

/* What is looked at: {isHere, from, to}, tokens of that text as they are sent; null where nothing is. */
export function pairFocus() {
  const pair = presentPair();
  if (!pair) return null;
  const { pairBrush, start, stop, typed } = state;
  if (pairBrush) {
    const inside = within(pair.there, pairBrush.start, pairBrush.stop);
    if (inside) return { isHere: false, ...inside };
  }
  const inside = start === null || typed ? null : within(pair.here, start, stop);
  return inside && { isHere: true, ...inside };
}

/**
 * @param {PairText} text
 * @param {number} start
 * @param {number} stop
 */
function within({ first, tokens }, start, stop) {
  const [from, to] = [Math.max(0, start - first), Math.min(tokens.length, stop - first)];
  return from < to ? { from, to } : null;
}

let /** @type {{ pair: PairAnswer, key: string, shown: { weights: any, run: any } }} */ side = null; // asked for several times a frame

/* What the other text does: {weights, run}, by its tokens as they are sent; null without a focus or attention. */
export function otherSide() {
  const [pair, focus] = [presentPair(), pairFocus()];
  if (!focus || !pair.weights.length) return null;
  const key = `${focus.isHere} ${focus.from} ${focus.to}`;
  if (side?.pair !== pair || side.key !== key) {
    const weights = otherWeights(pair.weights, focus.isHere === pair.attends, focus.from, focus.to);
    side = { pair, key, shown: { weights, run: attendedRun(weights) } };
  }
  return side.shown;
}

/**
 * The units of a source that are on through tokens [from, to) of one of the texts; null while their states load.
 * @param {PairText} text
 * @param {Source} source
 * @param {number} from
 * @param {number} to
 * @returns {{ unit: number, side: Side }[] | null}
 */
export function unitsOn(text, source, from, to) {
  const { threshold, side } = state;
  const cut = cutOf(model.dump, source, threshold);
  const [start, stop] = [text.first + from, text.first + to];
  if (cut === null || !model.dump.statesOf(source).need(start, stop)) return null;
  const sides = side === "both" ? BOTH_SIDES : [/** @type {Side} */ (side)];
  return sides.flatMap((one) =>
    selectUnits({
      row: model.rowsOf(source),
      nUnits: source.n_units,
      cut: one === "high" ? cut : -cut,
      side: one,
      start,
      stop,
      before: 0,
      after: 0,
      sequence: [text.start, text.stop],
    }).map((unit) => ({ unit, side: one })),
  );
}

/* The states of both texts are kept as long as they are seen. */
modelRefreshed.on(() => {
  const pair = state.pair === "off" ? null : presentPair();
  if (!pair) return;
  const beside = otherSource();
  needStates(model.source, pair.here);
  if (beside) needStates(beside, pair.there);
});

/**
 * Ask for the states of a source at a text; true if all are here.
 * @param {Source} source
 * @param {PairText} text
 */
export function needStates(source, { first, tokens }) {
  return model.dump.statesOf(source).need(first, first + tokens.length);
}

/**
 * Go to the pair at a step: its text comes into view.
 * @param {number} step
 */
export function goToPair(step) {
  const at = Math.max(0, Math.min(step, model.axis.n_steps - state.span));
  changeState({ at, pairAt: step, start: null, stop: null, pairBrush: null }, "push");
}
