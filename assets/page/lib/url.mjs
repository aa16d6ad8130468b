/* The selection as a query string, and back. Pure: what is wrong with a link is returned in words, never thrown. */

import { shortPattern, wholePattern } from "./short-pattern.mjs";
import { checkAgainstDump } from "./url-checks.mjs";
import { BASE_STATE, FIELDS, tracks, tracksText, versus, versusText } from "./url-fields.mjs";

export const PAGE_ROWS = 50; // of matches, where nobody asked for more
export const MIN_SPAN = 8; // steps; fewer leave nothing to compare
export const MAX_SPAN = 800; // steps; more are thinner than two pixels each
export const MAX_OFF = 99; // steps; a constraint longer than that is a typing slip
export const MAX_WINDOW = 4096; // steps of a window
export const MAX_ROWS = 2000; // rows of matches that the server gives in one answer
const VIEW_BYTES = 48 * 1024 * 1024; // of states in view at once
const WINDOW_BYTES = 48 * 1024 * 1024; // of states in one window
const MAX_LINKED = 4000; // characters of typed texts that a link carries
export const MAX_THRESHOLD = 1e30; // beyond any activation
// What decides which matches there are, and which of them are listed.
export const QUESTION_FIELDS = [
  "dump",
  "source",
  "start",
  "stop",
  "typed",
  "threshold",
  "side",
  "before",
  "after",
  "parts",
  "excluded",
  "pinned",
  "filters",
];
export const LISTED_FIELDS = [
  "minLength",
  "maxLength",
  "hidden",
  "marked",
  "order",
  "group",
  "shared",
  "exact",
  "pattern",
];
const ROW_FIELDS = ["rows", "offset", "colour", "shaded", "underline", "counted", "pairWith"];
const REGION_FIELDS = ["lasso", "mapOf", "mapMethod"];
// What makes another list of matches, so that its first rows are wanted anew.
export const LIST_FIELDS = [
  ...QUESTION_FIELDS,
  "minLength",
  "maxLength",
  "order",
  "group",
  "shared",
  "exact",
  "pattern",
  "lists",
  "lasso",
];

/**
 * Bytes of a source's states at one step.
 * @param {{ n_units: number, dtype: string }} source
 */
export function rowBytes(source) {
  return (source.n_units || 1) * (source.dtype === "float64" ? 8 : 4);
}

/**
 * How many steps of a source can be in view, and in a window: fewer where a step takes much memory.
 * @param {{ n_units: number, dtype: string }} source
 */
export function viewLimits(source) {
  /**
   * @param {number} most
   * @param {number} room
   */
  const within = (most, room) => Math.max(1, Math.min(most, Math.floor(room / rowBytes(source))));
  return { span: within(MAX_SPAN, VIEW_BYTES), window: within(MAX_WINDOW, WINDOW_BYTES) };
}

/**
 * "?dump=...&start=3#pattern=..." -> {values: {dump, start, pattern}, problems: [words]}; only what it names.
 * @param {string} address
 */
export function parseAddress(address) {
  const [query, behind] = address.split("#");
  const asked = new URLSearchParams(query);
  const /** @type {Record<string, any>} */ values = {};
  const held = new URLSearchParams(behind || "");
  const problems = [];
  if (held.get("pattern")) {
    values.pattern = wholePattern(held.get("pattern"));
    if (values.pattern === null) {
      delete values.pattern;
      problems.push("the link's pattern cannot be read; left out");
    }
  }
  const window_ = (held.get("typed") || "").match(/^(\d{1,9})-(\d{1,9})$/);
  for (const name of ["text", "was"]) if (held.has(name)) values[name] = held.get(name);
  if (window_ && values.text) values.typed = { text: values.text, start: Number(window_[1]), stop: Number(window_[2]) };
  if (held.get("versus")) {
    values.versus = versus(held.get("versus"));
    if (values.versus === null) problems.push("the link's pinned pattern cannot be read; left out");
  }
  for (const name of ["dump", "source"]) if (asked.get(name)) values[name] = asked.get(name);
  for (const { param, field, read, kind, isList } of FIELDS) {
    if (!asked.has(param)) continue;
    const valid = [];
    for (const text of isList ? asked.getAll(param) : [asked.get(param)]) {
      const value = read(text);
      if (value === null) problems.push(`the link's ${param}=${short(text)} is not ${kind}; left out`);
      else valid.push(value);
    }
    if (isList) values[field] = valid;
    else if (valid.length) values[field] = valid[0];
  }
  if (values.tracks) Object.assign(values, tracks(values.tracks));
  return { values, problems };
}

