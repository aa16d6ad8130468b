/* Units taken out, brought back and pinned by hand; filters, bounds and rows by hand. Of the brush, or, where a pattern is
   opened, of its text. */

import { isSameUnit, withLimits, withNotes, withoutUnit, withUnit } from "../lib/pattern-edit.mjs";
import { model } from "./model.mjs";
import { openedPattern } from "./opened-pattern.mjs";
import { changeState, setHover, state } from "./state.mjs";

/**
 * @param {UnitName} one
 * @param {UnitName} other
 */
const isSame = (one, other) => isSameUnit(one, other);
/**
 * @template {UnitName} T
 * @param {T[]} list
 * @param {UnitName} unit
 */
const less = (list, unit) => list.filter((one) => !isSame(one, unit));

/**
 * {source, unit, side, threshold} of a unit with the threshold that the brush has for its source, or the plotted one's.
 * @param {string} source
 * @param {number} unit
 * @param {Side} side
 */
export function unitWithThreshold(source, unit, side) {
  const part = state.parts.find((one) => one.source === source) || state;
  return { source, unit, side, threshold: side === "low" ? -part.threshold + 0 : part.threshold };
}

/**
 * Is it in the pattern? Gives it as the pattern has it, or null.
 * @param {UnitName} unit
 */
function findChosen(unit) {
  return (model.chosen || []).find((one) => isSame(one, unit)) || null;
}

/** @param {Unit} unit */
function whole({ source, unit, side, threshold }) {
  return { source, unit, side, threshold };
}

/**
 * @param {(file: PatternFile) => PatternFile} change
 * @param {Changes} [more]
 */
function edit(change, more) {
  const file = openedPattern();
  if (file) changeState(Object.assign({ pattern: JSON.stringify(change(file)) }, more), "settle");
}

/**
 * Take a unit out. A pinned one that the brush does not select is unpinned; any other is remembered, to be brought back.
 * @param {UnitName} unit
 */
export function excludeUnit(unit) {
  const { pattern, pinned, excluded } = state;
  const one = findChosen(unit);
  if (!one) return;
  const out = pattern ? whole(one) : { source: one.source, unit: one.unit, side: one.side };
  const kept = !pattern && one.isPinned && !one.isPicked ? less(excluded, one) : [...less(excluded, one), out];
  if (pattern) edit((file) => withoutUnit(file, one), { excluded: kept });
  else changeState({ pinned: less(pinned, one), excluded: kept }, "settle");
  setHover({ unit: null });
}

/**
 * Take out a unit on whichever sides it is in the pattern.
 * @param {string} source
 * @param {number} unit
 */
export function excludeBothSides(source, unit) {
  for (const one of (model.chosen || []).filter((other) => other.source === source && other.unit === unit))
    excludeUnit(one);
}

/**
 * Bring an excluded unit back.
 * @param {UnitName} unit
 */
export function includeUnit(unit) {
  const { pattern, excluded } = state;
  const gone = excluded.find((one) => isSame(one, unit));
  const back = Object.assign(unitWithThreshold(unit.source, unit.unit, unit.side), gone);
  if (pattern) edit((file) => withUnit(file, back), { excluded: less(excluded, unit) });
  else changeState({ excluded: less(excluded, unit) }, "settle");
}

/**
 * Keep a unit whatever the brush selects.
 * @param {UnitName & { threshold?: number }} unit
 */
export function pinUnit(unit) {
  const { pattern, pinned, excluded } = state;
  const one = whole(Object.assign(unitWithThreshold(unit.source, unit.unit, unit.side), unit));
  if (pattern) edit((file) => withUnit(file, one), { excluded: less(excluded, one) });
  else changeState({ pinned: [...less(pinned, one), one], excluded: less(excluded, one) }, "settle");
}

/**
 * Pin or unpin a unit. All units of an opened pattern are kept anyway.
 * @param {UnitName & { threshold?: number }} unit
 */
export function togglePin(unit) {
  const { pattern, pinned } = state;
  if (pinned.some((one) => isSame(one, unit))) changeState({ pinned: less(pinned, unit) }, "settle");
  else if (!pattern || !findChosen(unit)) pinUnit(findChosen(unit) || unit);
}

/* The filters and bounds that hold now: of the opened pattern, or of the brush. */
export function presentLimits() {
  const file = state.pattern && openedPattern();
  if (!file) return state;
  const { filters, min_length: minLength, max_length: maxLength } = file.pattern;
  return { filters: filters || [], minLength: minLength || 1, maxLength: maxLength === undefined ? null : maxLength };
}

/**
 * Change them: {filters, minLength, maxLength}, each only where it is given.
 * @param {Changes} changes
 */
export function changeLimits(changes) {
  if (state.pattern) edit((file) => withLimits(file, changes));
  else changeState(changes, "settle");
}

/* The match rows hidden and marked by hand: {hidden, marked}, each a list of [start, stop]. */
export function presentByHand() {
  const file = state.pattern && openedPattern();
  if (!file) return state;
  const notes = file.notes && file.notes.dump === state.dump ? file.notes : {};
  return { hidden: notes.hidden || [], marked: notes.marked || [] };
}

/**
 * Change them: {hidden, marked}, each only where it is given.
 * @param {Changes} rows
 */
export function changeByHand(rows) {
  if (state.pattern) edit((file) => withNotes(file, rows, state.dump));
  else changeState(rows, "settle");
}

let arePressesPins = false;

/* Does a press on a line pin its unit? While "+ pin" is open it does. */
export const isPinning = () => arePressesPins;

/** @param {boolean} wanted */
export function pinPresses(wanted) {
  arePressesPins = wanted;
}
