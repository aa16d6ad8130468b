/* How a token is shown: as itself, with everything invisible made visible. Pure; the text goes to canvas or textContent only. */

export const LONGEST = 300; // characters of a token that are ever shown, so that a token of 10,000 costs nothing
/** @type {Record<string, string>} */
const NAMED = { "\n": "⏎", "\t": "⇥", "\r": "␍" };
// Controls, format characters (zero width, direction), separators that are not a plain space, lone surrogates, fillers, code points that are no character.
const INVISIBLE =
  /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\u00A0\u1680\u2000-\u200A\u202F\u205F\u3000\u115F\u1160\u17B4\u17B5\u3164\uFFA0\p{Noncharacter_Code_Point}]|\u034F/u;
const PICTURE = /[\p{Extended_Pictographic}\p{Emoji_Modifier}]|\uFE0F/u;
const MISSING = { text: "", kind: "missing" };
const KEPT = 10_000; // tokens whose spelling is remembered
const /** @type {Map<string, ShownToken>} */ known = new Map();
const MARK = /^\p{M}/u;

/** @param {string} char */
function escaped(char) {
  if (NAMED[char]) return NAMED[char];
  const code = char.codePointAt(0);
  if (code < 0x100) return `\\x${code.toString(16).padStart(2, "0")}`;
  if (code < 0x10000) return `\\u${code.toString(16).padStart(4, "0")}`;
  return `\\u{${code.toString(16)}}`;
}

/**
 * token -> {text, kind}: kind "missing" (no such cell), "empty", "space", "escaped" (something invisible is spelled out) or "plain".
 * @param {string | null | undefined} token
 * @returns {Readonly<ShownToken>}
 */
export function showToken(token) {
  if (token === null || token === undefined) return MISSING;
  let shown = known.get(token);
  if (!shown) {
    shown = asShown(token);
    if (known.size > KEPT) known.clear();
    if (token.length <= LONGEST) known.set(token, shown);
  }
  return shown;
}

/**
 * Tokens, those at some places marked as such that the model does not know.
 * @param {(string | null)[]} tokens
 * @param {number[]} unknown
 */
export function showTokens(tokens, unknown) {
  const shown = tokens.map(showToken);
  for (const k of unknown) shown[k] = markedUnknown(shown[k]);
  return shown;
}

/**
 * The token, marked as one that the model does not know.
 * @param {Readonly<ShownToken>} shown
 * @returns {Readonly<ShownToken>}
 */
export const markedUnknown = (shown) => ({ ...shown, isUnknown: true });

/**
 * What is said of a token that is pointed at, each a line.
 * @param {Readonly<ShownToken>} shown
 */
export const tokenLines = (shown) => [shown.text, unknownLine(shown)].filter(Boolean);

/**
 * What is said of a token that the model does not know; "" of others.
 * @param {Readonly<ShownToken>} shown
 */
export const unknownLine = ({ isUnknown }) => (isUnknown ? "unknown to the model: read as its unknown token" : "");

/**
 * @param {string} token
 * @returns {ShownToken}
 */
function asShown(token) {
  if (token === "") return { text: "∅", kind: "empty" };
  const chars = Array.from(token.slice(0, 2 * LONGEST));
  const isCut = chars.length > LONGEST || token.length > 2 * LONGEST;
  if (isCut) chars.length = Math.min(chars.length, LONGEST);
  let kind = "plain";
  let text = "";
  if (chars.every((char) => char === " ")) {
    kind = "space";
    text = "␣".repeat(chars.length);
  } else {
    text = spell(chars);
    if (text !== chars.join("")) kind = "escaped";
    if (MARK.test(text)) text = `◌${text}`; // a combining mark would otherwise sit on its neighbour
  }
  return { text: isCut ? `${text}…` : text, kind };
}

/**
 * A sentence, which may hold names that came with a file, as one line with everything invisible spelled out.
 * @param {string} words
 */
export function oneLine(words) {
  return spell(Array.from(String(words)));
}

/** @param {string[]} chars */
function spell(chars) {
  return chars.map((char, i) => (INVISIBLE.test(char) && !joinsPictures(chars, i) ? escaped(char) : char)).join("");
}

/**
 * A zero-width joiner inside an emoji is part of one picture and stays.
 * @param {string[]} chars
 * @param {number} i
 */
function joinsPictures(chars, i) {
  return (
    chars[i] === "\u200D" && i > 0 && i + 1 < chars.length && PICTURE.test(chars[i - 1]) && PICTURE.test(chars[i + 1])
  );
}

