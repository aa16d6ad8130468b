/* A pattern file's text, short enough for a link: its units by source, side and threshold, and only what is not as usual. What this
   cannot say exactly stays as it is. Pure. */

const /** @type {Record<string, any>} */ PLAIN = {
    axis: "text",
    length: 0,
    off_before: 0,
    off_after: 0,
    min_length: 1,
    max_length: null,
    filters: [],
  };
const /** @type {Record<string, any>} */ NOTES = {
    name: "",
    text: "",
    dump: "",
    hidden: [],
    marked: [],
    chosen_by: "",
  };
const KEPT = 8; // texts whose short form is remembered: the link of every row has the same ones
const /** @type {Map<string, string>} */ known = new Map();
const HEAD = { format: "lstmviz-pattern", version: 1 };

/**
 * '{"format": ..., "units": [...]}' -> "u:rnn.l1.c:high:0.3:15,18;length:6"
 * @param {string} text
 */
export function shortPattern(text) {
  if (!known.has(text)) {
    if (known.size >= KEPT) known.clear();
    known.set(text, shortened(text));
  }
  return known.get(text);
}

/** @param {string} text */
function shortened(text) {
  try {
    const file = JSON.parse(text);
    const short = [...unitParts(file.pattern), ...baseParts(file.pattern), ...plainParts(file)].join(";");
    return same(read(short), file) ? short : text;
  } catch {
    return text;
  }
}

/**
 * The text of a file that was made short, or of one that was not; null where it is neither.
 * @param {string} given
 */
export function wholePattern(given) {
  if (given.trimStart().startsWith("{")) return given;
  try {
    return JSON.stringify(read(given));
  } catch {
    return null;
  }
}

/** @param {PatternFile["pattern"]} pattern */
function unitParts({ units }) {
  const /** @type {{ key: string, numbers: number[] }[]} */ groups = [];
  for (const { source, unit, side, threshold } of units) {
    const key = ["u", encodeURIComponent(source), side, threshold].join(":");
    if (groups.at(-1)?.key === key) groups.at(-1).numbers.push(unit);
    else groups.push({ key, numbers: [unit] });
  }
  return groups.map(({ key, numbers }) => `${key}:${numbers.join(",")}`);
}

/** @param {PatternFile["pattern"]} pattern */
function baseParts({ units, bases }) {
  if (same(bases, basesOf(units))) return [];
  return bases.map(({ source, threshold }) => `b:${encodeURIComponent(source)}:${threshold}`);
}

/**
 * The bases of a plain brush: its source once, at the units' threshold.
 * @param {Omit<Unit, "isPinned">[]} units
 */
function basesOf(units) {
  const sources = [...new Set(units.map((one) => one.source))];
  return sources.map((source) => ({
    source,
    threshold: Math.abs(units.find((one) => one.source === source).threshold),
  }));
}

/** @param {any} file */
function plainParts({ pattern, notes }) {
  /**
   * @param {Record<string, any>} given
   * @param {Record<string, any>} usual
   */
  const changed = (given, usual) => Object.keys(usual).filter((name) => !same(given[name], usual[name]));
  const fields = changed(pattern, PLAIN).map((name) => `${name}:${encodeURIComponent(JSON.stringify(pattern[name]))}`);
  const noted = changed(notes, NOTES).map((name) => `n:${name}:${encodeURIComponent(JSON.stringify(notes[name]))}`);
  return [...fields, ...noted];
}

/** @param {string} short */
function read(short) {
  const /** @type {Record<string, any>} */ pattern = { ...PLAIN, units: [] };
  const /** @type {{ source: string, threshold: number }[]} */ bases = [];
  const notes = { ...NOTES };
  for (const part of short.split(";")) {
    const [name, ...fields] = part.split(":");
    if (name === "u") pattern.units.push(...unitsOf(fields));
    else if (name === "b") bases.push({ source: decodeURIComponent(fields[0]), threshold: number(fields[1]) });
    else if (name === "n" && Object.hasOwn(NOTES, fields[0])) notes[fields[0]] = decoded(fields[1]);
    else if (Object.hasOwn(PLAIN, name)) pattern[name] = decoded(fields[0]);
    else throw new Error(`no part ${name}`);
  }
  pattern.bases = bases.length ? bases : basesOf(pattern.units);
  return { ...HEAD, pattern, notes };
}

/** @param {string[]} fields */
function unitsOf([source, side, threshold, numbers]) {
  if (side !== "high" && side !== "low") throw new Error(`no side ${side}`);
  return numbers.split(",").map((unit) => ({
    source: decodeURIComponent(source),
    unit: number(unit),
    side,
    threshold: number(threshold),
  }));
}

/** @param {string} text */
const decoded = (text) => JSON.parse(decodeURIComponent(text));

/** @param {string} text */
function number(text) {
  const value = Number(text);
  if (text.trim() === "" || !Number.isFinite(value)) throw new Error(`${text} is no number`);
  return value;
}

/**
 * @param {any} one
 * @param {any} other
 */
function same(one, other) {
  return sorted(one) === sorted(other);
}

/** @param {any} value */
function sorted(value) {
  return JSON.stringify(value, (_, inner) =>
    inner && typeof inner === "object" && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}
