/* The row under the strip: the chips of the pattern, or the sentence that says why there are none, and what adds to it. */
(function (root) {
  "use strict";
  const lv = (root.lstmviz = root.lstmviz || {});
  let message, back;

  function make() {
    message = document.getElementById(lv.ids.message);
    back = document.getElementById(lv.ids.toBrush);
    back.addEventListener("click", () => {
      const { start, stop, span } = lv.state.current;
      lv.state.panTo((start + stop - span) / 2, "settle");
    });
    lv.chips.make();
    lv.pinning.make();
    lv.parts.make();
    lv.frame.add("units", draw);
  }

  function draw() {
    lv.model.refresh();
    if (!lv.model.source) return;
    const words = sentence();
    message.textContent = words.text;
    message.title = words.text;
    message.className = `lv-message ${words.kind}`;
    document.getElementById(lv.ids.chips).hidden = Boolean(words.text) && !lv.state.current.excluded.length;
    lv.chips.draw();
    lv.pinning.offer();
    offerBrush();
  }

  /* A way back to a window that is out of view. */
  function offerBrush() {
    const { start, stop, at, span } = lv.state.current;
    const isAway = start !== null && (stop <= at || start >= at + span);
    back.hidden = !isAway;
    if (isAway) back.textContent = `${start < at ? "←" : "→"} brush at ${lv.scale.grouped(start)}`;
  }

  function sentence() {
    const state = lv.state.current;
    const { model } = lv;
    const { chosen } = model;
    if (state.pattern) return lv.patternfile.sentence();
    if (!lv.url.isPut(state)) {
      return { kind: "lv-hint", text: `Drag over the ${model.axis.has_tokens ? "tokens" : "steps"}: the units that are on through exactly that window appear here.` };
    }
    if (chosen === null) {
      const isLate = model.since !== null && performance.now() - model.since > 300;
      return { kind: "lv-hint", text: isLate ? "Loading the states of the window …" : "" };
    }
    if (model.problem) return { kind: "lv-warn", text: model.problem };
    if (chosen.length || state.excluded.length) return { kind: "", text: "" };
    return { kind: "lv-warn", text: lv.words.noUnits(Object.assign({}, state, state.typed), model.nMissing, model.nLooked) };
  }

  lv.units = { make };
})(window);
