/* Bars under the strip: a row for each unit of the pattern, filled where it is on. */
(function (root) {
  "use strict";
  const lv = (root.lstmviz = root.lstmviz || {});
  const ROW = 15; // px
  const SEEN = 12; // rows before it scrolls; only those in view are drawn
  let place, scroller, inner, canvas;

  function make() {
    place = document.getElementById(lv.ids.bars);
    scroller = lv.menu.element("div", "lv-bars-scroll");
    inner = lv.menu.element("div");
    scroller.addEventListener("scroll", () => lv.frame.ask("strip"));
    canvas = document.createElement("canvas");
    canvas.setAttribute("role", "img");
    canvas.addEventListener("pointermove", point);
    canvas.addEventListener("pointerleave", () => {
      lv.state.setHover({ unit: null, step: null });
      lv.tip.hide();
    });
    canvas.addEventListener("click", (event) => {
      const one = at(event);
      if (one) lv.chips.hold(one);
    });
    inner.append(canvas);
    scroller.append(inner);
    lv.frame.add("strip", draw);
  }

  function rows() {
    return lv.model.chosen || [];
  }

  function at(event) {
    return rows()[Math.floor((event.clientY - inner.getBoundingClientRect().top) / ROW)] || null;
  }

  function point(event) {
    const one = at(event);
    if (!one) return;
    const x = event.clientX - canvas.getBoundingClientRect().left;
    const step = lv.geometry.stepAt(x);
    const { at: first, span } = lv.state.current;
    const isStep = x >= lv.geometry.left() && step >= first && step < Math.min(lv.model.axis.n_steps, first + span);
    lv.state.setHover({ unit: one.unit, source: one.source, side: one.side, step: isStep ? step : null });
  }

  function draw() {
    const isShown = lv.state.current.bars && lv.model.source && rows().length > 0;
    if (!isShown) {
      if (place.firstChild) place.replaceChildren();
      return;
    }
    if (!place.firstChild) place.append(scroller);
    const units = rows();
    const tall = Math.min(SEEN, units.length) * ROW;
    scroller.style.height = `${tall}px`;
    inner.style.height = `${units.length * ROW}px`;
    canvas.style.width = `${lv.plot.width()}px`;
    canvas.style.height = `${tall}px`;
    canvas.setAttribute("aria-label", `Where each of ${lv.words.plural(units.length, "selected unit")} is on`);
    const first = Math.floor(scroller.scrollTop / ROW);
    const ctx = lv.theme.fit(canvas);
    ctx.translate(0, first * ROW - scroller.scrollTop);
    paint(ctx, units.slice(first, first + SEEN + 1));
  }

  function paint(ctx, units) {
    const { geometry, model } = lv;
    const colours = lv.theme.colours();
    const { at: from, span, source } = lv.state.current;
    const to = Math.min(model.axis.n_steps, from + span);
    const { hover, held } = lv.state;
    const cell = geometry.cell();
    const gap = cell > 6 ? 1 : 0;
    units.forEach((one, k) => {
      const top = k * ROW;
      const isLit = hover.unit !== null ? hover.unit === one.unit && (hover.source || source) === one.source : held && held.unit === one.unit && held.source === one.source;
      const counts = model.countOn(from, to, [one]);
      ctx.fillStyle = colours.shade(0);
      ctx.fillRect(geometry.x(from), top + 2, geometry.x(to) - geometry.x(from) - gap, ROW - 4);
      ctx.fillStyle = isLit ? colours.hover : one.side === "low" ? colours.low : colours.accent;
      for (let step = from; step < to; step++) {
        if (counts[step - from]) ctx.fillRect(geometry.x(step), top + 2, cell - gap + (gap ? 0 : 0.5), ROW - 4);
      }
      label(ctx, one, top, isLit);
    });
    lv.borders.draw(ctx, 0, units.length * ROW);
  }

  function label(ctx, one, top, isLit) {
    const colours = lv.theme.colours();
    ctx.font = `${isLit ? 600 : 400} ${lv.theme.px(11)} ${colours.sans}`;
    ctx.textAlign = "left";
    ctx.textBaseline = "middle";
    ctx.fillStyle = isLit ? colours.hover : colours.dim;
    const text = lv.tokens.fit(lv.chips.words(one), lv.geometry.left() - 8, (words) => ctx.measureText(words).width);
    ctx.fillText(text, 0, top + ROW / 2 + 0.5);
  }

  /* For tests: for each row its unit and the visible steps at which it is on. */
  function shown() {
    const { at: from, span, bars } = lv.state.current;
    if (!bars) return [];
    const to = Math.min(lv.model.axis.n_steps, from + span);
    return rows().map((one) => ({
      source: one.source,
      unit: one.unit,
      side: one.side,
      on: Array.from(lv.model.countOn(from, to, [one])).flatMap((count, k) => (count ? [from + k] : [])),
    }));
  }

  lv.bars = { make, shown };
})(window);