/**
 * A state -> "?dump=...": every part that another browser needs to show the same, less what is as usual.
 * @param {Record<string, any>} state
 */
export function formatAddress(state) {
  const query = new URLSearchParams({ dump: state.dump, source: state.source });
  for (const { param, field, write } of FIELDS) {
    const value = state[field];
    if (value === undefined || same(value, BASE_STATE[field]) || field === "tracks") continue;
    if ((field === "start" || field === "stop") && state.start === null) continue;
    for (const text of write(value)) query.append(param, text);
  }
  if (state.tracks !== undefined) for (const text of tracksText(state)) query.append("track", text);
  // An opened pattern may be long: behind the # it does not travel to the server with each request.
  const opened = new URLSearchParams(state.pattern ? { pattern: shortPattern(state.pattern) } : {});
  if (state.versus) opened.set("versus", versusText(state.versus));
  if (isLinked(state)) {
    for (const name of ["text", "was"]) if (typeof state[name] === "string") opened.set(name, state[name]);
    if (state.typed && state.typed.text === state.text) opened.set("typed", `${state.typed.start}-${state.typed.stop}`);
  }
  const behind = opened.toString().replace(/%3A/g, ":").replace(/%3B/g, ";").replace(/%2C/g, ",");
  return `?${query.toString().replace(/%2F/g, "/").replace(/%2C/g, ",")}${behind ? `#${behind}` : ""}`;
}

/**
 * Are the typed texts short enough for a link?
 * @param {Record<string, any>} state
 */
export function isLinked({ text, was }) {
  return (text || "").length + (was || "").length <= MAX_LINKED;
}

/**
 * Is anything put to the match engine: a brush, an opened pattern, pinned units?
 * @param {Record<string, any>} state
 */
export function hasQuestion({ start, typed, pattern, pinned }) {
  return start !== null || Boolean(typed) || Boolean(pattern) || pinned.length > 0;
}

/**
 * @param {unknown} one
 * @param {unknown} other
 */
function same(one, other) {
  return one === other || (typeof one === "object" && JSON.stringify(one) === JSON.stringify(other));
}

/**
 * The part of the state that a question to the server consists of, without what is only shown.
 * @param {Record<string, any>} question
 */
export function askedFields(question) {
  const given = [...QUESTION_FIELDS, ...LISTED_FIELDS, ...ROW_FIELDS, ...REGION_FIELDS].filter(
    (name) => question[name] !== undefined,
  );
  return Object.fromEntries(given.map((name) => [name, question[name]]));
}

/**
 * Names what is asked for with the rows because it colours them: a unit's values, or how many of some units are on.
 * @param {Record<string, any>} state
 */
export function coloursAsked({ colour, shaded }) {
  if (/^unit:/.test(colour || "")) return colour;
  return colour === "shared" && shaded?.length ? JSON.stringify(shaded) : null;
}

/**
 * Names the question put to the match engine: equal keys, equal answers.
 * @param {Record<string, any>} state
 */
export function questionKey(state) {
  const values = [...QUESTION_FIELDS, ...LISTED_FIELDS].map((name) => (state[name] === undefined ? null : state[name]));
  return JSON.stringify([
    ...values,
    coloursAsked(state),
    state.pairWith || null, // by which the other text of each row is shaded
    state.lists === "A" ? state.versus : null,
    regionKey(state),
  ]);
}