/**
 * What each token adds to a text, as it is shown. Pieces of words bring their own spaces, or say by a mark where a word
 * begins (`prefix`, `suffix`); the others stand apart by `join`.
 * @param {string[]} texts as `showToken` gives them
 * @param {{ join: string, pieces: string }} axis
 */
export function spelled(texts, { join, pieces }) {
  const at = pieces.indexOf(":");
  const [kind, mark] = at < 0 ? [pieces, ""] : [pieces.slice(0, at), pieces.slice(at + 1)];
  if (kind === "prefix")
    return texts.map((text) =>
      text.length > mark.length && text.startsWith(mark) ? text.slice(mark.length) : ` ${text}`,
    );
  if (kind === "suffix")
    return texts.map((text) =>
      text.length > mark.length && text.endsWith(mark) ? text.slice(0, -mark.length) : `${text} `,
    );
  if (pieces) return texts;
  return texts.map((text, i) => (i ? join : "") + text);
}

/**
 * Are two neighbouring tokens pieces of one word?
 * @param {string} before
 * @param {string} after
 * @param {{ join: string, pieces: string }} axis
 */
export function isOneWord(before, after, axis) {
  return before !== "" && after !== "" && !/\s/.test(spelled([before, after], axis).join("").trim());
}

/**
 * Tokens as one text.
 * @param {string[]} texts
 * @param {{ join: string, pieces: string }} axis
 */
export function joinedText(texts, axis) {
  return spelled(texts, axis).join("").trim();
}

/**
 * Tokens as one text in three parts: before the tokens [start, stop), these, and after; spaces stand outside of these.
 * @param {string[]} texts
 * @param {{ join: string, pieces: string }} axis
 * @param {number} start
 * @param {number} stop
 */
export function textAround(texts, axis, start, stop) {
  const tokens = texts.map((text) => ({ text, kind: "plain" }));
  return partsAround(tokens, axis, start, stop).map((parts) => parts.map(({ text }) => text).join(""));
}

/**
 * The same three parts, each a list of its tokens and of the spaces between them.
 * @param {ShownToken[]} shown
 * @param {{ join: string, pieces: string }} axis
 * @param {number} start
 * @param {number} stop
 */
export function partsAround(shown, axis, start, stop) {
  const texts = spelled(
    shown.map(({ text }) => text),
    axis,
  );
  const parts = texts.map((text, k) => withSpaces(text, shown[k]));
  const [before, inside, after] = [parts.slice(0, start), parts.slice(start, stop), parts.slice(stop)].map((some) =>
    some.flat(),
  );
  if (isSpace(before[0])) before.shift();
  if (isSpace(after.at(-1))) after.pop();
  if (isSpace(inside[0])) before.push(inside.shift());
  if (isSpace(inside.at(-1))) after.unshift(inside.pop());
  return [before, inside, after];
}

/**
 * A token's text in up to three parts: the spaces before it, itself, and the spaces after it.
 * @param {string} text
 * @param {ShownToken} shown
 * @returns {ShownToken[]}
 */
function withSpaces(text, shown) {
  const word = text.trim();
  const at = text.indexOf(word);
  const parts = [text.slice(0, at), word, text.slice(at + word.length)];
  return parts
    .map((part, k) => ({ ...shown, text: part, isUnknown: k === 1 && shown.isUnknown }))
    .filter((one) => one.text);
}

/** @param {ShownToken | undefined} part */
const isSpace = (part) => part !== undefined && !part.text.trim();

const SHARED_LEAST = 4; // characters that all begin with, before they are left out

/**
 * How many characters texts all begin with, up to the last sign between words: what tells them apart comes after. 0 where
 * that is hardly any, or there are not several.
 * @param {string[]} texts
 */
export function sharedLead(texts) {
  if (texts.length < 2) return 0;
  const [first] = texts;
  let n = 0;
  while (n < first.length && texts.every((text) => text[n] === first[n])) n++;
  while (n > 0 && /[\p{L}\p{N}\p{M}\p{Cs}]/u.test(first[n - 1])) n--;
  return n >= SHARED_LEAST && texts.every((text) => text.length > n) ? n : 0;
}

/**
 * The widest prefix that `width(text) <= room` allows, ending in "…" where something was cut.
 * @param {string} text
 * @param {number} room
 * @param {(text: string) => number} width
 */
export function fitText(text, room, width) {
  if (width(text) <= room) return text;
  const chars = Array.from(text);
  let low = 0;
  let high = chars.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (width(`${chars.slice(0, middle).join("")}…`) <= room) low = middle;
    else high = middle - 1;
  }
  return low === 0 ? (width("…") <= room ? "…" : "") : `${chars.slice(0, low).join("")}…`;
}
