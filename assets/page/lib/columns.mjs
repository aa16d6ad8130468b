/* How the table of matches divides its width: step, shared units, tokens, then a heatmap for each measure. Pure. */

const LINKS = 106; // px for the step numbers, and what marks and hides a row
const DIGIT = 7; // px of a digit in "4/4"
const GAP = 22; // px between columns
export const HEAD_WIDTH = 44; // px that a column's name needs
const CHAR = { wide: 19, narrow: 15 }; // px a cell of a text of characters
const WORD = { least: 54, most: 84 }; // px a cell of a text of words
const NUMBER = 36; // px a cell where there is no text, and the first heatmap stands in its place
const HEAT = { least: 96, good: 170, most: 420, cell: 12 }; // px a heatmap, and a cell of one where they are few

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
 * Asked: {width, used: [a, b], before: cells before a match's start, nUnits, isChars, hasTokens, unit (name of
 * one whose activation is shown, if any), tracks}.
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
  const main = asked.hasTokens ? text(asked, left) : null;
  const after = main ? main.left + Math.max(main.width, HEAD_WIDTH) + GAP : left;
  const fits = Math.max(1, Math.floor((width - after + GAP) / (HEAT.least + GAP)));
  const unitHeat = asked.unit && fits > 1 ? [{ name: asked.unit, kind: "unit" }] : [];
  const seen = tracks.slice(0, fits - (nUnits ? 1 : 0) - unitHeat.length);
  const names = [
    ...(nUnits ? [{ name: "matched units", kind: "on" }] : []),
    ...unitHeat,
    ...seen.map((track) => ({ name: track.name, kind: "track", track })),
  ];
  const /** @type {Column[]} */ heats = [];
  let x = after;
  names.forEach((column, k) => {
    const share = Math.floor((width - x + GAP) / (names.length - k)) - GAP;
    const most =
      !main && k === 0
        ? Math.min((b - a) * NUMBER, width - x - (unitHeat.length + seen.length) * (HEAT.good + GAP))
        : Math.min(HEAT.most, share, (b - a) * HEAT.cell);
    const wide = Math.max(Math.min(HEAT.least, share), most);
    heats.push(Object.assign(column, { left: x, width: wide, from: a, n: b - a }));
    x += wide + GAP;
  });
  return { list: [...(nUnits ? [units] : []), ...(main ? [main] : []), ...heats], hidden: tracks.slice(seen.length) };
}

/**
 * @param {LayoutQuestion} asked
 * @param {number} left
 */
function text({ width, used: [a, b], before, isChars, tracks, unit }, left) {
  const room = width - left;
  const heats =
    1 + Math.min(tracks.length + (unit ? 1 : 0), Math.max(0, Math.floor((room * 0.4) / (HEAT.least + GAP)) - 1));
  const share = Math.max(room * (isChars ? 0.45 : 0.58), room - heats * (HEAT.good + GAP));
  const chars = width >= 900 ? CHAR.wide : CHAR.narrow;
  const cell = isChars ? chars : Math.max(WORD.least, Math.min(WORD.most, Math.floor(share / (b - a))));
  const fits = Math.max(1, Math.min(b - a, Math.floor(share / cell)));
  const from = fits < b - a ? Math.max(a, before - 3) : a; // where room is short, less of what was before
  const n = Math.min(fits, b - from);
  return { name: "tokens", kind: "text", left, width: n * cell, from, n };
}
