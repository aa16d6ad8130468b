/* The mask: steps at which few of the selected units are on fade away, those at which all are stay. */
(function (root) {
  "use strict";
  const lv = (root.lstmviz = root.lstmviz || {});
  const MOST = 0.86; // of the ground's colour over a step where none is on

  /* Fade the visible steps of a canvas between two heights. */
  function draw(ctx, top, bottom) {
    const { mask, at, span } = lv.state.current;
    const units = lv.model.chosen || [];
    if (!mask || !units.length) return;
    const to = Math.min(lv.model.axis.n_steps, at + span);
    const counts = lv.model.countOn(at, to);
    ctx.fillStyle = lv.theme.colours().bg;
    const ratio = root.devicePixelRatio || 1;
    const edge = (step) => Math.round(lv.geometry.x(step) * ratio) / ratio; // whole pixels: no seams
    for (let step = at; step < to; step++) {
      ctx.globalAlpha = MOST * (1 - counts[step - at] / units.length);
      ctx.fillRect(edge(step), top, edge(step + 1) - edge(step), bottom - top);
    }
    ctx.globalAlpha = 1;
  }

  lv.mask = { draw };
})(window);
