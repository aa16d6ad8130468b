/* What the page shows, for tests and the curious: read from the console as lstmviz.debug(). Changes nothing. */
(function (root) {
  "use strict";
  const lv = (root.lstmviz = root.lstmviz || {});

  /* {isReady, state, units, cut, cells, left, ticks, tracks, ...}; places in client pixels. */
  function debug() {
    const { model, geometry, strip, plot } = lv;
    if (lv.start.isShown()) return { isReady: false, start: lv.start.shown() };
    if (!model.source) return { isReady: false };
    model.refresh();
    const state = Object.assign({}, lv.state.current);
    const box = strip.place().getBoundingClientRect();
    const plotBox = plot.place().getBoundingClientRect();
    const to = Math.min(model.axis.n_steps, state.at + state.span);
    const counts = Array.from(model.countOn(state.at, to));
    const cells = [];
    for (let step = state.at; step < to; step++) {
      const shown = model.shown(step);
      cells.push({
        step,
        left: box.left + geometry.x(step),
        right: box.left + geometry.x(step + 1),
        middle: box.top + strip.TOKEN.top + strip.TOKEN.height / 2,
        text: shown ? shown.text : null,
        on: counts[step - state.at],
      });
    }
    return {
      isReady: model.isComplete && model.isShaded && model.units !== null && lv.beside.isReady() && lv.typed.isReady() && lv.state.isResting() && !lv.matches.isPending(),
      state,
      units: model.units === null ? null : model.units.slice(),
      chosen: model.chosen === null ? null : model.chosen.map((one) => Object.assign({}, one)),
      cut: model.cut,
      cells,
      left: geometry.left(),
      ticks: geometry.ticks().map((tick, _, all) => lv.axis.text(tick, all)),
      tracks: lv.tracks.visible().map((track) => track.name),
      bars: lv.bars.shown(),
      text: lv.unittext.shown(),
      typed: lv.typed.shown(),
      beside: lv.beside.shown(),
      thresholds: plot.thresholds().map((value) => ({ value, x: plotBox.left + geometry.left() - 3, y: plotBox.top + geometry.y(value) })),
      chips: Array.from(document.querySelectorAll("#" + lv.ids.chips + " .lv-chip:not(.lv-out)"), (chip) => chip.querySelector("[data-testid]").textContent),
      labels: lv.borders.labels(document.createElement("canvas").getContext("2d")).map(({ border, text }) => ({ border, text })),
      borders: model.bordersIn(state.at, to),
      handles: state.start === null ? null : handles(box),
      threshold: { x: plotBox.left + geometry.left() - 3, y: plotBox.top + geometry.y(state.threshold) },
      counts: (lv.matches.answer() || {}).counts || [],
      rows: lv.matches.rows().map((row) => Object.assign({}, row)),
      brushed: lv.frame.brushed.slice(),
    };
  }

  function handles(box) {
    const { OFF, handleSteps } = lv.strip;
    const steps = handleSteps();
    const y = box.top + OFF.top + OFF.height / 2;
    const at = (step) => ({ step, x: box.left + lv.geometry.x(step), y });
    return { before: at(steps.before), after: at(steps.after) };
  }

  lv.debug = debug;
})(window);
