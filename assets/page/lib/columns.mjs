/* How the table of matches divides its width: step, shared units, tokens, then a heatmap for each measure. Characters stand
   in cells of one width; words flow as they are long, aligned where the matches start. Pure. */

const LINKS = 124; // px for the step numbers, and what marks, brushes and hides a row
const DIGIT = 7; // px of a digit in "4/4"
const GAP = 22; // px between columns
export const HEAD_WIDTH = 44; // px that a column's name needs
const CHAR = { wide: 19, narrow: 15, least: 9 }; // px a cell of a text of characters
const WORD = 34; // px that a word takes, about
export const NARROWEST = 0.72; // share of its own width that a word stays readable at
export const WORD_PAD = 4; // px that a word's cell is wider than the word
// Of the width beside heatmaps; words that are enough, before a heatmap has more than it must; px too few to share; words
// to be in view, for which they are written narrower, down to a share of their width, and in less px without heatmaps.
const WORDS = { share: 0.7, most: 24, alone: 300, enough: 21, roomy: 600 };
const NEARLY = 0.9; // of the narrowest words: if twenty of them nearly have room, heatmaps make way
const AHEAD = 0.36; // share of the words' width that is before the matches
const AHEAD_CHARS = { least: 3, most: 5 }; // cells before a match
const PAIR = { share: 0.26, least: 120, most: 380, room: 560 }; // of the width beside a text: the other text of its pair
const NUMBER = 36; // px a cell where there is no text, and the first heatmap stands in its place
const HEAT = { least: 96, named: 112, good: 170, most: 420, cell: 12 }; // px a heatmap (`named`: that of the units has its name whole), and a cell of one where they are few

/**
 * The cells [a, b) that any row has something in: rows of short sequences leave the others empty.
 * @param {Row[]} rows
 */
export function usedCells(rows) {
  let [a, b] = [Infinity, 0];
  for (const { on } of rows) {
    const first = on.findIndex((value) => value !== null);
    if (first < 0) continue;
    a = Math.min(a, first);
    b = Math.max(b, on.findLastIndex((value) => value !== null) + 1);
  }
  return b > a ? [a, b] : [0, rows.length ? rows[0].on.length : 0];
}

/**
 * {list: columns from the left, hidden: tracks without room}. A column {name, kind, left, width, from, n, track} shows
 * cells from .. from + n of each row; text takes what it needs but leaves the heatmaps a share, and they divide the rest.
 * One of words has `ahead`: px of what is before the matches, and `narrow`: the share of their width that words have.
 * Asked: {width, used: [a, b], before: cells before a match's start, nUnits, isChars, hasTokens, unit (name of
 * one whose activation is shown, if any), tracks, nTokens: as many are wanted in a row; null: as many as are usual,
 * word: px of a word in the mean; isInColours: do the tokens' colours say what a heatmap would? Then words leave it out where room is short}.
 * @param {LayoutQuestion} asked
 */
