/* Of one track: where its values belong, and which are missing. Pure. */

export const SHIFTED = "drawn over the token it speaks of, one step after the one it was recorded at";

/**
 * @param {Track} track
 * @param {TrackValue} value
 */
export function isMissingValue(track, value) {
  return (
    value === null ||
    value === undefined ||
    Number.isNaN(value) ||
    (track.kind === "category" && !(value in track.labels))
  );
}

/**
 * How many steps after the one that it was recorded at a value is drawn: one, where it speaks of the next token.
 * @param {Track} track
 */
export function trackShift(track) {
  return track.concerns === "next" ? 1 : 0;
}

/**
 * A track's value in cell `c` of a match row, drawn where it belongs; null outside the sequence.
 * @param {Track} track
 * @param {Row} row
 * @param {number} c
 */
export function trackValueInRow(track, row, c) {
  const values = row.tracks?.[track.name];
  const at = c - trackShift(track);
  const isIn = values && at >= 0 && row.on[c] !== null && row.on[at] !== null;
  return isIn ? values[at] : null;
}
