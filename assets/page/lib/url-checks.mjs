/* Does what a link asks beside its window fit the dump? What does not is left out of the state, and listed. Pure. */

import { BASE_STATE } from "./url-fields.mjs";

const MOST_TEXT = 40000; // characters of a typed text, as the server takes them
const MOST_CELLS = 48; // of a row of matches, as the server sends them
const ORDERS = ["best", "step", "length", "-length"];

/**
 * Check a state, whose source is known, and correct it in place; returns what was wrong, in words.
 * @param {Record<string, any>} state
 * @param {About} about
 * @param {Source} source
 */
export function checkAgainstDump(state, about, source) {
  const /** @type {string[]} */ problems = [];
  const base = BASE_STATE;
  for (const [name, value] of Object.entries(base)) if (state[name] === undefined) state[name] = value;
  const sources = new Map(about.sources.filter((one) => one.axis === source.axis).map((one) => [one.name, one]));
  const tracks = new Map((about.tracks || []).filter((one) => one.axis === source.axis).map((one) => [one.name, one]));
  const where = `${about.name}${about.axes.length > 1 ? `'s axis ${about.axes[source.axis].name}` : ""}`;
  /**
   * @param {string} field
   * @param {(one: any) => string | null} isGood
   */
  const keep = (field, isGood) =>
    (state[field] = state[field].filter((/** @type {any} */ one) => passes(problems, isGood(one))));

  /** @param {string} name */
  const noSource = (name) =>
    sources.has(name) ? null : `the link asks for source ${short(name)}, which is not in ${where}; left out`;
  /** @param {string} name */
  const noTrack = (name) =>
    tracks.has(name) ? null : `the link asks for track ${short(name)}, which is not in ${where}; left out`;
  /** @param {HeldUnit} unit */
  const noUnit = ({ source: name, unit }) =>
    noSource(name) ||
    (unit < sources.get(name).n_units
      ? null
      : `the link asks for unit ${unit} of ${short(name)}, which has units 0 to ${sources.get(name).n_units - 1}; left out`);
  const seen = new Set([state.source]);
  keep("parts", (part) => {
    const wrong =
      noSource(part.source) ||
      (seen.has(part.source) ? `the link has source ${short(part.source)} twice; the first is kept` : null);
    seen.add(part.source);
    return wrong;
  });
  for (const field of ["excluded", "pinned", "shaded"]) keep(field, noUnit);
  for (const unit of state.pinned) {
    if (unit.threshold === undefined) unit.threshold = unit.side === "high" ? state.threshold : -state.threshold;
  }
  keep("filters", (filter) => noTrack(filter.track) || wrongFilter(filter, tracks.get(filter.track)));
  if (state.tracks) keep("tracks", noTrack);
  if (state.held && !passes(problems, noUnit(state.held))) state.held = null;
  /** @param {HeldUnit} unit */
  const notState = (unit) =>
    noUnit(unit) ||
    (/\.[hc]$/.test(unit.source) ? null : `${short(unit.source)} is a gate, which cannot be held; left out`);
  keep("ablated", notState);
  if (state.carried && !state.carried.units.every((/** @type {HeldUnit} */ one) => passes(problems, notState(one))))
    state.carried = null;
  checkPair(state, about, source, problems);
  checkLengths(state, problems);
  checkTyped(state, problems);
  checkMap(state, problems, noSource);
  if (state.mapPaths && !passes(problems, noTrack(state.mapPaths))) state.mapPaths = null;
  /** @param {string} text */
  const isTrack = (text) => text.startsWith("track:") && tracks.has(text.slice(6));
  /**
   * @param {string} field
   * @param {(value: any) => boolean} isGood
   * @param {string} remedy
   */
  const options = (field, isGood, remedy) => {
    if (isGood(state[field])) return;
    problems.push(`the link's ${field}=${short(state[field])} is not ${remedy}; left out`);
    state[field] = base[field];
  };
  options(
    "order",
    (text) => ORDERS.includes(text) || isTrack(text.replace(/^-/, "")),
    `one of ${ORDERS.join(", ")}, track:NAME or -track:NAME`,
  );
  options(
    "group",
    (text) => ["", "sequence", "length"].includes(text) || isTrack(text),
    "sequence, length or track:NAME",
  );
  options(
    "colour",
    (text) => ["", "shared"].includes(text) || isTrack(text) || isUnit(text, noUnit),
    "shared, track:NAME or unit:SOURCE:UNIT",
  );
  options("underline", (text) => text === "" || isTrack(text), "track:NAME");
  const isCount = (/** @type {number} */ value) => value >= 1 && value <= MOST_CELLS;
  options("rowTokens", (value) => value === null || isCount(value), `a number of tokens from 1 to ${MOST_CELLS}`);
  options("leastRun", isCount, `a number of steps from 1 to ${MOST_CELLS}`);
  return problems;
}

