/* What matches carry, worked out from the summary: which track tells most, and the filter that a bar stands for. Pure. */

import { decimal } from "./shares.mjs";

/** @param {CarriedValue} value */
const differ = ({ share, base_rate: base }) => Math.abs((share || 0) - (base || 0));

/**
 * How much a track tells: the largest difference between a share and its base rate.
 * @param {CarriedTrack} track
 */
function tells(track) {
  return Math.max(0, ...track.values.map(differ));
}

const LITTLE = 0.05; // difference of a share to its base rate

/**
 * Do the matches hardly differ from the corpus in any value of a track?
 * @param {CarriedTrack} track
 */
export const tellsLittle = (track) => tells(track) < LITTLE;

/**
 * The tracks that have a value at any step of the matches, the most telling first.
 * @param {CarriedTrack[]} tracks
 */
export function byStrength(tracks) {
  return tracks.filter((track) => track.n_steps > 0).sort((a, b) => tells(b) - tells(a));
}

/**
 * The value that matches carry most more often than the corpus does; null where none is.
 * @param {CarriedTrack} track
 */
export function strongestValue(track) {
  const more = track.values.filter(({ share, base_rate: base }) => share > base);
  return more.sort((a, b) => b.share - b.base_rate - (a.share - a.base_rate))[0] || null;
}

/**
 * The values in the order of their bars: numbers as they rise, labels by how far they differ, tokens as they come.
 * @param {CarriedTrack} track
 */
export function valueRows(track) {
  const isInOrder = track.kind === "number" || track.isOfTokens;
  return isInOrder ? track.values : [...track.values].sort((a, b) => differ(b) - differ(a));
}

const ENDS = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1]; // shares at which a full bar may stand
const ROOM = 1.25; // of the longest bar's length: for the end of its interval, which comes later

/**
 * The share at which the bars of some values end: 1, or less where all of them are small, as those of words are.
 * @param {CarriedValue[]} values
 * @param {(number | null | undefined)[]} highs ends of their intervals, as far as they are known
 */
export function barsEnd(values, highs) {
  const most = Math.max(0, ...values.flatMap(({ share, base_rate: base }) => [share || 0, base || 0]));
  const reach = Math.max(most * ROOM, ...highs.map((high) => high || 0));
  return reach > 0 ? (ENDS.find((end) => end >= reach) ?? 1) : 1;
}

/**
 * "1.00 of the matched steps have depth 4, 0.16 of the corpus: 6.2 times as often", or "0.74 of the tokens here are “4”, …",
 * in parts: {figure, rest}.
 * @param {string} name
 * @param {CarriedValue} value
 * @param {boolean} [isOfTokens]
 */
export function enrichmentSentence(name, value, isOfTokens = false) {
  const { share, base_rate: base } = value;
  const times = base > 0 ? share / base : null;
  const often =
    times === null || times < 1.05 ? "" : `: ${times < 10 ? times.toFixed(1) : Math.round(times)} times as often`;
  const what = isOfTokens
    ? `of the ${name.replace("token", "tokens")} are “${value.value}”`
    : `of the matched steps have ${name} ${value.value}`;
  return {
    figure: decimal(share),
    rest: `${what}, ${decimal(base)} of the corpus${often}`,
  };
}

const scratch = new DataView(new ArrayBuffer(8));

/**
 * The next smaller double: a range that another one follows does not hold its upper end.
 * @param {number} value
 */
export function nextBelow(value) {
  if (!Number.isFinite(value)) return value;
  if (value === 0) return -Number.MIN_VALUE;
  scratch.setFloat64(0, value);
  const bits = scratch.getBigInt64(0);
  scratch.setBigInt64(0, value > 0 ? bits - 1n : bits + 1n);
  return scratch.getFloat64(0);
}

/**
 * The ends, both included, of the numbers that a value of a track stands for.
 * @param {CarriedTrack} track
 * @param {CarriedValue} value
 */
export function valueRange(track, value) {
  const isOpen = value.low < value.high && value !== track.values.at(-1);
  return { low: value.low, high: isOpen ? nextBelow(value.high) : value.high };
}

/**
 * @param {Filter[]} filters
 * @param {string} name
 */
function filterOn(filters, name) {
  return filters.find((filter) => filter.track === name) || null;
}

/**
 * Does a filter of the track allow what the bar stands for? null where the track has no filter.
 * @param {Filter[]} filters
 * @param {CarriedTrack} track
 * @param {CarriedValue} value
 */
export function isValueAllowed(filters, track, value) {
  const filter = filterOn(filters, track.name);
  if (!filter) return null;
  if (track.kind === "category") return (filter.labels || []).includes(value.value);
  const { low, high } = valueRange(track, value);
  return !(filter.low > low) && !(filter.high < high); // an open end is undefined or null, and compares as false
}

/**
 * The filters after a press on a bar: a label joins its track's or leaves them, a range takes the place of the one before;
 * `isMore` stretches that one. Pressing all that is allowed takes the filter away.
 * @param {Filter[]} filters
 * @param {CarriedTrack} track
 * @param {CarriedValue} value
 * @param {boolean} isMore
 */
export function toggledFilter(filters, track, value, isMore) {
  const filter = filterOn(filters, track.name);
  const rest = filters.filter((one) => one !== filter);
  if (track.kind === "category") {
    const had = filter?.labels || [];
    const labels = had.includes(value.value) ? had.filter((label) => label !== value.value) : [...had, value.value];
    return labels.length ? [...rest, { track: track.name, labels }] : rest;
  }
  const ends = valueRange(track, value);
  if (filter && filter.low === ends.low && filter.high === ends.high) return rest;
  if (filter && isMore) {
    ends.low = Math.min(ends.low, filter.low ?? ends.low);
    ends.high = Math.max(ends.high, filter.high ?? ends.high);
  }
  return [...rest, { track: track.name, low: ends.low, high: ends.high }];
}

/**
 * A filter in words: "depth 3 to 4", "tag noun or verb", "token is or are". `text(number)` writes a number.
 * @param {Filter} filter
 * @param {(value: number) => string} text
 */
export function filterWords({ track, labels, low, high, expression, over }, text) {
  if (expression) return `${over === "tokens" ? "token" : over} ${expression}`;
  if (labels?.length)
    return `${track || "token"} ${labels.length > 3 ? `${labels.slice(0, 3).join(", ")} or ${labels.length - 3} more` : labels.join(" or ")}`;
  if (low === high) return `${track} ${text(low)}`;
  if (low === undefined || low === null) return `${track} up to ${text(high)}`;
  if (high === undefined || high === null) return `${track} from ${text(low)}`;
  return `${track} ${text(low)} to ${text(high)}`;
}
