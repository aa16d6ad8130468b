/* What follows from the state and the loaded tiles: the present source, the units of the pattern, how many are on. */

import { redraw } from "../dom/frame.mjs";
import { clearNotice } from "../dom/notice.mjs";
import { grouped } from "../lib/scale.mjs";
import {
  BOTH_SIDES,
  brushedUnits,
  countMissing,
  countOn,
  cutFor,
  selectUnits,
  sequenceAround,
} from "../lib/select.mjs";
import { signal } from "../lib/signal.mjs";
import { trackShift } from "../lib/tracks.mjs";
import { MAX_WINDOW, patternKey, rowBytes } from "../lib/url.mjs";
import { plural } from "../lib/words.mjs";
import { cutOf } from "./cuts.mjs";
import { lookAgain, STEP_TILE, TILE_ROOM } from "./data.mjs";
import { openedUnits } from "./opened-pattern.mjs";
import { state } from "./state.mjs";
import { setTracksRevision } from "./tracks-revision.mjs";
import { typedStamp } from "./typed-data.mjs";
import { brushedText } from "./typed-text.mjs";

const SOON = 150; // ms until what is beside the view is asked for
const firsts = new WeakMap(); // axis -> tokens of the first tile seen

/** @type {Model} */
export const model = {
  dump: null, // Dump
  source: null, // the one that is plotted
  axis: null,
  tracks: [],
  cut: null, // of the threshold on the plotted source; null while the server is asked
  chosen: [], // the pattern: [{source, unit, side, threshold, isPinned, cut}]; null while its states load
  units: [], // those on the plotted source, sorted, each once; null while states load
  nMissing: 0, // where none is chosen: units that have a NaN in the window
  nLooked: 0, // and units that could have been
  problem: null, // why there can be no selection, in words
  isComplete: true, // every visible tile of the plotted source is here
  isShaded: true, // and of the pattern's other sources
  since: null, // when the page began to wait, ms
  use,
  refresh,
  sourceOf,
  row,
  rowsOf,
  shown,
  firstShown,
  value,
  sequenceOf,
  sequenceAt,
  bordersIn,
  countOn: countUnitsOn,
  countSides,
  onSide,
  wouldSelect,
};
let /** @type {string} */ lastKey = null;
let /** @type {ReturnType<typeof setTimeout>} */ prefetching = null;

export const viewLoaded = signal(); // the steps in view and their states are here
export const modelRefreshed = signal(); // sent with the visible steps, so that all who show them keep their tiles

/**
 * Take up a dump and a source of it.
 * @param {Dump} dump
 * @param {string} sourceName
 */
function use(dump, sourceName) {
  model.dump = dump;
  model.source = sourceOf(sourceName);
  model.axis = dump.about.axes[model.source.axis];
  model.tracks = dump.about.tracks.filter((track) => track.axis === model.axis.index);
  setTracksRevision(dump.about.tracks_revision);
  lastKey = null;
}

/** @param {string} name */
function sourceOf(name) {
  return model.dump.sourceOf(name);
}

/* Bring everything up to the state. Called before drawing; cheap where nothing changed. */
function refresh() {
  if (!model.dump) return;
  if (model.source.name !== state.source) use(model.dump, state.source);
  const states = model.dump.statesOf(model.source);
  const steps = model.dump.stepsOf(model.axis);
  const [from, to] = [state.at, state.at + state.span];
  lookAgain();
  const here = [states.need(from - 1, to + 1), steps.need(from - 1, to + 1)];
  modelRefreshed.tell(from, to);
  model.isComplete = here.every(Boolean);
  if (model.isComplete) {
    clearNotice("data");
    prefetchSoon();
    viewLoaded.tell();
  }
  const key = [patternKey(state), state.start === null ? "" : here.join(), state.typed ? typedStamp() : ""].join();
  if (key !== lastKey || model.chosen === null) {
    model.cut = cutOf(model.dump, model.source, state.threshold);
    model.chosen = choose(state, steps);
    model.units =
      model.chosen && sorted(model.chosen.filter((one) => one.source === model.source.name).map((one) => one.unit));
    lastKey = key;
  }
  model.isShaded = others()
    .map((name) => model.dump.statesOf(sourceOf(name)).need(from, to))
    .every(Boolean);
  wait(!model.isComplete || model.units === null);
}

/* Ask soon for the steps before and after the view, which may be wanted next: what is in view comes first. */
function prefetchSoon() {
  if (prefetching !== null) return;
  prefetching = setTimeout(() => {
    prefetching = null;
    const [from, to] = [state.at, state.at + state.span];
    const states = model.dump.statesOf(model.source);
    const steps = model.dump.stepsOf(model.axis);
    if (hasRoomBeside(states)) states.need(from - states.length, to + states.length, true, true);
    steps.need(from - steps.length / 4, to + steps.length / 4, true);
  }, SOON);
}

/** @param {number[]} units */
function sorted(units) {
  return [...new Set(units)].sort((a, b) => a - b);
}