/**
 * What belongs to a pair of texts is left out where the axis has none, or not this one.
 * @param {Record<string, any>} state
 * @param {About} about
 * @param {Source} source
 * @param {string[]} problems
 */
function checkPair(state, about, source, problems) {
  const pairs = about.axes[source.axis].pairs || [];
  const { pairWith } = state;
  const isOf = (/** @type {AxisPair} */ { axis, attention }) =>
    attention.includes(pairWith) || about.axes[axis].name === pairWith;
  if (pairWith && !pairs.some(isOf)) {
    problems.push(`the link pairs the texts by ${short(pairWith)}, which is not in ${about.name}; left out`);
    state.pairWith = "";
  }
  const other = (pairs.find(isOf) || pairs[0])?.axis;
  const isOther = (/** @type {Source} */ one) => one.axis === other && one.name === state.pairSource;
  if (state.pairSource && !about.sources.some(isOther)) {
    problems.push(`the link asks for lines of ${short(state.pairSource)} at the other text, which has none; left out`);
    state.pairSource = "";
  }
  const { pairBrush } = state;
  if (pairBrush && (other === undefined || pairBrush.stop > about.axes[other].n_steps)) {
    problems.push("the link's brush on the other text is outside of it; left out");
    state.pairBrush = null;
  }
}

/**
 * A map of a source that is not there shows the plotted one, and has no region.
 * @param {Record<string, any>} state
 * @param {string[]} problems
 * @param {(name: string) => string | null} noSource
 */
function checkMap(state, problems, noSource) {
  if (["", "embedding"].includes(state.mapOf) || passes(problems, noSource(state.mapOf))) return;
  Object.assign(state, { mapOf: "", lasso: null });
}

/**
 * @param {string} text
 * @param {(unit: HeldUnit) => string | null} noUnit
 */
function isUnit(text, noUnit) {
  const [, source, unit] = text.match(/^unit:(.+):(\d{1,9})$/) || [];
  return source !== undefined && noUnit({ source, unit: Number(unit) }) === null;
}

/**
 * @param {Filter} filter
 * @param {Track} track
 */
function wrongFilter(filter, track) {
  const name = short(filter.track);
  if (filter.labels) {
    if (track.kind !== "category") return `the link filters track ${name} by labels, but it holds numbers; left out`;
    const lost = filter.labels.find((label) => !track.labels.includes(label));
    return lost === undefined ? null : `track ${name} has no label ${short(lost)}; the filter is left out`;
  }
  if (track.kind === "category") return `the link filters track ${name} by a range, but it holds labels; left out`;
  return filter.low > filter.high
    ? `the link's filter of track ${name} allows ${filter.low} to ${filter.high}, which no value meets; left out`
    : null;
}

/**
 * @param {Record<string, any>} state
 * @param {string[]} problems
 */
function checkTyped(state, problems) {
  for (const name of ["text", "was"]) {
    if (state[name] === null || state[name].length <= MOST_TEXT) continue;
    problems.push(`the link's text has ${state[name].length} characters; at most ${MOST_TEXT} can be typed; left out`);
    state[name] = name === "text" ? "" : null;
  }
  if (state.text === null) Object.assign(state, { was: null, ablated: [] });
  if (state.was === null) state.carried = null;
  const { typed } = state;
  if (!typed) return;
  if (!(typed.start < typed.stop) || typed.text !== state.text) {
    problems.push(`the link's window of the typed text, ${typed.start} to ${typed.stop}, is empty; left out`);
    state.typed = null;
  } else if (state.pattern || state.start !== null) state.typed = null;
}

/**
 * @param {Record<string, any>} state
 * @param {string[]} problems
 */
function checkLengths(state, problems) {
  const isWrong =
    state.minLength < 1 || (state.maxLength !== null && state.maxLength < state.minLength) || state.shared === 0;
  if (!isWrong) return;
  if (state.shared === 0) problems.push("the link's shared=0 is not a number of shared units; left out");
  else
    problems.push(
      `the link asks for matches of ${state.minLength} to ${state.maxLength ?? "any number of"} steps, which no match can have; left out`,
    );
  Object.assign(state, state.shared === 0 ? { shared: null } : { minLength: 1, maxLength: null });
}

/**
 * @param {string[]} problems
 * @param {string | null} wrong
 */
function passes(problems, wrong) {
  if (wrong) problems.push(wrong);
  return !wrong;
}

/** @param {string} text */
function short(text) {
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}
