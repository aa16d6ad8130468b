/* A typed text against the one before it: which tokens are the same, and how far the units moved. */
(function (root) {
  "use strict";
  const lv = (root.lstmviz = root.lstmviz || {});
  const MOVED = 3; // units that are shown as those an edit moved most
  const LEAST_SCALE = 0.02; // of the row of changes: rounding is not blown up
  let known = { key: null, value: null }; // the last answer

  /* What the text before and the present one have in common, and how far the units moved; null without a text before. */
  function present() {
    const { was, source: name } = lv.state.current;
    const answer = lv.typed.present();
    const before = was && lv.typeddata.of(lv.model.dump, was, [lv.model.source]);
    if (!answer || !before) return null;
    const { source } = lv.model;
    const units = [...new Set((lv.model.chosen || []).filter((one) => one.source === name).map((one) => one.unit))];
    const key = JSON.stringify([lv.model.dump.about.uuid, name, answer.text, was, units, answer.states.has(name)]);
    if (key !== known.key) known = { key, value: compare(before, answer, source, units) };
    return known.value;
  }

  function compare(before, answer, source, units) {
    const alignment = lv.typedalign.align(before.tokens, answer.tokens);
    const [rowA, rowB] = [before, answer].map((one) => lv.typeddata.rowsOf(one, source));
    const isTanh = source.view === "tanh";
    const all = Array.from({ length: source.n_units }, (_, unit) => unit);
    const change = lv.typedalign.change(alignment, rowA, rowB, units.length ? units : all, isTanh);
    return {
      alignment,
      answer: before,
      before: (step) => (alignment.pairs[step] >= 0 ? rowA(alignment.pairs[step]) : null),
      change,
      scale: Math.max(LEAST_SCALE, ...change.filter((by) => by === by)),
      most: lv.typedalign.mostChanged(alignment, rowA, rowB, source.n_units, isTanh, MOVED),
      words: units.length ? `the pattern's ${lv.words.plural(units.length, "unit")}` : `all ${lv.words.plural(source.n_units, "unit")}`,
    };
  }

  lv.typeddiff = { present };
})(window);
