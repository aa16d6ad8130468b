/* How each part of the state is written in an address, and read from one. Pure. A value that is wrong reads as null.
   Names of sources and tracks have no "/", so it separates the parts of a value. */

import { shortPattern, wholePattern } from "./short-pattern.mjs";

export const SIDES = ["high", "low", "both"];
const VIEWS = ["lines", "text", "map"];
const METHODS = ["pca", "tsne", "umap"];
const PAIRS = ["lines", "heat", "off"];
const LOOKS = ["heat", "line", "bars"];
const MAX_CORNERS = 500; // of a region
export const MAX_THRESHOLD = 1e30; // beyond any activation
const STEPS = "a step number such as 2175";
const UNIT = "a unit such as rnn.l0.h/11/high";

/* What a state is where nobody asked for anything else; a part equal to it is left out of the address. */
export const /** @type {any} */ BASE_STATE = {
    start: null,
    stop: null,
    threshold: 0.3,
    side: "high",
    before: 1,
    after: 0,
    parts: [],
    excluded: [],
    pinned: [],
    filters: [],
    minLength: 1,
    maxLength: null,
    hidden: [],
    marked: [],
    order: "best",
    group: "",
    shared: null,
    exact: false, // are only matches listed that share exactly `shared` units?
    colour: "shared",
    shaded: [], // units of the pattern that "shared" counts; none: all of them
    underline: "", // the track that underlines the tokens of the matches: "track:NAME"
    rowTokens: null, // about how many tokens a row of matches has; null: the usual number
    rows: 50,
    tracks: null, // null: the first few
    looks: {}, // track -> how it is drawn, where not as usual
    held: null, // {source, unit}: the unit whose chip or line was pressed
    view: "lines",
    mask: false,
    bars: false,
    leastRun: 1, // steps: shorter runs at which a unit is on are left out of its line
    mapOf: "", // the source, or "embedding", that the map shows; "": the plotted one
    mapMethod: "pca",
    mapColour: null, // the track that colours it; null: the first, "": none
    mapPaths: null, // the track by which mean paths are drawn on it; "": one of all sequences, null: none
    lasso: null, // [[x, y], ...]: a region of that map, whose steps are listed in the place of matches
    beside: null, // {dump, source}: the second source, at the same steps
    pattern: null,
    text: null, // the typed text; null: its box is folded
    was: null, // the text that it is compared with
    typed: null, // {text, start, stop}: a brush on a typed text
    ablated: [], // [{source, unit}]: held while the model reads the typed text
    ablatedTo: "mean", // what they are held at: "mean" or "zero"
    carried: null, // {units, start, stop}: units that take the values of the text before at these tokens
    influence: false, // are the tokens shaded by what each of them changes?
    pair: "lines", // how attention between the texts of a pair is drawn: "lines" or "heat"; "off": folded
    pairWith: "", // the attention, or the axis, that is shown; "": the first
    pairSource: "", // the source whose lines are drawn at the other text; "": the one most like the plotted
    pairAt: null, // a step of the pair that was gone to, as long as it is in view
    pairBrush: null, // {start, stop}: a brush on the other text
    versus: null, // {dump, name, pattern}: a pattern that is pinned as A, as the text of a file
    lists: null, // "A": the matches of that one are listed
  };

/** @param {string} text */
function wholeNumber(text) {
  return /^\d{1,15}$/.test(text) ? Number(text) : null;
}

/** @param {string} text */
function anyNumber(text) {
  const value = text.trim() === "" ? NaN : Number(text);
  return Number.isFinite(value) && Math.abs(value) <= MAX_THRESHOLD ? value : null;
}

/**
 * @param {string[]} names
 * @returns {(text: string) => string | null}
 */
const oneOf = (names) => (text) => (names.includes(text) ? text : null);
/** @param {string} text */
const isTrue = (text) => (text === "1" ? true : null);
/** @param {string} text */
const name = (text) => (text.length <= 300 ? text : null);

