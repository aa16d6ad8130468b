/* Where a typed text's tokens lie, and its lines over them, at the scale of the corpus's. */
(function (root) {
  "use strict";
  const lv = (root.lstmviz = root.lstmviz || {});
  const DASHED = 12; // lines on low that are dashed
  let plot, strip, scroller, base, overlay, look;

  function make(places) {
    ({ plot, strip, scroller } = places);
    base = lv.theme.canvas(plot, "lv-layer");
    overlay = lv.theme.canvas(plot, "lv-layer");
    scroller.addEventListener("scroll", () => lv.frame.ask("typed"));
    for (const place of [plot, strip]) place.addEventListener("wheel", wheel, { passive: false });
  }

  /* Sideways, or with Shift: along the text. */
  function wheel(event) {
    const by = event.shiftKey && !event.deltaX ? event.deltaY : event.deltaX;
    if (!by || scroller.hidden) return;
    scroller.scrollLeft += by;
    event.preventDefault();
  }

  /* A token's width: a step's of the corpus, or as much as its text needs. */
  function cell() {
    const answer = lv.typed.present();
    return Math.max(lv.geometry.cell(), answer ? lv.celltext.least(answer.shown) : 0, 7);
  }

  function x(step) {
    return lv.geometry.left() + step * cell() - (scroller.hidden ? 0 : scroller.scrollLeft);
  }

  function room() {
    return Math.max(1, strip.clientWidth - lv.geometry.left() - lv.geometry.RIGHT);
  }

  /* Tokens [from, to) that are in view, at least in part. */
  function inView(answer) {
    const [first, wide] = [scroller.hidden ? 0 : scroller.scrollLeft, cell()];
    return [Math.max(0, Math.floor(first / wide)), Math.min(answer.tokens.length, Math.ceil((first + room()) / wide))];
  }

  function stepAt(px) {
    return Math.floor((px - x(0)) / cell());
  }

  /* The bar that moves along a text wider than its room; it keeps its place while there is none. */
  function scroll(answer) {
    const wide = answer ? answer.tokens.length * cell() : 0;
    const isLong = wide > room() + 1;
    scroller.hidden = !isLong;
    scroller.style.marginLeft = `${lv.geometry.left()}px`;
    scroller.style.width = `${room()}px`;
    const width = `${Math.ceil(wide)}px`;
    if (isLong && scroller.firstChild.style.width !== width) scroller.firstChild.style.width = width;
  }

  /* Bring a token into view. */
  function show(step) {
    if (scroller.hidden) return;
    const [left, wide] = [step * cell(), cell()];
    if (left < scroller.scrollLeft) scroller.scrollLeft = left;
    else if (left + wide > scroller.scrollLeft + room()) scroller.scrollLeft = left + wide - room();
  }

  function yOf() {
    const [low, high] = lv.geometry.range();
    const tall = plot.clientHeight - 2 * lv.geometry.PAD;
    return (value) => lv.geometry.PAD + (1 - lv.url.clamp((value - low) / (high - low), -0.02, 1.02)) * tall;
  }

  function clipped(ctx, height, draw) {
    ctx.save();
    ctx.beginPath();
    ctx.rect(lv.geometry.left() - 1, 0, room() + 2, height);
    ctx.clip();
    draw();
    ctx.restore();
  }

  /* Every unit, faint; drawn anew only where something of it changed. */
  function drawBase() {
    const answer = lv.typed.present();
    scroll(answer);
    const { source } = lv.model;
    const now = [lv.state.current.dump, source.name, answer && answer.text, answer && answer.states.has(source.name), cell(), x(0), plot.clientWidth, plot.clientHeight, root.devicePixelRatio, lv.theme.colours().unit, lv.projector.lines(), lv.geometry.range()].join();
    if (now === look) return;
    look = now;
    const ctx = lv.theme.fit(base);
    const y = yOf();
    ctx.strokeStyle = lv.theme.colours().line;
    ctx.lineWidth = 1;
    for (const tick of ticks()) across(ctx, Math.round(y(tick)) + 0.5);
    if (!answer) return;
    clipped(ctx, plot.clientHeight, () => {
      ctx.strokeStyle = lv.theme.colours().unit;
      ctx.lineWidth = lv.projector.lines();
      ctx.globalAlpha = lv.scale.lineOpacity(source.n_units);
      ctx.lineJoin = "bevel";
      lines(ctx, answer, Array.from({ length: source.n_units }, (_, unit) => unit), lv.typeddata.rowsOf(answer, source));
    });
  }

  function ticks() {
    const [low, high] = lv.geometry.range();
    return lv.axis.ticks(low, high, 2);
  }

  function across(ctx, y) {
    ctx.beginPath();
    ctx.moveTo(lv.geometry.left(), y);
    ctx.lineTo(lv.geometry.left() + room(), y);
    ctx.stroke();
  }

  /* Lines of units over the tokens in view; broken where there is no value, a value alone is a dot. */
  function lines(ctx, answer, units, row) {
    const [from, to] = inView(answer);
    const steps = Array.from({ length: Math.max(0, Math.min(answer.tokens.length, to + 1) - Math.max(0, from - 1)) }, (_, k) => Math.max(0, from - 1) + k);
    const rows = steps.map(row);
    const xs = steps.map((step) => x(step + 0.5));
    const place = yOf();
    const y = lv.model.source.view === "tanh" ? (value) => place(Math.tanh(value)) : place;
    const has = (k, unit) => Boolean(rows[k]) && rows[k][unit] === rows[k][unit];
    ctx.fillStyle = ctx.strokeStyle;
    for (const unit of units) {
      ctx.beginPath();
      for (let k = 0; k < rows.length; k++) {
        if (!has(k, unit)) continue;
        if (has(k - 1, unit)) ctx.lineTo(xs[k], y(rows[k][unit]));
        else ctx.moveTo(xs[k], y(rows[k][unit]));
      }
      ctx.stroke();
      for (let k = 0; k < rows.length; k++) {
        if (!has(k, unit) || has(k - 1, unit) || has(k + 1, unit)) continue;
        ctx.beginPath();
        ctx.arc(xs[k], y(rows[k][unit]), ctx.lineWidth / 2 + 1.6, 0, 2 * Math.PI);
        ctx.fill();
      }
    }
  }

  /* The pattern's units, before beneath after; the window, the thresholds, the line that is pointed at. */
  function drawOverlay() {
    const answer = lv.typed.present();
    const ctx = lv.theme.fit(overlay);
    const colours = lv.theme.colours();
    const height = plot.clientHeight;
    const y = yOf();
    drawAxis(ctx, y);
    if (!answer) return;
    const { source } = lv.model;
    const row = lv.typeddata.rowsOf(answer, source);
    clipped(ctx, height, () => {
      drawBands(ctx, answer, height);
      ctx.lineJoin = "round";
      const drawn = drawnUnits();
      const look_ = lv.scale.selectedLook(drawn.length);
      const difference = lv.typeddiff.present();
      const paint = (rows, wide, dash, opacity) => {
        ctx.lineWidth = wide * lv.projector.lines();
        ctx.globalAlpha = opacity;
        for (const side of ["high", "low"]) {
          const units = drawn.filter((one) => one.side === side).map((one) => one.unit);
          ctx.strokeStyle = side === "low" ? colours.low : colours.accent;
          ctx.setLineDash(dash || (side === "low" && units.length <= DASHED ? [7, 3] : []));
          lines(ctx, answer, units, rows);
        }
        ctx.setLineDash([]);
        ctx.globalAlpha = 1;
      };
      if (difference) paint(difference.before, 1.25, [2, 3], Math.max(0.35, look_.opacity));
      paint(row, look_.width, null, look_.opacity);
      ctx.strokeStyle = colours.text;
      ctx.lineWidth = 1;
      ctx.setLineDash([4, 3]);
      for (const value of lv.plot.thresholds()) across(ctx, Math.round(y(value)) + 0.5);
      ctx.setLineDash([]);
      const lit = lv.plot.lit();
      if (lit !== null && lit < source.n_units) {
        ctx.strokeStyle = colours.hover;
        ctx.lineWidth = 2.5 * lv.projector.lines();
        lines(ctx, answer, [lit], row);
      }
    });
  }

  /* Units of the plotted source that are drawn in full: the pattern's, or, where there is none, those that an edit moved
     most. */
  function drawnUnits() {
    const name = lv.state.current.source;
    const chosen = (lv.model.chosen || []).filter((one) => one.source === name);
    const difference = lv.typeddiff.present();
    if (chosen.length || !difference) return chosen;
    return difference.most.map((unit) => ({ unit, side: "high" }));
  }

  function drawBands(ctx, answer, height) {
    const colours = lv.theme.colours();
    const { typed } = lv.state.current;
    if (typed && typed.text === answer.text) {
      ctx.fillStyle = colours.band;
      ctx.fillRect(x(typed.start), 0, x(typed.stop) - x(typed.start), height);
    }
    const step = lv.typed.hovered();
    if (step !== null) {
      ctx.fillStyle = colours.dim;
      ctx.globalAlpha = 0.35;
      ctx.fillRect(Math.round(x(step + 0.5)), 0, 1, height);
      ctx.globalAlpha = 1;
    }
  }

  function drawAxis(ctx, y) {
    const colours = lv.theme.colours();
    const values = ticks();
    ctx.textAlign = "right";
    ctx.textBaseline = "middle";
    ctx.font = lv.theme.font();
    ctx.fillStyle = colours.dim;
    for (const tick of values) ctx.fillText(lv.axis.text(tick, values), lv.geometry.left() - lv.geometry.KNOB + 2, y(tick));
  }

  /* The unit whose line passes nearest to a point of the plot, or null. */
  function unitNear(px, py) {
    const answer = lv.typed.present();
    if (!answer) return null;
    const at = (px - x(0)) / cell() - 0.5;
    const row = lv.typeddata.rowsOf(answer, lv.model.source);
    const [left, right] = [row(Math.max(0, Math.floor(at))), row(Math.min(answer.tokens.length - 1, Math.floor(at) + 1))];
    if (!left || !right) return null;
    const y = yOf();
    const share = lv.url.clamp(at - Math.floor(at), 0, 1);
    const chosen = new Set(lv.model.units || []);
    let [best, least] = [null, 7]; // px
    for (let unit = 0; unit < lv.model.source.n_units; unit++) {
      const [a, b] = [left[unit], right[unit]].map((value) => y(lv.geometry.viewed(value)));
      const away = Math.abs(a * (1 - share) + b * share - py) + (chosen.has(unit) ? 0 : 3);
      if (away < least) [best, least] = [unit, away];
    }
    return best;
  }

  lv.typedview = { make, drawBase, drawOverlay, x, cell, stepAt, inView, clipped, show, unitNear };
})(window);
