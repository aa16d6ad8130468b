/* The words for how matches are listed: orders, groups, and what the page says of its counts. Pure. */
(function (root) {
  "use strict";
  const lv = (root.lstmviz = root.lstmviz || {});
  const words = () => lv.words || require("./words.js");
  const grouped = (n) => (lv.scale || require("./scale.js")).grouped(n);
  const TRACK = "track:";

  /* [[value, words], ...] for tracks by name. */
  function orders(names) {
    const own = [["best", "best overlap"], ["step", "step"], ["-length", "longest first"], ["length", "shortest first"]];
    return [...own, ...names.flatMap((name) => [[TRACK + name, `${name}, rising`], [`-${TRACK}${name}`, `${name}, falling`]])];
  }

  function groups(names) {
    return [["", "nothing"], ["sequence", "sequence"], ["length", "length"], ...names.map((name) => [TRACK + name, name])];
  }

  /* "depth 4", "sequence 12", "5 steps": the heading of a group. */
  function groupWords(by, name) {
    if (by === "length") return words().plural(Number(name), "step");
    return `${by === "sequence" ? "sequence" : by.replace(TRACK, "")} ${by === "sequence" ? grouped(Number(name)) : name}`;
  }

  /* The totals of an answer: [{shared, total, atLeast, strong, words}], most shared units first; those without matches are
     left out. `atLeast` counts those that share more, too. */
  function levels({ counts, n_units: units }) {
    let atLeast = 0;
    const found = [];
    for (const [shared, total] of counts) {
      atLeast += total;
      if (!total) continue;
      const isFirst = !found.length;
      const which = shared < units ? `with ${grouped(shared)}${isFirst ? ` of ${grouped(units)} units on` : ""}` : units === 1 ? "with the unit on" : `with all ${grouped(units)} units on`;
      found.push({ shared, total, atLeast, strong: isFirst ? words().plural(total, "match") : grouped(total), words: which });
    }
    return found;
  }

  /* "exact, 6 ms" */
  function took(ms) {
    return `exact, ${ms >= 1000 ? `${(ms / 1000).toFixed(1)} s` : `${Math.max(1, Math.round(ms))} ms`}`;
  }

  lv.listing = { orders, groups, groupWords, levels, took };
  if (typeof module !== "undefined") module.exports = lv.listing;
})(typeof window !== "undefined" ? window : globalThis);