export function columnLayout(asked) {
  const {
    width,
    used: [a, b],
    nUnits,
    tracks,
  } = asked;
  const units = {
    name: "units",
    kind: "shared",
    left: LINKS,
    width: DIGIT * (2 * String(nUnits).length + 1) + 8,
    from: 0,
    n: 0,
  };
  const left = nUnits ? units.left + Math.max(units.width, 36) + 10 : LINKS; // no pattern: the rows are steps of a region
  const paired = asked.pair && width >= PAIR.room ? pairWidth(width) : 0;
  const main = asked.hasTokens ? text({ ...asked, width: width - paired }, left) : null;
  const pairAt = main ? main.left + Math.max(main.width, HEAD_WIDTH) + GAP : left;
  const pair = paired ? [{ name: asked.pair, kind: "pair", left: pairAt, width: paired - GAP, from: 0, n: 0 }] : [];
  const after = pairAt + paired;
  const least = HEAT.least * (asked.scale || 1); // larger type has longer heads
  const fits = Math.max(main ? 0 : 1, Math.floor((width - after + GAP) / (least + GAP)));
  const /** @type {{ name: string, kind: string, track?: Track }[]} */ all = [
      ...(nUnits ? [{ name: "matched units", kind: "on" }] : []),
      ...(asked.unit ? [{ name: asked.unit, kind: "unit" }] : []),
      ...tracks.map((track) => ({ name: track.name, kind: "track", track })),
    ];
  const isShort = main && !asked.isChars && all.length > fits;
  const names = (isShort ? all.filter((column) => !asked.isInColours?.(column)) : all).slice(0, fits);
  const seen = names.filter((column) => column.kind === "track");
  const /** @type {Column[]} */ heats = [];
  const from = Math.max(a, asked.before - AHEAD_CHARS.most);
  let x = after;
  names.forEach((column, k) => {
    const share = Math.floor((width - x + GAP) / (names.length - k)) - GAP;
    const most =
      !main && k === 0
        ? Math.min((b - from) * NUMBER, width - x - (names.length - 1) * (HEAT.good + GAP))
        : Math.min(HEAT.most, share, (b - from) * HEAT.cell);
    const wide = Math.max(Math.min(least, share), most);
    heats.push(Object.assign(column, { left: x, width: wide, from, n: b - from }));
    x += wide + GAP;
  });
  return {
    list: [...(nUnits ? [units] : []), ...(main ? [main] : []), ...pair, ...heats],
    hidden: tracks.filter((track) => !seen.some((column) => column.track === track)),
  };
}

/** @param {number} width */
const pairWidth = (width) => Math.round(Math.max(PAIR.least, Math.min(PAIR.most, width * PAIR.share))) + GAP;

/**
 * @param {LayoutQuestion} asked
 * @param {number} left
 */
function text({ width, used: [a, b], before, isChars, tracks, unit, nTokens, word, scale = 1 }, left) {
  const room = width - left;
  if (!isChars) {
    const part = nTokens || room < WORDS.alone ? 1 : WORDS.share;
    const most = Math.min(b - a, nTokens || WORDS.most) * WORD;
    const enough = Math.min(b - a, nTokens || WORDS.enough);
    /** @param {number} px */
    const share = (px) => (px / enough - WORD_PAD) / (word || WORD * scale - WORD_PAD); // of their own width
    const beside = room - HEAT.named * scale - GAP;
    const isAlone = room < WORDS.roomy && share(beside) < NARROWEST && share(room) > NARROWEST * NEARLY;
    const context = Math.min(isAlone ? room : beside, WORDS.most * WORD * scale);
    const wide = Math.floor(Math.min(Math.max(room * part, context), Math.max(HEAD_WIDTH, most)));
    const narrow = Math.max(NARROWEST, Math.min(1, share(wide)));
    const ahead = Math.floor(wide * AHEAD);
    return { name: "tokens", kind: "text", left, width: wide, from: a, n: b - a, ahead, narrow };
  }
  const heats =
    1 + Math.min(tracks.length + (unit ? 1 : 0), Math.max(0, Math.floor((room * 0.4) / (HEAT.least + GAP)) - 1));
  const share = Math.max(room * 0.45, room - heats * (HEAT.good + GAP));
  const usual = width >= 900 ? CHAR.wide : CHAR.narrow;
  const cell = nTokens ? Math.max(CHAR.least, Math.min(usual, Math.floor(room / nTokens))) : usual;
  const fits = Math.max(1, Math.min(b - a, nTokens || b, Math.floor((nTokens ? room : share) / cell)));
  const ahead = fits < b - a ? AHEAD_CHARS.least : AHEAD_CHARS.most; // where room is short, less of what was before
  const from = Math.max(a, before - ahead);
  const n = Math.min(fits, b - from);
  return { name: "tokens", kind: "text", left, width: n * cell, from, n };
}