/**
 * Names the region of the map that stands in the place of a pattern; null where there is none.
 * @param {Record<string, any>} state
 */
export function regionKey({ lasso, mapOf, mapMethod }) {
  return lasso ? [mapOf, mapMethod, lasso] : null;
}

/**
 * Names the pattern alone, however its matches are listed.
 * @param {Record<string, any>} state
 */
export function patternKey(state) {
  return JSON.stringify(
    [...QUESTION_FIELDS, "pattern"].map((name) => (state[name] === undefined ? null : state[name])),
  );
}

/**
 * Parsed values + what the dump has -> {state, problems}: a complete state that fits, and what was wrong.
 * @param {Record<string, any>} values
 * @param {About} about
 * @param {Record<string, any>} defaults
 */
export function fitToDump(values, about, defaults) {
  const problems = [];
  const state = Object.assign({}, defaults, values, { dump: about.uuid });
  const names = about.sources.map((source) => source.name);
  if (!names.includes(state.source)) {
    problems.push(
      `no source ${short(state.source)} in ${about.name}; it has ${names.join(", ")}. Shown: ${defaults.source}`,
    );
    state.source = defaults.source;
  }
  const source = about.sources[names.indexOf(state.source)];
  const nSteps = about.axes[source.axis].n_steps;
  const most = viewLimits(source);
  /**
   * @param {string} name
   * @param {number} low
   * @param {number} high
   * @param {string} what
   */
  const bound = (name, low, high, what) => {
    const asked = state[name];
    state[name] = clamp(asked, low, high);
    if (values[name] === undefined || state[name] === asked) return;
    problems.push(
      `the link's ${name}=${asked} is ${asked > high ? "more" : "fewer"} than the ${state[name]} ${what}; shown: ${state[name]}`,
    );
  };
  if (state.span > nSteps)
    state.span = nSteps; // all of it is seen: nothing to say
  else bound("span", Math.min(MIN_SPAN, nSteps, most.span), most.span, "steps that the page shows at once");
  state.span = Math.min(state.span, most.span);
  if (state.at >= nSteps) problems.push(`step ${state.at} is past the end; ${about.name} has ${steps(nSteps)}`);
  state.at = clamp(state.at, 0, Math.max(0, nSteps - state.span));
  bound("before", 0, MAX_OFF, "steps that a constraint can take");
  bound("after", 0, MAX_OFF, "steps that a constraint can take");
  bound("rows", 1, MAX_ROWS, "rows that the page lists");
  const wrong = windowProblem(values.start, values.stop, nSteps, about.name, most.window);
  if (wrong) problems.push(wrong);
  if (wrong || values.start === undefined || values.start === null || state.pattern) state.start = state.stop = null;
  problems.push(...checkAgainstDump(state, about, source));
  return { state, problems };
}

/** @param {number} count */
function steps(count) {
  return count === 1 ? "1 step" : `${count} steps`;
}

/**
 * @param {number} start
 * @param {number} stop
 * @param {number} nSteps
 * @param {string} name
 * @param {number} most
 */
function windowProblem(start, stop, nSteps, name, most) {
  const [hasStart, hasStop] = [start, stop].map((end) => end !== undefined && end !== null);
  if (!hasStart && !hasStop) return null;
  if (!hasStart || !hasStop) return "the link has only one end of a window; give both start and stop";
  if (start >= stop) return `the link's window [${start}, ${stop}) is empty; stop must be greater than start`;
  if (stop > nSteps) return `the link's window ends at step ${stop}; ${name} has ${steps(nSteps)}`;
  if (stop - start > most) return `the link's window is ${stop - start} steps long; the page takes at most ${most}`;
  return null;
}

/**
 * @param {number} value
 * @param {number} low
 * @param {number} high
 */
export function clamp(value, low, high) {
  return Math.min(high, Math.max(low, value));
}

/** @param {string} text */
function short(text) {
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}
