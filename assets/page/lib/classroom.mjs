/* A class in words and figures: where a student is, the bars of a histogram, when to ask again. Pure. */

import { grouped } from "./scale.mjs";

export const SURE = ["a guess", "rather sure", "sure"]; // as lstmviz/classroom/records.py has them
const BEAT = { seen: 1000, hidden: 4000, spread: 300 }; // ms

/**
 * Milliseconds until a page asks again: spread, so that a class does not ask all at once.
 * @param {boolean} isHidden
 * @param {number} chance 0 to 1
 */
export function beatPause(isHidden, chance) {
  return (isHidden ? BEAT.hidden : BEAT.seen) + Math.round((chance - 0.5) * 2 * BEAT.spread);
}

/**
 * Where a student is, in a few words.
 * @param {ClassStudent} student
 */
export function whereWords({ recording, step, lesson, follows }) {
  const place = recording ? `${recording}, step ${grouped(step)}` : "the start page";
  if (!lesson || follows) return place;
  const [title, nSteps, at] = lesson;
  return `${place} · ${at < nSteps ? `${at + 1} of ${nSteps}` : "the end"}: ${title}`;
}

/**
 * The bars of a histogram: each its share of the longest, in parts by how sure people were, the surest first.
 * @param {ClassBar[]} bars
 */
export function barRows(bars) {
  const all = bars.reduce((sum, bar) => sum + bar.n, 0);
  const most = Math.max(1, ...bars.map((bar) => bar.n));
  return bars.map(({ text, n, n_sure, is_right }) => {
    const unsaid = n - n_sure.reduce((sum, one) => sum + one, 0);
    const parts = [...n_sure.map((count, sure) => ({ sure, count })).reverse(), { sure: -1, count: unsaid }];
    return {
      text,
      n,
      isRight: is_right,
      percent: all ? Math.round((100 * n) / all) : 0,
      parts: parts.filter((part) => part.count > 0).map(({ sure, count }) => ({ sure, count, share: count / most })),
    };
  });
}
