/* The unit lines: a base canvas drawn once per view, and an overlay for all that a brush, a threshold or a hover changes. */
(function (root) {
  "use strict";
  const lv = (root.lstmviz = root.lstmviz || {});
  const DASHED = 12; // lines on low that are dashed
  let mount, baseCanvas, overlayCanvas;

  function make() {
    mount = document.getElementById(lv.ids.plot);
    baseCanvas = lv.theme.canvas(mount, "lv-layer");
    overlayCanvas = lv.theme.canvas(mount, "lv-layer");
    mount.setAttribute("role", "application");
    mount.setAttribute("tabindex", "0");
    mount.setAttribute(
      "aria-label",
      "Activations of every unit over the visible steps. Left and right arrows move, with Shift by a page, Home and End go to the ends, plus and minus zoom, up and down change the threshold.",
    );
    lv.frame.add("base", drawBase);
    lv.frame.add("overlay", drawOverlay);
  }

  /* The plot's width, also while the text stands in its place. */
  function width() {
    return mount.clientWidth || mount.parentElement.clientWidth;
  }

  function drawBase() {
    lv.model.refresh();
    const ctx = lv.theme.fit(baseCanvas);
    if (!lv.model.source || !mount.clientHeight) return;
    drawGrid(ctx);
    ctx.save();
    ctx.beginPath();
    ctx.rect(lv.geometry.left(), 0, lv.geometry.width(), mount.clientHeight);
    ctx.clip();
    lv.lines.drawAll(ctx, mount.clientHeight);
    ctx.restore();
  }

  function drawGrid(ctx) {
    const { geometry, theme } = lv;
    ctx.strokeStyle = theme.colours().line;
    ctx.lineWidth = 1;
    for (const tick of geometry.ticks()) line(ctx, geometry.left(), Math.round(geometry.y(tick)) + 0.5, geometry.left() + geometry.width(), 0);
    lv.borders.draw(ctx, 0, mount.clientHeight);
  }

  function line(ctx, x0, y0, x1, y1) {
    ctx.beginPath();
    ctx.moveTo(x0, y0);
    ctx.lineTo(x1, y1 || y0);
    ctx.stroke();
  }

  function drawOverlay() {
    lv.model.refresh();
    const ctx = lv.theme.fit(overlayCanvas);
    if (!lv.model.source || !mount.clientHeight) return;
    const { geometry, theme } = lv;
    const { hover } = lv.state;
    const colours = theme.colours();
    ctx.save();
    ctx.beginPath();
    ctx.rect(geometry.left(), 0, geometry.width(), mount.clientHeight);
    ctx.clip();
    drawBands(ctx);
    ctx.lineJoin = "round";
    if (lv.model.units && lv.model.units.length) {
      const look = lv.scale.selectedLook(lv.model.units.length);
      ctx.lineWidth = look.width * lv.projector.lines();
      ctx.globalAlpha = look.opacity;
      for (const side of ["high", "low"]) drawSide(ctx, side);
      ctx.globalAlpha = 1;
    }
    lv.mask.draw(ctx, 0, mount.clientHeight);
    for (const value of thresholds()) drawThreshold(ctx, value);
    const unit = lit();
    if (unit !== null && unit < lv.model.source.n_units) {
      ctx.strokeStyle = colours.hover;
      ctx.lineWidth = 2.5 * lv.projector.lines();
      lv.lines.draw(ctx, [unit]);
    }
    ctx.restore();
    drawAxis(ctx);
    lv.borders.drawLabels(ctx);
    drawLoading(ctx);
  }

  /* The unit whose line is in the hover colour: the one pointed at, else the one held, if it is plotted. */
  function lit() {
    const { hover, held, current } = lv.state;
    if (hover.unit !== null) return hover.source === null || hover.source === current.source ? hover.unit : null;
    return held !== null && held.source === current.source ? held.unit : null;
  }

  function drawBands(ctx) {
    const { start, stop } = lv.state.current;
    const { step } = lv.state.hover;
    const { x } = lv.geometry;
    if (start !== null) {
      ctx.fillStyle = lv.theme.colours().band;
      ctx.fillRect(x(start), 0, x(stop) - x(start), mount.clientHeight);
    }
    if (step !== null) {
      ctx.fillStyle = lv.theme.colours().dim;
      ctx.globalAlpha = 0.35;
      ctx.fillRect(Math.round(x(step + 0.5)), 0, 1, mount.clientHeight);
      ctx.globalAlpha = 1;
    }
  }

  /* The selected lines of one side; those on low are dashed too where they are few enough to follow. */
  function drawSide(ctx, side) {
    const units = lv.model.onSide(side, lv.state.current.source).map((one) => one.unit);
    ctx.strokeStyle = side === "low" ? lv.theme.colours().low : lv.theme.colours().accent;
    if (side === "low" && units.length <= DASHED) ctx.setLineDash([7, 3]);
    lv.lines.draw(ctx, units);
    ctx.setLineDash([]);
  }

  /* Where the threshold is drawn: at t for units on high, at -t for those on low; nowhere with an opened pattern, whose
     units have each their own. */
  function thresholds() {
    const { side, threshold, pattern } = lv.state.current;
    if (pattern) return [];
    return side === "high" ? [threshold] : side === "low" ? [-threshold] : [...new Set([threshold, -threshold + 0])];
  }

  function drawThreshold(ctx, value) {
    const { geometry } = lv;
    const y = Math.round(geometry.y(value)) + 0.5;
    ctx.strokeStyle = lv.theme.colours()[lv.state.current.side !== "high" && value === -lv.state.current.threshold ? "low" : "text"];
    ctx.lineWidth = 1;
    ctx.setLineDash([4, 3]);
    line(ctx, geometry.left(), y, geometry.left() + geometry.width(), y);
    ctx.setLineDash([]);
  }

  function drawAxis(ctx) {
    const { geometry, scale, theme } = lv;
    const colours = theme.colours();
    const lines = thresholds().map((value) => ({ value, at: geometry.y(value) }));
    const ticks = geometry.ticks();
    const right = geometry.left() - geometry.KNOB + 2;
    ctx.textAlign = "right";
    ctx.textBaseline = "middle";
    ctx.font = lv.theme.font();
    ctx.fillStyle = colours.dim;
    for (const tick of ticks) {
      const y = geometry.y(tick);
      if (lines.every(({ at }) => Math.abs(y - at) > 13)) ctx.fillText(lv.axis.text(tick, ticks), right, y);
    }
    ctx.font = `600 ${lv.theme.px(12)} ${colours.sans}`;
    for (const { value, at } of lines) {
      ctx.fillStyle = lv.state.current.side !== "high" && value === -lv.state.current.threshold ? colours.low : colours.text;
      ctx.fillText(scale.thresholdText(value, geometry.step()), right, at, right); // squeezed if long
      ctx.beginPath();
      ctx.arc(geometry.left() - 3, at, 5, 0, 2 * Math.PI);
      ctx.fill();
    }
  }

  function drawLoading(ctx) {
    const { model, geometry } = lv;
    if (model.since === null || performance.now() - model.since < 300) return;
    ctx.font = `${lv.theme.px(12)} ${lv.theme.colours().sans}`;
    ctx.textAlign = "center";
    ctx.fillStyle = lv.theme.colours().dim;
    ctx.fillText("loading states …", geometry.left() + geometry.width() / 2, mount.clientHeight / 2);
  }

  /* The unit whose line passes nearest to a point, or null: a selected one is easier to catch than another. */
  function unitNear(px, py) {
    const { geometry, model } = lv;
    const at = lv.state.current.at + (px - geometry.left()) / geometry.cell() - 0.5;
    const [left, right] = [model.row(Math.max(0, Math.floor(at))), model.row(Math.min(model.axis.n_steps - 1, Math.floor(at) + 1))];
    if (!left || !right) return null;
    const isParted = model.bordersIn(Math.floor(at) + 1, Math.floor(at) + 2).length > 0;
    const share = isParted ? Math.round(at - Math.floor(at)) : at - Math.floor(at);
    const y = lv.lines.yOf();
    const chosen = new Set(model.units || []);
    let best = null;
    let least = 7; // px
    for (let unit = 0; unit < model.source.n_units; unit++) {
      const [a, b] = [left[unit], right[unit]].map((value, k, both) => y(value === value ? value : both[1 - k])); // a lone value is near by itself
      const away = Math.abs(a * (1 - share) + b * share - py) + (chosen.has(unit) ? 0 : 3);
      if (away < least) [best, least] = [unit, away];
    }
    return best;
  }

  lv.plot = { make, place: () => mount, width, unitNear, thresholds, lit };
})(window);
