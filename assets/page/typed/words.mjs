/* The sentences about a typed text: its loss, what an edit changed, what the model knows and does not. */

import { valueText } from "../lib/scale.mjs";
import { showToken } from "../lib/tokens.mjs";
import { plural } from "../lib/words.mjs";
import { model } from "../store/model.mjs";
import { typedAnswer } from "./answer.mjs";
import { typedDifference } from "./diff.mjs";

const UNITS = { char: "character", word: "word", token: "token", number: "number" };
const NAMED = 6; // unknown tokens that are named

/**
 * What an empty box says: some of what the model knows.
 * @param {Typing} typing
 */
export function exampleWords(typing) {
  const some = typing?.some || [];
  const words = some.slice(0, 24).map((token) => showToken(token).text);
  return words.length
    ? `The model knows ${plural(typing.n_vocab, UNITS[typing.level])}, such as ${words.join(" ")}`
    : "";
}

/* "12 tokens, 1.43 nats each." and what an edit changed. */
export function typedSummary() {
  const answer = typedAnswer();
  if (!answer) return "";
  const loss = lossWords(answer);
  return `${plural(answer.tokens.length, "token")}${loss && `, ${loss}`}.${edited()}`;
}

/**
 * "loss 1.43 nats a token", or "" where nothing is predicted.
 * @param {TextAnswer} answer
 */
function lossWords(answer) {
  const loss = answer.tracks.find((track) => track.name === "loss");
  const paid = loss ? loss.values.filter((one) => one !== null) : [];
  return paid.length ? `loss ${valueText(paid.reduce((sum, one) => sum + one, 0) / paid.length)} nats a token` : "";
}

function edited() {
  const difference = typedDifference();
  if (!difference) return "";
  if (difference.isHeld) return ` With nothing held (dashed): ${lossWords(difference.answer) || "the same text"}.`;
  /** @param {string} kind */
  const count = (kind) => difference.alignment.kinds.filter((/** @type {string} */ one) => one === kind).length;
  const out = difference.alignment.gone.reduce(
    (/** @type {number} */ sum, /** @type {Alignment["gone"][number]} */ [, places]) => sum + places.length,
    0,
  );
  const parts = [
    [count("changed"), "changed"],
    [count("new"), "put in"],
    [out, "taken out"],
  ]
    .filter(([n]) => n)
    .map(([n, words]) => `${n} ${words}`);
  if (!parts.length) return " The same as before.";
  const moved =
    !(model.chosen || []).length && difference.most.length
      ? ` Drawn in full: the units that moved most, ${difference.most.join(", ")}.`
      : "";
  return ` Against before (dashed): ${parts.join(", ")}.${moved}`;
}

/* The tokens that the model does not know, in words. */
export function unknownWords() {
  const answer = typedAnswer();
  if (!answer) return "";
  const names = [...new Set(answer.tokens.filter((_, step) => !answer.is_known[step]))];
  if (!names.length) return "";
  const some = names.slice(0, NAMED).map((token) => `“${showToken(token).text}”`);
  const sentence = `The model does not know ${some.join(", ")}${names.length > NAMED ? ` and ${names.length - NAMED} more` : ""}`;
  return answer.has_unknown ? `${sentence}: read as its unknown token.` : `${sentence}: not read, so no states.`;
}
