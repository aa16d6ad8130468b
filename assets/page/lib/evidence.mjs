/* Evidence in words: how sure a share is, and whether it is more than chance. Pure. */

import { grouped } from "./scale.mjs";
import { decimal } from "./shares.mjs";
import { plural } from "./words.mjs";

const SURE = 0.05; // q below it has a dot
const NULLS = {
  swaps: "against sequences swapped in tens if their order means nothing",
  draws: "against up to 9,999 swaps of sequences in tens if their order means nothing",
  shifts: "against labels shifted along the text: a weaker test, misled by drift",
};

/**
 * What is known of a value of a track; null where nothing is.
 * @param {Evidence | null} answer
 * @param {{ value: string }} value
 * @returns {EvidenceRow | null}
 */
export function evidenceOf(answer, { value }) {
  return answer?.rows?.find((row) => row.value === value) || null;
}

/**
 * Does a value stand at the matches more often or more seldom than by chance?
 * @param {EvidenceRow | null} row
 */
export function isBeyondChance(row) {
  return row !== null && row.q !== null && row.q < SURE;
}

/**
 * "p < .001", "p = .034".
 * @param {number} p
 */
export function chanceText(p) {
  if (p < 0.001) return "p < .001";
  return p > 0.995 ? "p = 1" : `p = ${p.toFixed(p < 0.1 ? 3 : 2).slice(1)}`;
}

/**
 * "0.98 to 1.00", or null where there is no interval.
 * @param {EvidenceRow | null} row
 */
export function intervalText(row) {
  return row && row.share_low !== null ? `${decimal(row.share_low)} to ${decimal(row.share_high)}` : null;
}

/**
 * Whether the matches carry a value by chance, by which null, and how sure its share is; "" where nothing is known.
 * @param {Evidence} answer
 * @param {EvidenceRow | null} row
 * @param {string} [what] what a row stands for
 */
export function evidenceSentence(answer, row, what = "value") {
  if (!row || row.q === null) return "";
  const among = answer.n_values > 1 ? ` (adjusted for ${plural(answer.n_values, what)})` : "";
  const parts = [
    `${isBeyondChance(row) ? "Not by chance" : "Perhaps by chance"}: ${chanceText(row.q)}${among} ${NULLS[row.by]}.`,
    intervalSentence(answer, row),
  ];
  if (answer.n_unknown) parts.push(`${plural(answer.n_unknown, "matched step")} without a value left out.`);
  return parts.join(" ");
}

/**
 * @param {Evidence} answer
 * @param {EvidenceRow} row
 */
function intervalSentence({ n_sequences: n }, row) {
  const interval = intervalText(row);
  if (interval) return `95 % interval ${interval}.`;
  return n === 1
    ? "Only one sequence has a match: too few for an interval."
    : `Only ${grouped(n)} sequences have a match: too few for an interval.`;
}

/**
 * What a row's tip adds: its interval, chance, and how well the pattern detects the value.
 * @param {EvidenceRow | null} row
 */
export function evidenceTip(row) {
  if (!row || row.q === null) return [];
  const interval = intervalText(row);
  return [
    ...(interval ? [`95 % interval ${interval}`] : []),
    `${isBeyondChance(row) ? "not by chance" : "perhaps by chance"}: q ${chanceText(row.q).slice(2)}`,
    `recall ${decimal(row.recall)}, F1 ${decimal(row.f1)}; always yes ${decimal(row.f1_always)}`,
  ];
}
