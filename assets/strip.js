/* The token strip: tokens shaded by how many selected units are on, the brush, its off-handles, and the tracks below. */
(function (root) {
  "use strict";
  const lv = (root.lstmviz = root.lstmviz || {});
  const TOKEN = { top: 5, height: 24 }; // px
  const OFF = { top: 31, height: 14 };
  const TRACK = { top: 49, height: 18, gap: 3 };
  let mount, canvas;

  function make() {
    mount = document.getElementById(lv.ids.strip);
    canvas = lv.theme.canvas(mount, "lv-layer");
    lv.tracknames.make(mount);
    mount.setAttribute("role", "application");
    mount.setAttribute("tabindex", "0");
    mount.setAttribute(
      "aria-label",
      "Tokens. Drag to brush a window. By keyboard: Enter makes a window, left and right arrows move it, with Shift they move its end, Escape clears it.",
    );
    lv.frame.add("strip", draw);
  }

  /* The height follows from the dump (and a press on "more") alone, so that nothing jumps. */
  function resize() {
    const rows = lv.tracks.visible().length + (lv.tracks.isMany() ? 1 : 0);
    mount.style.height = `${TRACK.top + rows * (TRACK.height + TRACK.gap)}px`;
  }

  function draw() {
    lv.model.refresh();
    const ctx = lv.theme.fit(canvas);
    if (!lv.model.source) return;
    const { geometry, model } = lv;
    const { at, span } = lv.state.current;
    const to = Math.min(model.axis.n_steps, at + span);
    drawLabels(ctx);
    ctx.save();
    ctx.beginPath();
    ctx.rect(geometry.left() - 7, 0, geometry.width() + 14, mount.clientHeight);
    ctx.clip();
    drawTokens(ctx, at, to);
    drawMarks(ctx, at, to);
    lv.tracks.visible().forEach((track, k) => lv.tracks.draw(ctx, track, at, to, TRACK.top + k * (TRACK.height + TRACK.gap), TRACK.height));
    lv.plot.drawBorders(ctx, TOKEN.top - 3, mount.clientHeight);
    if (lv.state.current.start !== null) drawBrush(ctx);
    drawHover(ctx);
    ctx.restore();
  }

  function drawLabels(ctx) {
    const colours = lv.theme.colours();
    ctx.font = `11px ${colours.sans}`;
    ctx.fillStyle = colours.dim;
    ctx.textAlign = "left";
    ctx.textBaseline = "middle";
    ctx.fillText(lv.model.axis.has_tokens ? "token" : "step", 0, TOKEN.top + TOKEN.height / 2);
    lv.tracknames.draw();
  }

  function drawTokens(ctx, from, to) {
    const { geometry, model, theme } = lv;
    const colours = theme.colours();
    const units = model.units || [];
    const counts = units.length ? model.countOn(from, to) : null;
    const cell = geometry.cell();
    const gap = cell > 6 ? 1 : 0;
    const hasText = model.axis.has_tokens && cell >= lv.celltext.least(model.firstShown());
    if (!hasText) {
      ctx.fillStyle = colours.shade(0); // a row without text is seen all the same
      ctx.fillRect(geometry.x(from), TOKEN.top, geometry.x(to) - geometry.x(from), TOKEN.height);
    }
    for (let step = from; step < to; step++) {
      const x = geometry.x(step);
      let ground = colours.bg;
      if (counts && counts[step - from]) {
        ground = colours.shade(counts[step - from] / units.length);
        ctx.fillStyle = ground;
        ctx.fillRect(x, TOKEN.top, cell - gap + (gap ? 0 : 0.5), TOKEN.height);
      }
      const shown = model.shown(step);
      if (shown && hasText) lv.celltext.draw(ctx, shown, x, TOKEN.top, cell, TOKEN.height, ground);
    }
    if (!model.axis.has_tokens) drawNumbers(ctx, from, to, (step) => (counts && counts[step - from] ? colours.shade(counts[step - from] / units.length) : colours.shade(0)));
  }

  /* Steps without tokens are numbered, every few cells. */
  function drawNumbers(ctx, from, to, groundOf) {
    const colours = lv.theme.colours();
    ctx.font = `11px ${colours.mono}`;
    ctx.textAlign = "center";
    ctx.textBaseline = "middle";
    const wide = ctx.measureText(lv.scale.grouped(to)).width + 14;
    const every = lv.scale.ticks(0, 1000000, 1000000 / Math.max(1, wide / lv.geometry.cell()))[1];
    for (let step = Math.ceil(from / every) * every; step < to; step += every) {
      const x = lv.url.clamp(lv.geometry.x(step + 0.5), lv.geometry.left() + wide / 2 - 7, lv.geometry.left() + lv.geometry.width() - wide / 2 + 7);
      ctx.fillStyle = colours.ink(groundOf(step));
      ctx.fillText(lv.scale.grouped(step), x, TOKEN.top + TOKEN.height / 2 + 0.5);
    }
  }

  /* Thin lines over the tokens: the listed matches that lie in view; under them: hits of the search. */
  function drawMarks(ctx, from, to) {
    const { geometry } = lv;
    const colours = lv.theme.colours();
    ctx.fillStyle = colours.accent;
    for (const row of lv.matches.rows()) {
      if (row.stop > from && row.start < to) ctx.fillRect(geometry.x(row.start), 1, geometry.x(row.stop) - geometry.x(row.start) - 1, 2);
    }
    for (const hit of lv.search.hitsIn(from, to)) {
      ctx.fillStyle = hit.isPresent ? colours.hover : colours.dim;
      ctx.fillRect(geometry.x(hit.start), TOKEN.top + TOKEN.height - 2, geometry.x(hit.stop) - geometry.x(hit.start) - 1, 2);
    }
  }

  function drawBrush(ctx) {
    const colours = lv.theme.colours();
    const { x } = lv.geometry;
    const { start, stop } = lv.state.current;
    const middle = OFF.top + OFF.height / 2;
    const handles = handleSteps();
    ctx.strokeStyle = colours.accent;
    ctx.lineWidth = 2;
    ctx.strokeRect(x(start) - 0.5, TOKEN.top - 1, x(stop) - x(start), TOKEN.height + 2);
    ctx.fillStyle = colours.accent;
    ctx.fillRect(x(start), middle - 2, x(stop) - x(start), 4);
    ctx.strokeStyle = colours.text;
    ctx.lineWidth = 1;
    for (const [edge, inner] of [[handles.before, start], [handles.after, stop]]) {
      ctx.beginPath();
      ctx.moveTo(x(edge), middle);
      ctx.lineTo(x(inner), middle);
      ctx.stroke();
      ctx.fillStyle = colours.text;
      ctx.beginPath();
      ctx.roundRect(x(edge) - 3.5, middle - 6, 7, 12, 2);
      ctx.fill();
    }
  }

  /* Where the off-handles stand: at most at the border of the sequence, beyond which everything counts as off. */
  function handleSteps() {
    const { start, stop, before, after } = lv.state.current;
    const [first, end] = lv.model.sequenceOf(start);
    return { before: Math.max(Math.min(first, start), start - before), after: Math.min(Math.max(end, stop), stop + after) };
  }

  function drawHover(ctx) {
    const { step } = lv.state.hover;
    const { at, span } = lv.state.current;
    if (step === null || step < at || step >= at + span) return;
    ctx.strokeStyle = lv.theme.colours().hover;
    ctx.lineWidth = 1.5;
    ctx.strokeRect(lv.geometry.x(step) - 0.5, TOKEN.top, lv.geometry.cell(), TOKEN.height);
  }

  lv.strip = { make, resize, handleSteps, place: () => mount, TOKEN, OFF, TRACK };
})(window);