/**
 * "rnn.l0.h/both/0.5"
 * @param {string} text
 */
function part(text) {
  const [source, side, threshold, ...rest] = text.split("/");
  const value = { source, side, threshold: anyNumber(threshold || "") };
  return source && SIDES.includes(side) && value.threshold !== null && !rest.length ? value : null;
}

/**
 * "rnn.l0.h/11/low", with or without "/-0.3": its own threshold.
 * @param {string} text
 */
function unit(text) {
  const [source, number, side, threshold, ...rest] = text.split("/");
  const /** @type {UnitName & { threshold?: number }} */ value = {
      source,
      unit: wholeNumber(number || ""),
      side: /** @type {Side} */ (side),
    };
  if (!source || value.unit === null || !["high", "low"].includes(side) || rest.length) return null;
  if (threshold === undefined) return value;
  value.threshold = anyNumber(threshold);
  return value.threshold === null ? null : value;
}

/** @param {Unit} unit */
function unitText({ source, unit, side, threshold }) {
  return [source, unit, side].concat(threshold === undefined || threshold === null ? [] : [threshold]).join("/");
}

/**
 * "rnn.l0.h/11"
 * @param {string} text
 */
function held(text) {
  const [source, number, ...rest] = text.split("/");
  const value = { source, unit: wholeNumber(number || "") };
  return source && value.unit !== null && !rest.length ? value : null;
}

/**
 * "3-6/rnn.l0.c/23/rnn.l0.c/41": tokens, and units
 * @param {string} text
 */
function carried(text) {
  const [window_, ...rest] = text.split("/");
  const [start, stop, ...more] = window_.split("-").map(wholeNumber);
  const units = Array.from({ length: rest.length / 2 }, (_, k) => held(`${rest[2 * k]}/${rest[2 * k + 1]}`));
  const isWhole = start !== null && stop > start && !more.length && rest.length % 2 === 0 && units.length > 0;
  return isWhole && !units.includes(null) ? { units, start, stop } : null;
}

/** @param {State["carried"]} carried */
function carriedText({ units, start, stop }) {
  return [`${start}-${stop}`, ...units.map((one) => `${one.source}/${one.unit}`)].join("/");
}

/**
 * "0123abcd/rnn.l0.h": a recording's uuid and a source of it
 * @param {string} text
 */
function beside(text) {
  const [dump, source, ...rest] = text.split("/");
  return dump && source && !rest.length ? { dump, source } : null;
}

/**
 * "depth/range/2/4" with either end open, or "tag/is/NN/VB" with each label escaped.
 * @param {string} text
 */
function filter(text) {
  const [track, kind, ...rest] = text.split("/");
  try {
    if (track && kind === "is" && rest.length) return { track, labels: rest.map(decodeURIComponent) };
  } catch {
    return null;
  }
  if (!track || kind !== "range" || rest.length !== 2) return null;
  const ends = rest.map((end) => (end === "" ? undefined : anyNumber(end)));
  if (ends.includes(null) || (ends[0] === undefined && ends[1] === undefined)) return null;
  const /** @type {Filter} */ value = { track };
  if (ends[0] !== undefined) value.low = ends[0];
  if (ends[1] !== undefined) value.high = ends[1];
  return value;
}

/** @param {Filter} filter */
function filterText({ track, labels, low, high }) {
  if (labels?.length) return [track, "is", ...labels.map(encodeURIComponent)].join("/");
  /** @param {any} value */
  const end = (value) => (value === undefined || value === null ? "" : value);
  return `${track}/range/${end(low)}/${end(high)}`;
}

/**
 * "0,0,1.5,0,1,2": the corners of a region, x and y in turn
 * @param {string} text
 */