/* Names of the sources that the pattern has units on, beside the one that is plotted. */
function others() {
  const names = new Set((model.chosen || []).map((one) => one.source));
  names.delete(model.source.name);
  return [...names].filter(sourceOf);
}

/**
 * Is there room for tiles beside the view without those of the view or the window going?
 * @param {any} states
 */
function hasRoomBeside(states) {
  const { span, start, stop } = state;
  const steps = span + 6 * states.length + (start === null ? 0 : stop - start);
  return steps * rowBytes(model.source) <= TILE_ROOM / (1 + others().length);
}

/**
 * The pattern that the state stands for, with the cut of each unit; null while states or cuts are on their way.
 * @param {State} state
 * @param {Tiles} steps
 */
function choose(state, steps) {
  model.problem = null;
  model.nMissing = 0;
  const units = state.pattern ? openedUnits(model.dump) : brushed(state, steps);
  if (units === null) return null;
  const cuts = units.map((one) => cutOf(model.dump, sourceOf(one.source), one.threshold));
  return cuts.includes(null) ? null : units.map((one, k) => Object.assign({}, one, { cut: cuts[k] }));
}

/**
 * @param {State} state
 * @param {Tiles} steps
 */
function brushed(state, steps) {
  const { start, stop, before, after } = state;
  const parts = [{ source: state.source, side: state.side, threshold: state.threshold }, ...state.parts];
  const asked = { parts, excluded: state.excluded, pinned: state.pinned };
  if (state.typed) return brushedInText(state.typed, parts, asked, state);
  if (start === null) return brushedUnits(asked, () => []);
  const [from, to] = [Math.max(0, start - before), Math.min(model.axis.n_steps, stop + after)];
  const tiles = parts.map((part) => model.dump.statesOf(sourceOf(part.source)));
  const isHere = [steps, ...tiles].map((one) => one.need(from, to)).every(Boolean);
  const cuts = new Map(parts.map((part) => [part.source, cutOf(model.dump, sourceOf(part.source), part.threshold)]));
  if (!isHere || [...cuts.values()].includes(null)) return null;
  const sequence = sequenceAround(bordersIn(from, to), start, from, to);
  if (stop > sequence[1]) {
    model.problem = `The window crosses the border of a sequence at step ${grouped(sequence[1])}: brush inside one sequence.`;
    return [];
  }
  return picked(asked, cuts, { start, stop, before, after, sequence }, rowsOf);
}

/**
 * The same of a window on a typed text, whose one sequence is all of it; null while its states are on their way.
 * @param {State["typed"]} window_
 * @param {Part[]} parts
 * @param {any} asked
 * @param {State} state
 */
function brushedInText({ start, stop }, parts, asked, { before, after }) {
  const text = brushedText(model);
  const cuts = new Map(parts.map((part) => [part.source, cutOf(model.dump, sourceOf(part.source), part.threshold)]));
  model.problem = text.why;
  if (text.why) return [];
  if (text.n === null || [...cuts.values()].includes(null)) return null;
  if (stop > text.n) {
    model.problem = `The window ends at token ${stop}; the text has ${plural(text.n, "token")}.`;
    return [];
  }
  return picked(asked, cuts, { start, stop, before, after, sequence: [0, text.n] }, text.rowsOf);
}

/**
 * The units that the brush would select with some parts of it changed; none while their states are on their way.
 * @param {Changes} changes
 * @returns {Unit[]}
 */
function wouldSelect(changes) {
  const { problem, nMissing, nLooked } = model;
  const changed = Object.assign({}, state, changes);
  const units = hasGridCut(changed) ? brushed(changed, model.dump.stepsOf(model.axis)) : [];
  Object.assign(model, { problem, nMissing, nLooked });
  return units || [];
}

/**
 * Is the cut of the threshold known here, without asking the server?
 * @param {State} changed
 */
function hasGridCut({ threshold }) {
  return cutFor(model.source.view, threshold, model.dump.about.tanh_cuts) !== null;
}

/**
 * The units of a brush on a window; `rows(source)` gives the values of a source by step.
 * @param {any} asked
 * @param {Map<string, number>} cuts
 * @param {any} window_
 * @param {(source: Source) => Rows} rows
 */
function picked(asked, cuts, window_, rows) {
  /**
   * @param {Part} part
   * @param {Side} side
   */
  const pick = (part, side) => {
    const source = sourceOf(part.source);
    const cut = side === "high" ? cuts.get(part.source) : -cuts.get(part.source); // atanh is odd
    return selectUnits(Object.assign({ row: rows(source), nUnits: source.n_units, cut, side }, window_));
  };
  const units = brushedUnits(asked, pick);
  if (!units.length) noteMissing(asked.parts, window_, rows);
  return units;
}

/**
 * @param {Part[]} parts
 * @param {{ start: number, stop: number }} window_
 * @param {(source: Source) => Rows} rows
 */
