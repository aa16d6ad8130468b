/* The token strip: tokens shaded by how many selected units are on, the brush, its off-handles, and the tracks below. */
(function (root) {
  "use strict";
  const lv = (root.lstmviz = root.lstmviz || {});
  const TOKEN = { top: 5, height: 24 }; // px
  const OFF = { top: 31, height: 14 };
  const LOW = 5; // px of the band for units on low
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
    const height = `${TRACK.top + rows * (TRACK.height + TRACK.gap)}px`;
    if (mount.style.height !== height) mount.style.height = height;
  }

  function draw() {
    lv.model.refresh();
    if (lv.model.source) resize();
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
    lv.tracks.visible().forEach((track, k) => lv.tracks.draw(ctx, track, at, to, TRACK.top + k * (TRACK.height + TRACK.gap), TRACK.height));
    lv.mask.draw(ctx, 0, mount.clientHeight);
    drawMarks(ctx, at, to);
    lv.borders.draw(ctx, TOKEN.top - 3, mount.clientHeight);
    if (lv.state.current.start !== null) drawBrush(ctx);
    drawHover(ctx);
    ctx.restore();
  }

  function drawLabels(ctx) {
    const colours = lv.theme.colours();
    ctx.font = lv.theme.font();
    ctx.fillStyle = colours.dim;
    ctx.textAlign = "left";
    ctx.textBaseline = "middle";
    ctx.fillText(lv.model.axis.has_tokens ? "token" : lv.tokens.fit(named(), lv.geometry.left() - 8, (text) => ctx.measureText(text).width), 0, TOKEN.top + TOKEN.height / 2);
    lv.tracknames.draw();
  }

  function drawTokens(ctx, from, to) {
    const { geometry, model, theme } = lv;
    const colours = theme.colours();
    const ground = grounds(from, to);
    const cell = geometry.cell();
    const gap = cell > 6 ? 1 : 0;
    const hasText = model.axis.has_tokens && cell >= lv.celltext.least(model.firstShown());
    if (!hasText) {
      ctx.fillStyle = colours.shade(0); // a row without text is seen all the same
      ctx.fillRect(geometry.x(from), TOKEN.top, geometry.x(to) - geometry.x(from), TOKEN.height);
    }
    for (let step = from; step < to; step++) {
      const x = geometry.x(step);
      const wide = cell - gap + (gap ? 0 : 0.5);
      const { main, low } = ground(step);
      if (main) {
        ctx.fillStyle = main;
        ctx.fillRect(x, TOKEN.top, wide, TOKEN.height);
      }
      if (low) {
        ctx.fillStyle = low;
        ctx.fillRect(x, TOKEN.top + TOKEN.height - LOW, wide, LOW);
      }
      const shown = model.shown(step);
      if (shown && hasText) lv.celltext.draw(ctx, shown, x, TOKEN.top, cell, TOKEN.height - (low ? LOW / 2 : 0), main || colours.bg);
    }
    if (!model.axis.has_tokens) drawNumbers(ctx, from, to, (step) => ground(step).main || colours.shade(0));
  }

  /* step -> the grounds that say how many of the pattern's units are on there. Where it has units on both sides, a band
     at the foot is of those on low. */
  function grounds(from, to) {
    const { shade, lowShade } = lv.theme.colours();
    const { high, low } = lv.model.countSides(from, to);
    const colour = (ramp, { counts, n }, step) => (n && counts[step - from] ? ramp(counts[step - from] / n) : null);
    if (!high.n) return (step) => ({ main: colour(lowShade, low, step), low: null });
    return (step) => ({ main: colour(shade, high, step), low: colour(lowShade, low, step) });
  }

  /* The track whose numbers stand in the place of tokens where there are none: the first one of numbers, if any. */
  function numberTrack() {
    return lv.model.tracks.find((track) => track.kind === "number") || null;
  }

  function named() {
    const track = numberTrack();
    return track ? lv.tokens.show(track.name).text : "step";
  }

  /* step -> what is written there where there are no tokens: a number of that track, or the step's own. */
  function numbers() {
    const track = numberTrack();
    if (!track) return (step) => lv.scale.grouped(step);
    return (step) => lv.tracks.text(track, lv.model.value(track, step)) || "·";
  }

  /* Steps without tokens have numbers, every few cells where they are long. */
  function drawNumbers(ctx, from, to, groundOf) {
    const colours = lv.theme.colours();
    const text = numbers();
    ctx.font = `${lv.theme.px(11)} ${colours.mono}`;
    ctx.textAlign = "center";
    ctx.textBaseline = "middle";
    const longest = numberTrack() ? Math.max(1, ...Array.from({ length: to - from }, (_, k) => text(from + k).length)) : lv.scale.grouped(to).length;
    const wide = ctx.measureText("0".repeat(longest)).width + (numberTrack() ? 4 : 14);
    const every = numberTrack() && wide <= lv.geometry.cell() ? 1 : lv.scale.ticks(0, 1000000, 1000000 / Math.max(1, wide / lv.geometry.cell()))[1];
    for (let step = Math.ceil(from / every) * every; step < to; step += every) {
      const edge = Math.min(wide / 2 - 7, lv.geometry.width() / 2);
      const x = every === 1 ? lv.geometry.x(step + 0.5) : lv.url.clamp(lv.geometry.x(step + 0.5), lv.geometry.left() + edge, lv.geometry.left() + lv.geometry.width() - edge);
      ctx.fillStyle = colours.ink(groundOf(step));
      ctx.fillText(text(step), x, TOKEN.top + TOKEN.height / 2 + 0.5);
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

  lv.strip = { make, resize, handleSteps, numbers, place: () => mount, TOKEN, OFF, TRACK };
})(window);