function corners(text) {
  const all = text.split(",").map(anyNumber);
  if (all.length < 6 || all.length % 2 || all.length > 2 * MAX_CORNERS || all.includes(null)) return null;
  return Array.from({ length: all.length / 2 }, (_, k) => [all[2 * k], all[2 * k + 1]]);
}

/**
 * A pinned pattern {dump, name, pattern} as a link holds it: "dump:name:pattern".
 * @param {State["versus"]} pinned
 */
export function versusText({ dump, name: called, pattern }) {
  return [encodeURIComponent(dump), encodeURIComponent(called), shortPattern(pattern)].join(":");
}

/**
 * A pinned pattern of a link, or of an older link as JSON; null where it is none.
 * @param {string} text
 */
export function versus(text) {
  try {
    const given = text.startsWith("{") ? JSON.parse(text) : versusParts(text);
    const { dump, name: called, pattern } = given;
    const isWhole =
      [dump, called, pattern].every((value) => typeof value === "string") &&
      Array.isArray(JSON.parse(pattern).pattern.units);
    return isWhole ? { dump, name: called, pattern } : null;
  } catch {
    return null;
  }
}

/** @param {string} text */
function versusParts(text) {
  const [dump, called, ...rest] = text.split(":");
  return { dump: decodeURIComponent(dump), name: decodeURIComponent(called), pattern: wholePattern(rest.join(":")) };
}

/**
 * "120-125,300-302"
 * @param {string} text
 */
function windows(text) {
  const rows = text.split(",").map((row) => row.split("-").map(wholeNumber));
  return rows.every((row) => row.length === 2 && row[0] !== null && row[1] !== null && row[0] < row[1]) ? rows : null;
}

/** @param {(number[])[] | null} rows */
const asSpan = (rows) => (rows?.length === 1 ? { start: rows[0][0], stop: rows[0][1] } : null);

/**
 * @param {string} param
 * @param {string} field
 * @param {(text: string) => unknown} read
 * @param {string} kind
 */
const plain = (param, field, read, kind) => ({
  param,
  field,
  read,
  kind,
  write: /** @param {any} value */ (value) => [String(value)],
});
/**
 * @param {string} param
 * @param {string} field
 */
const flag = (param, field) => ({ param, field, read: isTrue, kind: "1", write: () => ["1"] });
/**
 * @param {string} param
 * @param {string} field
 * @param {(text: string) => unknown} read
 * @param {(value: any) => string} write
 * @param {string} kind
 */
const list = (param, field, read, write, kind) => ({
  param,
  field,
  read,
  kind,
  isList: true,
  /** @param {number[]} values */
  write: (values) => values.map(write),
});
/**
 * @param {string} param
 * @param {string} field
 */
const rows = (param, field) => ({
  param,
  field,
  read: windows,
  kind: "rows such as 120-125,300-302",
  /** @param {number[]} values */
  write: (/** @type {Span[]} */ values) => [values.map((row) => row.join("-")).join(",")],
});