function noteMissing(parts, { start, stop }, rows) {
  const sources = parts.map((part) => sourceOf(part.source));
  model.nLooked = sources.reduce((sum, source) => sum + source.n_units, 0);
  model.nMissing = sources.reduce((sum, source) => sum + countMissing(rows(source), source.n_units, start, stop), 0);
}

/**
 * How many of the pattern's units are on at each step of [from, to), over all its sources.
 * @param {number} from
 * @param {number} to
 * @param {Unit[]} [units]
 */
function countUnitsOn(from, to, units = model.chosen || []) {
  const counts = new Uint16Array(Math.max(0, to - from));
  for (const name of new Set(units.map((one) => one.source))) {
    const source = sourceOf(name);
    if (source)
      countOn(
        rowsOf(source),
        units.filter((one) => one.source === name),
        from,
        to,
        counts,
      );
  }
  return counts;
}

/**
 * The same by side: {high: {counts, n}, low: {counts, n}}, `n` the pattern's units on that side.
 * @param {number} from
 * @param {number} to
 */
function countSides(from, to) {
  const /** @type {Record<string, { counts: Uint16Array, n: number }>} */ sides = {};
  for (const side of BOTH_SIDES) {
    const units = onSide(side);
    sides[side] = { counts: countUnitsOn(from, to, units), n: units.length };
  }
  return sides;
}

/**
 * The pattern's units on one side, of one source or of all.
 * @param {Side} side
 * @param {string} [source]
 */
function onSide(side, source) {
  return (model.chosen || []).filter((one) => one.side === side && (!source || one.source === source));
}

/**
 * step -> the recorded values of a source there, or null while they load.
 * @param {Source} source
 * @returns {Rows}
 */
function rowsOf(source) {
  const states = model.dump.statesOf(source);
  const n = source.n_units;
  return (step) => {
    const tile = states.at(step);
    if (!tile) return null;
    const k = step % states.length;
    return tile.subarray(k * n, k * n + n);
  };
}

/**
 * The recorded values of the plotted source at a step, or null while they load.
 * @param {number} step
 */
function row(step) {
  return rowsOf(model.source)(step);
}

/** @param {number} step */
function stepTile(step) {
  return model.dump.stepsOf(model.axis).at(step);
}

/**
 * How the token at a step is shown, or null while it loads.
 * @param {number} step
 */
function shown(step) {
  const tile = stepTile(step);
  if (!tile) return null;
  return tile.shown ? tile.shown[step - tile.first] : { text: "·", kind: "missing" };
}

/* Tokens of the axis by which the width of its text is estimated: those of the first tile seen. */
function firstShown() {
  const { at } = state;
  if (!firsts.has(model.axis) && stepTile(at)) firsts.set(model.axis, stepTile(at).shown || []);
  return firsts.get(model.axis) || [];
}

/**
 * A track's value as it is drawn at a step, or null: one that concerns the next token is drawn over that one.
 * @param {Track} track
 * @param {number} step
 */
function value(track, step) {
  const at = step - trackShift(track);
  const [here, tile] = [stepTile(step), at < 0 ? null : stepTile(at)];
  if (at !== step && (!here || here.borders.includes(step))) return null; // the step before is of another sequence
  const values = tile?.tracks[track.name];
  return values ? values[at - tile.first] : null;
}

/**
 * First steps of sequences in [from, to), as far as loaded.
 * @param {number} from
 * @param {number} to
 */
function bordersIn(from, to) {
  const borders = [];
  for (let k = Math.floor(Math.max(0, from) / STEP_TILE); k * STEP_TILE < to; k++) {
    const tile = stepTile(k * STEP_TILE);
    if (tile) for (const border of tile.borders) if (border >= from && border < to) borders.push(border);
  }
  return borders;
}

/**
 * The number of the sequence that starts at a border, or null where it is not known.
 * @param {number} border
 */
function sequenceAt(border) {
  const tile = stepTile(border);
  const k = tile ? tile.borders.indexOf(border) : -1;
  return k < 0 || tile.first_sequence === undefined ? null : tile.first_sequence + k;
}

/**
 * The sequence around a step, no further than the tiles beside it that are loaded.
 * @param {number} step
 * @returns {[from: number, to: number]}
 */
function sequenceOf(step) {
  const reach = STEP_TILE;
  let [from, to] = [Math.floor(step / reach) * reach, Math.floor(step / reach) * reach + reach];
  while (from > 0 && step - from < MAX_WINDOW && stepTile(from - 1)) from -= reach;
  while (to < model.axis.n_steps && to - step < MAX_WINDOW && stepTile(to)) to += reach;
  to = Math.min(to, model.axis.n_steps);
  return sequenceAround(bordersIn(from, to), step, from, to);
}

/** @param {boolean} isWaiting */
function wait(isWaiting) {
  if (!isWaiting) model.since = null;
  else if (model.since === null) {
    model.since = performance.now();
    setTimeout(() => redraw("overlay", "units"), 320);
  }
}
