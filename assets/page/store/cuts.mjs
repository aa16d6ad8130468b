/* The recorded value that a threshold stands for: from the grid that came with the dump, else from the server, once. */
(function (root) {
  "use strict";
  const lv = (root.lstmviz = root.lstmviz || {});
  const known = new Map(); // "dump source threshold" -> cut, or null while the server is asked

  /* The cut of a threshold on a source, or null while it is not known. Infinite beyond a tanh. */
  function of(dump, source, threshold) {
    const cut = lv.select.cutFor(source.view, threshold, dump.about.tanh_cuts);
    if (cut !== null) return cut;
    const key = `${dump.about.uuid} ${source.index} ${threshold}`;
    if (known.has(key)) return known.get(key);
    known.set(key, null);
    lv.data.json(`d/${dump.about.uuid}/cut/${source.index}?t=${threshold}`).then(
      (answer) => {
        known.set(key, answer.cut === null ? Math.sign(threshold) * Infinity : answer.cut);
        lv.notice.clear("cut");
        lv.model.arrived();
      },
      (error) => {
        known.delete(key);
        lv.notice.say("cut", `The threshold ${threshold} could not be looked up: ${error.message}`);
      },
    );
    return null;
  }

  lv.cuts = { of };
})(window);
