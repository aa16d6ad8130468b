/* The sentences of the page that depend on numbers. Pure. */
(function (root) {
  "use strict";
  const lv = (root.lstmviz = root.lstmviz || {});
  const grouped = (n) => (lv.scale || require("./scale.js")).grouped(n);

  function plural(count, noun) {
    return `${grouped(count)} ${noun}${count === 1 ? "" : /(s|x|ch)$/.test(noun) ? "es" : "s"}`;
  }

  /* A source's name without the parts that it shares with every other: "l1.c" of "rnn.l1.c" beside "rnn.l0.h". */
  function shortName(name, names) {
    const parts = names.map((one) => one.split("."));
    let shared = 0;
    while (names.length > 1 && parts.every((one) => shared < one.length - 1 && one[shared] === parts[0][shared])) shared++;
    return name.split(".").slice(shared).join(".");
  }

  const ON = { high: "on", low: "on low", both: "on, high or low," };

  /* Why a brushed window selects nothing, and what to do. `nMissing` of the `nUnits` have a NaN in it. */
  function noUnits(state, nMissing, nUnits) {
    if (nMissing && nMissing === nUnits) {
      const where = state.stop - state.start === 1 ? "at this step" : `in these ${grouped(state.stop - state.start)} steps`;
      return `No unit can be on ${where}: ${nUnits === 1 ? "its value" : "every unit's value"} is NaN, neither on nor off. Brush other steps.`;
    }
    const constraints = [];
    if (state.before) constraints.push(`off ${plural(state.before, "step")} before`);
    if (state.after) constraints.push(`off ${plural(state.after, "step")} after`);
    const also = constraints.length ? " and " + constraints.join(" and ") : "";
    const steps = state.stop - state.start;
    const window = steps === 1 ? "at exactly this step" : `through exactly these ${grouped(steps)} steps`;
    const remedy = constraints.length ? "lower the threshold or drop a constraint" : "lower the threshold or brush fewer steps";
    return `No unit is ${ON[state.side || "high"]} ${window}${also}: ${remedy}.${nMissing ? ` ${plural(nMissing, "unit")} of ${grouped(nUnits)} ${nMissing === 1 ? "has" : "have"} NaN there.` : ""}`;
  }

  /* Why the view does not get wider. */
  function viewLimit(most, nUnits) {
    return `At most ${plural(most, "step")} are shown at once: the states of ${plural(nUnits, "unit")} at more of them would not fit into the page's memory.`;
  }

  /* The answer's totals -> {strong, rest}: "227 matches", "with all 4 units on · 1,306 with 3 · exact, 6 ms". */
  function counts(answer) {
    const [best, ...others] = answer.counts.filter((level) => level[1] > 0);
    const took = answer.ms >= 1000 ? `${(answer.ms / 1000).toFixed(1)} s` : `${Math.max(1, Math.round(answer.ms))} ms`;
    const units = answer.n_units;
    if (!best) return { strong: "No matches", rest: `with ${plural(units, "unit")} · exact, ${took}` };
    const full = best[0] === units;
    const which = full ? (units === 1 ? "with the unit on" : `with all ${grouped(units)} units on`) : `with ${best[0]} of ${grouped(units)} units on`;
    const rest = [which];
    for (const [shared, total] of others.slice(0, 2)) rest.push(`${grouped(total)} with ${shared}`);
    if (answer.complete === false) rest.push("lower levels not counted");
    rest.push(`exact, ${took}`);
    return { strong: plural(best[1], "match"), rest: rest.join(" · ") };
  }

  lv.words = { plural, shortName, noUnits, viewLimit, counts };
  if (typeof module !== "undefined") module.exports = lv.words;
})(typeof window !== "undefined" ? window : globalThis);
