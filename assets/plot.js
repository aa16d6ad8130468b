/* The unit lines: a base canvas drawn once per view, and an overlay for all that a brush, a threshold or a hover changes. */
(function (root) {
  "use strict";
  const lv = (root.lstmviz = root.lstmviz || {});
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

  function drawBase() {
    lv.model.refresh();
    const ctx = lv.theme.fit(baseCanvas);
    if (!lv.model.source) return;
    drawGrid(ctx);
    ctx.save();
    ctx.beginPath();
    ctx.rect(lv.geometry.LEFT, 0, lv.geometry.width(), mount.clientHeight);
    ctx.clip();
    lv.lines.drawAll(ctx, mount.clientHeight);
    ctx.restore();
  }

  function drawGrid(ctx) {
    const { geometry, theme } = lv;
    const { at, span } = lv.state.current;
    ctx.strokeStyle = theme.colours().line;
    ctx.lineWidth = 1;
    for (const tick of yTicks()) line(ctx, geometry.LEFT, Math.round(geometry.y(tick)) + 0.5, geometry.LEFT + geometry.width(), 0);
    ctx.strokeStyle = theme.colours().dim;
    ctx.setLineDash([2, 3]);
    for (const border of lv.model.bordersIn(at, at + span)) {
      const x = Math.round(geometry.x(border)) + 0.5;
      line(ctx, x, 0, x, mount.clientHeight);
    }
    ctx.setLineDash([]);
  }

  function line(ctx, x0, y0, x1, y1) {
    ctx.beginPath();
    ctx.moveTo(x0, y0);
    ctx.lineTo(x1, y1 || y0);
    ctx.stroke();
  }

  function yTicks() {
    const [low, high] = lv.geometry.range();
    return lv.scale.ticks(low, high, Math.max(2, Math.min(4, mount.clientHeight / 50)));
  }

  function drawOverlay() {
    lv.model.refresh();
    const ctx = lv.theme.fit(overlayCanvas);
    if (!lv.model.source) return;
    const { geometry, theme } = lv;
    const { hover } = lv.state;
    const colours = theme.colours();
    ctx.save();
    ctx.beginPath();
    ctx.rect(geometry.LEFT, 0, geometry.width(), mount.clientHeight);
    ctx.clip();
    drawBands(ctx);
    ctx.lineJoin = "round";
    if (lv.model.units && lv.model.units.length) {
      ctx.strokeStyle = colours.accent;
      ctx.lineWidth = lv.model.units.length > 40 ? 1.25 : 2;
      ctx.globalAlpha = Math.max(0.35, Math.min(1, 6 / Math.sqrt(lv.model.units.length)));
      lv.lines.draw(ctx, lv.model.units);
      ctx.globalAlpha = 1;
    }
    drawThreshold(ctx);
    const unit = hover.unit !== null ? hover.unit : hover.held;
    if (unit !== null && unit < lv.model.source.n_units) {
      ctx.strokeStyle = colours.hover;
      ctx.lineWidth = 2.5;
      lv.lines.draw(ctx, [unit]);
    }
    ctx.restore();
    drawAxis(ctx);
    drawLoading(ctx);
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

  function drawThreshold(ctx) {
    const { geometry } = lv;
    const y = Math.round(geometry.y(lv.state.current.threshold)) + 0.5;
    ctx.strokeStyle = lv.theme.colours().text;
    ctx.lineWidth = 1;
    ctx.setLineDash([4, 3]);
    line(ctx, geometry.LEFT, y, geometry.LEFT + geometry.width(), y);
    ctx.setLineDash([]);
  }

  function drawAxis(ctx) {
    const { geometry, scale, theme } = lv;
    const colours = theme.colours();
    const at = geometry.y(lv.state.current.threshold);
    const ticks = yTicks();
    const places = scale.decimals(ticks);
    ctx.textAlign = "right";
    ctx.textBaseline = "middle";
    ctx.font = `11px ${colours.sans}`;
    ctx.fillStyle = colours.dim;
    for (const tick of ticks) {
      const y = geometry.y(tick);
      if (Math.abs(y - at) > 13) ctx.fillText(scale.signed(tick, places), geometry.LEFT - 14, y);
    }
    ctx.font = `600 12px ${colours.sans}`;
    ctx.fillStyle = colours.text;
    ctx.fillText(scale.thresholdText(lv.state.current.threshold), geometry.LEFT - 14, at);
    ctx.beginPath();
    ctx.arc(geometry.LEFT - 3, at, 5, 0, 2 * Math.PI);
    ctx.fill();
  }

  function drawLoading(ctx) {
    const { model, geometry } = lv;
    if (model.since === null || performance.now() - model.since < 300) return;
    ctx.font = `12px ${lv.theme.colours().sans}`;
    ctx.textAlign = "center";
    ctx.fillStyle = lv.theme.colours().dim;
    ctx.fillText("loading states …", geometry.LEFT + geometry.width() / 2, mount.clientHeight / 2);
  }

  /* The unit whose line passes nearest to a point, or null: a selected one is easier to catch than another. */
  function unitNear(px, py) {
    const { geometry, model } = lv;
    const at = lv.state.current.at + (px - geometry.LEFT) / geometry.cell() - 0.5;
    const [left, right] = [model.row(Math.max(0, Math.floor(at))), model.row(Math.min(model.axis.n_steps - 1, Math.floor(at) + 1))];
    if (!left || !right) return null;
    const share = at - Math.floor(at);
    const y = lv.lines.yOf();
    const chosen = new Set(model.units || []);
    let best = null;
    let least = 7; // px
    for (let unit = 0; unit < model.source.n_units; unit++) {
      const away = Math.abs(y(left[unit]) * (1 - share) + y(right[unit]) * share - py) + (chosen.has(unit) ? 0 : 3);
      if (away < least) [best, least] = [unit, away];
    }
    return best;
  }

  lv.plot = { make, place: () => mount, unitNear };
})(window);