/** @type {{ param: string, field: string, read: (text: string) => any, kind: string, isList?: boolean, write: (value: any) => string[] }[]} */
export const FIELDS = [
  plain("at", "at", wholeNumber, STEPS),
  plain("span", "span", wholeNumber, "a number of steps such as 60"),
  plain("start", "start", wholeNumber, STEPS),
  plain("stop", "stop", wholeNumber, STEPS),
  plain("t", "threshold", anyNumber, "a number such as 0.3"),
  plain("side", "side", oneOf(SIDES), "high, low or both"),
  plain("before", "before", wholeNumber, "a number of steps such as 1"),
  plain("after", "after", wholeNumber, "a number of steps such as 0"),
  list("also", "parts", part, (p) => `${p.source}/${p.side}/${p.threshold}`, "a source such as rnn.l0.h/both/0.3"),
  list("out", "excluded", unit, unitText, UNIT),
  list("pin", "pinned", unit, unitText, UNIT),
  list("only", "filters", filter, filterText, "a filter such as depth/range/2/4 or tag/is/NN"),
  plain("min", "minLength", wholeNumber, "a number of steps such as 1"),
  plain("max", "maxLength", wholeNumber, "a number of steps such as 8"),
  rows("hidden", "hidden"),
  rows("marked", "marked"),
  plain("order", "order", name, "best, step, length, -length, track:NAME or -track:NAME"),
  plain("group", "group", name, "sequence, length or track:NAME"),
  plain("shared", "shared", wholeNumber, "a number of units such as 3"),
  flag("exact", "exact"),
  plain("colour", "colour", name, "shared, track:NAME or unit:SOURCE:UNIT"),
  list("shade", "shaded", unit, unitText, UNIT),
  plain("under", "underline", name, "track:NAME"),
  plain("cells", "rowTokens", wholeNumber, "a number of tokens such as 24"),
  plain("rows", "rows", wholeNumber, "a number of rows such as 50"),
  list("track", "tracks", name, String, "a track's name"),
  plain("lists", "lists", oneOf(["A"]), "A"),
  plain("view", "view", oneOf(VIEWS), "lines, text or map"),
  plain("map", "mapOf", name, "a source, or embedding"),
  plain("by", "mapMethod", oneOf(METHODS), "pca, tsne or umap"),
  plain("dye", "mapColour", name, "a track's name"),
  plain("paths", "mapPaths", name, "a track's name"),
  {
    param: "lasso",
    field: "lasso",
    read: corners,
    kind: "a region such as 0,0,1,0,1,1",
    write: (value) => [value.flat().join(",")],
  },
  flag("mask", "mask"),
  flag("bars", "bars"),
  plain("runs", "leastRun", wholeNumber, "a number of steps such as 3"),
  {
    param: "beside",
    field: "beside",
    read: beside,
    kind: "a recording and a source such as 0123abcd/rnn.l0.h",
    write: (value) => [`${value.dump}/${value.source}`],
  },
  list("ablate", "ablated", held, (one) => `${one.source}/${one.unit}`, "a unit such as rnn.l0.c/23"),
  plain("ablateTo", "ablatedTo", oneOf(["mean", "zero"]), "mean or zero"),
  {
    param: "carry",
    field: "carried",
    read: carried,
    kind: "tokens and units such as 3-6/rnn.l0.c/23",
    write: (value) => [carriedText(value)],
  },
  flag("influence", "influence"),
  plain("pair", "pair", oneOf(PAIRS), "lines, heat or off"),
  plain("with", "pairWith", name, "an attention, or an axis"),
  plain("lines", "pairSource", name, "a source of the other text"),
  plain("pairAt", "pairAt", wholeNumber, STEPS),
  {
    param: "pairBrush",
    field: "pairBrush",
    read: (text) => asSpan(windows(text)),
    kind: "steps such as 3-6",
    write: (value) => [`${value.start}-${value.stop}`],
  },
  {
    param: "unit",
    field: "held",
    read: held,
    kind: "a unit such as rnn.l0.h/11",
    write: (value) => [`${value.source}/${value.unit}`],
  },
];

/**
 * The tracks of an address, each with how it is drawn: ["depth", "loss/line"] -> {tracks, looks}.
 * @param {string[]} given
 */
export function tracks(given) {
  const /** @type {Record<string, string>} */ looks = {};
  const names = given.filter(Boolean).map((text) => {
    const [track, look] = text.split("/");
    if (LOOKS.includes(look)) looks[track] = look;
    return track;
  });
  return { tracks: names, looks };
}

/**
 * The other way round; an empty list is written too, as it is not the default.
 * @param {Record<string, any>} state
 */
export function tracksText({ tracks: names, looks }) {
  if (names === null) return [];
  return names.length
    ? names.map((/** @type {string} */ track) => (Object.hasOwn(looks, track) ? `${track}/${looks[track]}` : track))
    : [""];
}
