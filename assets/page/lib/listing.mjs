/* The words for how matches are listed: orders, groups, and what the page says of its counts. Pure. */

import { grouped } from "./scale.mjs";
import { plural } from "./words.mjs";

const TRACK = "track:";

/**
 * [[value, words], ...] for tracks by name.
 * @param {string[]} names
 */
export function orderOptions(names) {
  const own = [
    ["best", "best overlap"],
    ["step", "step"],
    ["-length", "longest first"],
    ["length", "shortest first"],
  ];
  return [
    ...own,
    ...names.flatMap((name) => [
      [TRACK + name, `${name}, rising`],
      [`-${TRACK}${name}`, `${name}, falling`],
    ]),
  ];
}

/** @param {string[]} names */
export function groupOptions(names) {
  return [
    ["", "nothing"],
    ["sequence", "sequence"],
    ["length", "length"],
    ...names.map((name) => [TRACK + name, name]),
  ];
}

/**
 * "depth 4", "sequence 12", "5 steps": the heading of a group.
 * @param {string} by
 * @param {string | number | null} name
 */
export function groupWords(by, name) {
  if (by === "length") return plural(Number(name), "step");
  return `${by === "sequence" ? "sequence" : by.replace(TRACK, "")} ${by === "sequence" ? grouped(Number(name)) : name}`;
}

/**
 * The totals of an answer: [{shared, total, strong, words}], most shared units first; those without matches are left out.
 * @param {MatchAnswer} answer
 */
export function countLevels({ counts, n_units: units }) {
  const levels = [];
  for (const [shared, total] of counts) {
    if (!total) continue;
    const /** @type {boolean} */ isFirst = !levels.length;
    const /** @type {string} */ which =
        shared < units
          ? `with ${grouped(shared)}${isFirst ? ` of ${grouped(units)} units on` : ""}`
          : units === 1
            ? "with the unit on"
            : `with all ${grouped(units)} units on`;
    levels.push({ shared, total, strong: isFirst ? plural(total, "match") : grouped(total), words: which });
  }
  return levels;
}

/**
 * "exact, 6 ms"
 * @param {number} ms
 */
export function tookWords(ms) {
  return `exact, ${ms >= 1000 ? `${(ms / 1000).toFixed(1)} s` : `${Math.max(1, Math.round(ms))} ms`}`;
}
