/* What a unit's card says, worked out from the server's answer. Pure. */

import { percent } from "./shares.mjs";
import { plural } from "./words.mjs";

/**
 * Where a histogram's bin is cut by a threshold: {from, to} of its part that is on, both shares of its width; null where none is.
 * @param {number} low
 * @param {number} high
 * @param {number} threshold
 * @param {Side} side
 */
export function onPart(low, high, threshold, side) {
  const at = high > low ? Math.min(1, Math.max(0, (threshold - low) / (high - low))) : 0;
  if (side === "low") return at > 0 ? { from: 0, to: at } : null;
  return at < 1 ? { from: at, to: 1 } : null;
}

/**
 * "on in 23 % of steps · median run 2 steps".
 * @param {UnitCard} card
 */
export function unitSentence(card) {
  const { on_rate: rate, n_runs: nRuns, median_run: median, n_nan: nNan } = card;
  if (rate === null) return "no step has a value";
  const parts = rate === 0 ? ["never on"] : rate === 1 ? ["on at every step"] : [`on in ${percent(rate)} of steps`];
  if (nRuns) parts.push(nRuns === 1 ? "in one run" : `median run ${plural(median, "step")}`);
  if (nNan) parts.push(plural(nNan, "NaN value"));
  return parts.join(" · ");
}

/**
 * How strongly a step of a context is coloured, 0 to 1: by its value towards the card's side, less where it is off.
 * @param {number | null} value
 * @param {number} threshold
 * @param {Side} side
 * @param {number} reach
 */
export function contextStrength(value, threshold, side, reach) {
  if (value === null || !(reach > 0)) return 0;
  const [towards, least] = side === "low" ? [-value, -threshold] : [value, threshold];
  if (towards < least) return Math.max(0, Math.min(1, towards / reach)) * 0.25;
  return 0.4 + 0.6 * Math.max(0, Math.min(1, towards / reach));
}

/**
 * How far a track sets the unit apart: the largest difference of an on-rate from the overall one, weighed by its steps.
 * @param {UnitTrack} track
 */
function strength(track) {
  if (!track.table) return Math.abs(track.r || 0) * Math.sqrt(track.n_steps);
  return Math.max(0, ...track.table.value.map((_, k) => weight(track, k)));
}

/**
 * @param {UnitTrack} track
 * @param {number} k
 */
function weight({ table, on_rate: overall }, k) {
  return Math.abs((table.on_rate[k] || 0) - overall) * Math.sqrt(table.n_steps[k]);
}

/**
 * The tracks, the most telling first, each with its most telling values in the track's own order:
 * [{name, r, overall, nValues, rows: [{value, onRate, nSteps}]}].
 * @param {{ tracks: UnitTrack[] }} card
 * @param {number} most
 */
export function unitTracks(card, most) {
  return [...card.tracks]
    .sort((a, b) => strength(b) - strength(a))
    .map((track) => {
      const { table, name, r, on_rate: overall, kind } = track;
      const places = table ? table.value.map((_, k) => k) : [];
      const kept = places.sort((a, b) => weight(track, b) - weight(track, a)).slice(0, most);
      if (kind === "number") kept.sort((a, b) => a - b);
      else kept.sort((a, b) => table.on_rate[b] - table.on_rate[a]);
      const rows = kept.map((k) => ({ value: table.value[k], onRate: table.on_rate[k], nSteps: table.n_steps[k] }));
      return { name, kind, r, overall, nValues: table ? table.value.length : 0, rows };
    });
}
