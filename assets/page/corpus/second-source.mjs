/* A second recording, or another source, beside the first: its lines at the same steps, read only, and the units that the
   same brush and threshold pick there. What may stand beside is what the server says holds the same text. */
(function (root) {
  "use strict";
  const lv = (root.lstmviz = root.lstmviz || {});
  const MOST = 60; // chips
  const offers = new Map(); // "uuid axis" -> promise of [{uuid, name, axis, sources}]
  let place, name, count, chips, mount, base, overlay, lines;
  let given = null; // {key, dump, source, name} once it is here
  let wanted = null; // the key that is shown or on its way
  let chosen = null; // [{unit, side}]; null while states load
  let lit = null; // the unit whose chip is pointed at or focused
  let made = "";

  function make() {
    place = document.getElementById(lv.ids.beside);
    lines = lv.lines.painter({
      dump: () => given.dump.about.uuid,
      source: () => given.source,
      row: (step) => rows()(step),
      height: () => mount.clientHeight,
      range,
    });
    lv.frame.add("selection", follow);
    lv.frame.add("base", drawBase);
    lv.frame.add("overlay", drawOverlay);
    lv.frame.add("units", drawHead);
  }

  function build() {
    const { element, button } = lv.menu;
    const head = element("div", "lv-beside-head");
    name = element("bdi", "lv-beside-name");
    count = element("span", "lv-beside-count", "", { role: "status" });
    chips = element("div", "lv-beside-chips");
    mount = element("div", "lv-beside-plot");
    base = lv.theme.canvas(mount, "lv-layer");
    overlay = lv.theme.canvas(mount, "lv-layer", "Lines of the source beside");
    for (const type of ["pointerover", "focusin"]) chips.addEventListener(type, (event) => light(event.target.closest("[data-unit]")));
    for (const type of ["pointerleave", "focusout"]) chips.addEventListener(type, () => light(null));
    mount.addEventListener("pointermove", (event) => {
      const step = lv.geometry.stepAt(event.clientX - mount.getBoundingClientRect().left);
      const { at, span } = lv.state.current;
      lv.state.setHover({ unit: null, step: step >= at && step < Math.min(at + span, lv.model.axis.n_steps) ? step : null });
    });
    mount.addEventListener("pointerleave", () => lv.state.setHover({ unit: null, step: null }));
    head.append(
      element("span", "", "beside"),
      name,
      count,
      chips,
      button("lv-link", "Swap", "Put this one on top, where it is brushed and matched, and the other one beside it", swap),
      button("lv-card-close", "×", "Take away what stands beside", () => lv.state.change({ beside: null }, "settle")),
    );
    place.append(head, mount);
    new ResizeObserver(() => lv.frame.ask("base", "overlay")).observe(mount);
  }

  /* What can stand beside the present recording: asked once for each. */
  function offered() {
    const key = `${lv.state.current.dump} ${lv.model.axis.index}`;
    if (!offers.has(key)) {
      const asked = lv.data.json(`d/${lv.state.current.dump}/beside/${lv.model.axis.index}`).then((answer) => answer.dumps);
      asked.catch(() => offers.delete(key));
      offers.set(key, asked);
    }
    return offers.get(key);
  }

  /* Keep to the state: open what it names, or say why it cannot stand here. */
  function follow() {
    const { beside, dump } = lv.state.current;
    if (!lv.model.source) return;
    const key = beside ? JSON.stringify([dump, lv.model.axis.index, beside]) : null;
    if (key === wanted) return;
    wanted = key;
    given = chosen = null;
    if (!beside) {
      made = "";
      place.replaceChildren();
      lv.notice.clear("beside");
      return;
    }
    lv.busy.during(open(beside, key), "Opening what stands beside …");
  }

  async function open(beside, key) {
    let problem = null;
    try {
      const one = (await offered()).find((dump) => dump.uuid === beside.dump && dump.sources.includes(beside.source));
      const dump = one && (await lv.page.dumpOf(beside.dump));
      if (key !== wanted) return;
      if (one) {
        given = { key, dump, source: dump.about.sources.find((source) => source.name === beside.source), name: one.name };
        lv.notice.clear("beside");
        if (!place.firstChild) build();
        lv.frame.askAll();
        return;
      }
      problem = `${beside.source} of recording ${beside.dump.slice(0, 12)} cannot stand beside this one: it is not served here, or it holds another text.`;
    } catch (error) {
      problem = `What stands beside could not be opened: ${error.message}`;
    }
    if (key !== wanted) return;
    lv.notice.say("beside", problem);
    wanted = null; // so that the line stays
    place.replaceChildren();
    lv.state.change({ beside: null }, "restore");
  }

  function rows() {
    const states = given.dump.statesOf(given.source);
    const n = given.source.n_units;
    return (step) => {
      const tile = states.at(step);
      const k = step % states.length;
      return tile ? tile.subarray(k * n, k * n + n) : null;
    };
  }

  function range() {
    const { low, high } = given.source;
    return high > low ? [low, high] : [low - 1, low + 1];
  }

  /* Called with each look at the page, so that its tiles are kept as long as they are seen; true if all are here. */
  function need(from, to) {
    if (!given) return wanted === null;
    const states = given.dump.statesOf(given.source);
    const { start, stop, before, after } = lv.state.current;
    const isHere = states.need(from - 1, to + 1);
    return (start === null || states.need(Math.max(0, start - before), Math.min(lv.model.axis.n_steps, stop + after))) && isHere;
  }

  /* The units that the brush picks there: its window, its constraints, its threshold and side. */
  function choose() {
    const { start, stop, before, after, threshold, side, pattern } = lv.state.current;
    if (start === null || pattern || lv.model.problem) return [];
    const cut = lv.cuts.of(given.dump, given.source, threshold);
    const [from, to] = [Math.max(0, start - before), Math.min(lv.model.axis.n_steps, stop + after)];
    if (cut === null || !need(from, to)) return null;
    const sequence = lv.select.sequenceAround(lv.model.bordersIn(from, to), start, from, to);
    const pick = (part, one) =>
      lv.select.selectUnits({ row: rows(), nUnits: given.source.n_units, cut: one === "high" ? cut : -cut, side: one, start, stop, before, after, sequence });
    return lv.select.brushed({ parts: [{ source: given.source.name, side, threshold }] }, pick);
  }

  const yAt = (value) => {
    const [low, high] = range();
    return lv.geometry.PAD + (1 - (value - low) / (high - low)) * (mount.clientHeight - 2 * lv.geometry.PAD);
  };

  function clipped(ctx, draw) {
    ctx.save();
    ctx.beginPath();
    ctx.rect(lv.geometry.left(), 0, lv.geometry.width(), mount.clientHeight);
    ctx.clip();
    draw();
    ctx.restore();
  }

  function drawBase() {
    if (!given) return;
    lv.model.refresh();
    const ctx = lv.theme.fit(base);
    if (!mount.clientHeight) return;
    const colours = lv.theme.colours();
    const ticks = lv.axis.ticks(...range(), 2);
    ctx.font = lv.theme.font();
    ctx.textAlign = "right";
    ctx.textBaseline = "middle";
    for (const tick of ticks) {
      const y = Math.round(yAt(tick)) + 0.5;
      ctx.fillStyle = colours.line;
      ctx.fillRect(lv.geometry.left(), y - 0.5, lv.geometry.width(), 1);
      ctx.fillStyle = colours.dim;
      ctx.fillText(lv.axis.text(tick, ticks), lv.geometry.left() - lv.geometry.KNOB + 2, y);
    }
    lv.borders.draw(ctx, 0, mount.clientHeight);
    clipped(ctx, () => lines.drawAll(ctx, mount.clientHeight));
  }

  function drawOverlay() {
    if (!given) return;
    lv.model.refresh();
    chosen = choose();
    const ctx = lv.theme.fit(overlay);
    if (!mount.clientHeight) return;
    const { geometry } = lv;
    const colours = lv.theme.colours();
    const { start, stop, side, threshold } = lv.state.current;
    clipped(ctx, () => {
      if (start !== null) {
        ctx.fillStyle = colours.band;
        ctx.fillRect(geometry.x(start), 0, geometry.x(stop) - geometry.x(start), mount.clientHeight);
      }
      const look = lv.scale.selectedLook((chosen || []).length);
      for (const one of ["high", "low"]) {
        ctx.strokeStyle = one === "low" ? colours.low : colours.accent;
        ctx.lineWidth = look.width * lv.projector.lines();
        ctx.globalAlpha = look.opacity;
        lines.draw(ctx, (chosen || []).filter((unit) => unit.side === one).map((unit) => unit.unit));
      }
      ctx.globalAlpha = 1;
      if (lit !== null) {
        ctx.strokeStyle = colours.hover;
        ctx.lineWidth = 2.5 * lv.projector.lines();
        lines.draw(ctx, [lit]);
      }
      ctx.strokeStyle = colours.text;
      ctx.lineWidth = 1;
      ctx.setLineDash([4, 3]);
      for (const value of side === "high" ? [threshold] : side === "low" ? [-threshold] : [threshold, -threshold]) {
        ctx.beginPath();
        ctx.moveTo(geometry.left(), yAt(value));
        ctx.lineTo(geometry.left() + geometry.width(), yAt(value));
        ctx.stroke();
      }
      ctx.setLineDash([]);
      const { step } = lv.state.hover;
      if (step === null) return;
      ctx.globalAlpha = 0.35;
      ctx.fillStyle = colours.dim;
      ctx.fillRect(Math.round(geometry.x(step + 0.5)), 0, 1, mount.clientHeight);
    });
  }

  function drawHead() {
    if (!given) return;
    chosen = choose();
    if (chosen === null) return; // while states load, what was said stays
    const { start, dump } = lv.state.current;
    const now = JSON.stringify([given.key, start === null, chosen.map((one) => [one.unit, one.side])]);
    if (now === made) return;
    made = now;
    const source = lv.naming.sourceLabel(given.source);
    name.textContent = given.dump.about.uuid === dump ? source : `${lv.tokens.show(given.name).text} · ${source}`;
    name.title = name.textContent;
    count.textContent = start === null ? "brush to see its units" : `${lv.words.plural(chosen.length, "unit")} on`;
    overlay.setAttribute("aria-label", `Lines of ${lv.words.plural(given.source.n_units, "unit")} of ${name.textContent} at the same steps; ${count.textContent}`);
    chips.replaceChildren(...chosen.slice(0, MOST).map(chip));
  }

  function chip({ unit, side }) {
    const words = `${side === "low" ? "−" : ""}${unit}`;
    const said = `unit ${unit} of ${lv.tokens.show(given.source.name).text} beside, on ${side}`;
    return lv.menu.element("button", `lv-beside-chip lv-${side}`, words, { type: "button", "aria-label": said, title: `${said}: its line is shown while you point here`, "data-unit": String(unit) });
  }

  function light(element) {
    const unit = element ? Number(element.dataset.unit) : null;
    if (unit === lit) return;
    lit = unit;
    lv.frame.ask("overlay");
  }

  function swap() {
    const { dump, source, at, span, start, stop, threshold, side, before, after, beside } = lv.state.current;
    lv.page.show(beside.dump, { at, span, start, stop, threshold, side, before, after, source: beside.source, beside: { dump, source } }, "push", []);
  }

  /* In the menu of what is shown: a list of all that can stand beside. */
  function fill(panel) {
    const { element } = lv.menu;
    const { dump: present, source: plotted, beside } = lv.state.current;
    const select = element("select", "lv-choice", "", { "aria-label": "Another recording or source beside this one" });
    const option = (value, words) => {
      const one = element("option", "", words, { value });
      one.selected = beside !== null && value === `${beside.dump}/${beside.source}`;
      return one;
    };
    const note = element("p", "lv-panel-note", "");
    select.append(option("", "nothing"));
    panel.append(element("p", "lv-panel-head", "Beside, at the same steps"), select, note);
    select.addEventListener("change", () => {
      const at = select.value.indexOf("/");
      lv.state.change({ beside: at < 0 ? null : { dump: select.value.slice(0, at), source: select.value.slice(at + 1) } }, "settle");
    });
    offered().then(
      (dumps) => {
        for (const dump of dumps) {
          const free = dump.sources.filter((source) => dump.uuid !== present || source !== plotted);
          if (!free.length) continue;
          const group = element("optgroup", "", "", { label: dump.uuid === present ? "this recording" : lv.tokens.show(dump.name).text });
          group.append(...free.map((source) => option(`${dump.uuid}/${source}`, lv.tokens.show(source).text)));
          select.append(group);
        }
        if (select.length < 2) note.textContent = "No other source or recording of this text is served.";
      },
      (error) => (note.textContent = `What can stand beside is not known: ${error.message}`),
    );
  }

  const isReady = () => wanted === null || (given !== null && chosen !== null && need(lv.state.current.at, lv.state.current.at + lv.state.current.span));

  /* For tests: what stands beside. */
  function shown() {
    if (!given) return null;
    return { dump: given.dump.about.uuid, source: given.source.name, units: chosen && chosen.map(({ unit, side }) => [unit, side]), said: count.textContent };
  }

  lv.beside = { make, need, fill, isReady, shown };
})(window);
