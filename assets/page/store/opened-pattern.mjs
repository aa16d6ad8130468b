/* A pattern that was opened from a file, as the state holds it: its text. */

import { state } from "./state.mjs";

/** @type {{ text: string | null, file: PatternFile | null }} */
let last = { text: null, file: null }; // the opened text, read once

/* The opened pattern as an object, or null. The server reports what is wrong in it. */
export function openedPattern() {
  const { pattern } = state;
  if (pattern !== last.text) last = { text: pattern, file: pattern && readPattern(pattern) };
  return last.file;
}

/**
 * A pattern's text as an object; null where it is not a pattern.
 * @param {string} text
 */
export function readPattern(text) {
  try {
    const file = JSON.parse(text);
    return file?.pattern && Array.isArray(file.pattern.units) ? file : null;
  } catch {
    return null;
  }
}

/**
 * The opened pattern's units, as far as a recording has them.
 * @param {Dump} dump
 */
export function openedUnits(dump) {
  const file = openedPattern();
  if (!file) return [];
  return file.pattern.units
    .filter((unit) => isHere(dump, unit))
    .map((unit) => ({ side: "high", ...unit, isPinned: false }));
}

/**
 * @param {Dump} dump
 * @param {Unit} unit
 */
function isHere(dump, { source, unit, threshold }) {
  const known = dump.about.sources.find((one) => one.name === source);
  return known && Number.isInteger(unit) && unit >= 0 && unit < known.n_units && Number.isFinite(threshold);
}

/**
 * The line in place of the chips where the recording has none of its units.
 * @param {Dump} dump
 */
export function openedSentence(dump) {
  const file = openedPattern();
  if (!file || openedUnits(dump).length) return { kind: "", text: "" };
  const sources = [...new Set(file.pattern.units.map((unit) => unit.source))];
  if (!sources.length) return { kind: "lv-warn", text: "The opened pattern has no units." };
  return {
    kind: "lv-warn",
    text: `The opened pattern has its units on ${sources.join(", ")}, and this recording has none of them.`,
  };
}
