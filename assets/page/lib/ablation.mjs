/* What an ablation says, in words and as places on a scale. Pure. */

import { plural } from "./words.mjs";

const NEEDED = 0.05; // p up to which the units do more than others
const LEAST = 1e-5; // nats at the left end of the scale
const NOTHING = 1e-3; // nats that nobody would notice
const DECADE = 10;

/**
 * 0.2974 -> "0.297", 0.00002 -> "<.001", 1.3299 -> "1.33".
 * @param {number | null} value
 */
export function nats(value) {
  if (value === null) return "–";
  const size = Math.abs(value);
  if (size === 0) return "0";
  if (size < 5e-4) return "<.001";
  return value.toFixed(size >= 1 ? 2 : 3);
}

/**
 * The verdict and what it rests on. `others`: how many sets of other units the pattern's were compared with.
 * @param {Ablation} answer
 */
export function ablationWords(answer) {
  const [here, after, elsewhere] = answer.places;
  const n = answer.others.kl.length;
  const them = answer.n_units === 1 ? "it" : "them";
  const held = `Held at another value, ${answer.n_units === 1 ? "it changes" : "they change"} the predictions at the matches by ${nats(here.kl)} nats`;
  const asMuch = answer.others.kl.filter((kl) => kl >= here.kl).length;
  const sets = answer.n_units === 1 ? plural(n, "other unit") : `${n} other sets of as many`;
  const behind = after.kl === null ? "Elsewhere" : `Up to 8 steps after a match ${nats(after.kl)}, elsewhere`;
  const beside = n
    ? `${asMuch === 0 ? "none" : asMuch} of ${sets} ${asMuch === 1 ? "does" : "do"} as much (p = ${pText(answer.p)})`
    : "there is no other unit to compare with";
  return {
    verdict: verdictOf(here.kl, answer.p, n, them),
    figures: `${held}; ${beside}. ${behind} ${nats(elsewhere.kl)}.`,
    loss:
      here.loss === null
        ? ""
        : `The loss at the matches ${here.loss < 0 ? "falls" : "rises"} by ${nats(Math.abs(here.loss))} nats.`,
  };
}

/**
 * @param {number} kl
 * @param {number | null} p
 * @param {number} n
 * @param {string} them
 */
function verdictOf(kl, p, n, them) {
  if (p === null || n < 1 / NEEDED - 1) return `There are too few others to say whether the model needs ${them} here.`;
  if (p <= NEEDED && kl >= NOTHING) return `The model needs ${them} here.`;
  if (kl < NOTHING) return `The model does not need ${them} here: a bystander, whatever the matches have in common.`;
  return `The model needs ${them} here no more than others.`;
}

/** @param {number | null} p */
function pText(p) {
  if (p === null) return "–";
  return p >= 0.995
    ? "1"
    : p
        .toFixed(p < 0.0995 ? 3 : 2)
        .replace(/^0/, "")
        .replace(/0$/, "");
}

/**
 * Powers of ten from the left end of the scale to the right one.
 * @param {Ablation} answer
 */
export function ablationTicks(answer) {
  const most = Math.max(answer.places[0].kl, ...answer.others.kl, NOTHING);
  const ticks = [];
  for (let power = Math.log10(LEAST); power <= Math.ceil(Math.log10(most)); power++) ticks.push(DECADE ** power);
  return ticks;
}

/**
 * Where a divergence stands on the scale, 0 to 1.
 * @param {number} kl
 * @param {number[]} ticks
 */
export function placeOf(kl, ticks) {
  const [low, high] = [Math.log10(ticks[0]), Math.log10(ticks.at(-1))];
  return Math.min(1, Math.max(0, (Math.log10(Math.max(kl, LEAST)) - low) / (high - low)));
}
