/* The figures of a pattern, a unit or a label through the moments of a training: as lines, and in words. Pure. */

import { decimal } from "./shares.mjs";
import { showToken } from "./tokens.mjs";

const MOST_LABELS = 12; // of a track that is offered
const PREDICTED = /(^|\.)top\d+$/; // the likeliest tokens

/**
 * Each figure that the moments have as a line: its name, one value a moment (null where there is none), the ends of its
 * scale, and how it is drawn. What lies between 0 and 1 shares that scale; loss and nats have their own.
 * @param {MomentRow[]} rows
 * @param {string} [unit]
 * @returns {MomentLine[]}
 */
export function momentLines(rows, unit) {
  const /** @type {[string, string, (row: MomentRow) => number | null | undefined, boolean][]} */ all = [
      [rows.some((row) => row.is_held_out) ? "held-out loss" : "loss on the probe", "loss", (row) => row.loss, false],
      ["states like the last", "like", (row) => row.cka, true],
      ["F1 of the matches", "f1", (row) => row.at_matches?.f1, true],
      ["lift of the matches", "lift", (row) => row.at_matches?.lift, true],
      [`F1 of unit ${unit}`, "unit", (row) => row.unit?.f1, true],
      [`unit ${unit} like itself at the last`, "self", (row) => row.unit && absolute(row.unit.r), true],
      ["F1 of the best unit", "best", (row) => row.best?.f1, true],
      ["effect in nats", "effect", (row) => row.kl, false],
    ];
  return all
    .map(([name, kind, value, isShare]) =>
      line(
        name,
        kind,
        rows.map((row) => value(row) ?? null),
        isShare,
      ),
    )
    .filter((one) => one.values.some((value) => value !== null));
}

/** @param {number | null} r */
const absolute = (r) => (r === null ? null : Math.abs(r));

/**
 * @param {string} name
 * @param {string} kind
 * @param {(number | null)[]} values
 * @param {boolean} isShare
 * @returns {MomentLine}
 */
function line(name, kind, values, isShare) {
  const known = values.filter((value) => value !== null);
  const low = isShare ? Math.min(0, ...known) : kind === "loss" ? Math.min(...known) : 0;
  const high = isShare ? 1 : Math.max(...known);
  return { name, kind, values, low, high: high > low ? high : low + 1 };
}

/**
 * The stretches of a line without gaps, as [moment, share of the height from below] each.
 * @param {MomentLine} line
 */
export function stretches({ values, low, high }) {
  const /** @type {[number, number][][]} */ pieces = [];
  values.forEach((value, k) => {
    if (value === null) return;
    if (!k || values[k - 1] === null) pieces.push([]);
    pieces.at(-1).push([k, (value - low) / (high - low)]);
  });
  return pieces;
}

/**
 * What is known of a moment, a line for each figure.
 * @param {string} member
 * @param {MomentRow} row
 * @param {MomentLine[]} lines
 * @param {number} k
 */
export function momentWords(member, row, lines, k) {
  const words = [member];
  for (const { name, values } of lines) if (values[k] !== null) words.push(`${name} ${figure(values[k])}`);
  if (row.at_matches) words.push(`${row.at_matches.n_matches} matches with all units`);
  if (row.unit) words.push(partnerWords(row.unit));
  if (row.best) words.push(`best unit: ${row.best.unit}`);
  return words;
}

/** @param {MomentUnit} unit */
function partnerWords({ partner, r_partner: r, is_mutual: isMutual }) {
  const how = r === null ? "" : ` (r ${figure(r)}${isMutual ? ", and back" : ""})`;
  return `its partner at the last moment: unit ${partner}${how}`;
}

/** @param {number} value */
export const figure = (value) => (Math.abs(value) < 0.0995 ? value.toPrecision(2) : decimal(value)).replace("-", "−");

/**
 * The labels that a pattern may be held against: of the tracks that have few, as [filter in JSON, words].
 * @param {Track[]} tracks
 * @returns {string[][]}
 */
export function labelChoices(tracks) {
  return tracks.filter((track) => !PREDICTED.test(track.name)).flatMap(choicesOf);
}

/** @param {Track} track */
function choicesOf({ name, kind, labels, low, high, is_integer: isInteger }) {
  const shown = showToken(name).text;
  if (kind === "category")
    return labels.length > MOST_LABELS
      ? []
      : labels.map((label) => [JSON.stringify({ track: name, labels: [label] }), `${shown} ${showToken(label).text}`]);
  if (!isInteger || high - low >= MOST_LABELS || high === low) return [];
  return Array.from({ length: high - low + 1 }, (_, k) => {
    const value = low + k;
    return [JSON.stringify({ track: name, low: value, high: value }), `${shown} ${value}`];
  });
}
