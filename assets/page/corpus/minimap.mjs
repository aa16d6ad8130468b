/* The whole corpus over the lines: where the matches are, what is in view, where the brush is; a press or a drag goes there. */
(function (root) {
  "use strict";
  const lv = (root.lstmviz = root.lstmviz || {});
  const FEW = 120; // sequences whose borders are drawn
  const LEAST = { view: 6, brush: 3 }; // px
  let track, canvas, view, brush;
  let borders = { key: null, starts: [] };
  let drag = null; // px between the pointer and the middle of the view
  let made = "";
  let wide = 0; // px of the strip; to ask for it in each frame would lay the page out each time

  function make() {
    const { element } = lv.menu;
    const place = document.getElementById(lv.ids.minimap);
    track = element("div", "lv-minimap-track", "", { role: "slider", tabindex: "0", "aria-label": "The whole corpus: what is in view", "aria-orientation": "horizontal" });
    canvas = lv.theme.canvas(track, "lv-layer");
    brush = element("div", "lv-minimap-brush");
    view = element("div", "lv-minimap-view");
    track.append(brush, view);
    place.prepend(element("span", "lv-gutter-label", "corpus"), track);
    track.addEventListener("pointerdown", down);
    track.addEventListener("pointermove", move);
    for (const end of ["pointerup", "pointercancel"]) track.addEventListener(end, up);
    track.addEventListener("pointerleave", () => lv.tip.hide());
    const by = (share) => () => lv.state.panTo(lv.state.current.at + Math.sign(share) * Math.max(1, Math.round(Math.abs(share) * lv.model.axis.n_steps)));
    const ends = { first: () => lv.state.panTo(0), last: () => lv.state.panTo(Infinity) };
    lv.aside.keys(track, "corpus", Object.assign({ back: by(-0.01), on: by(0.01), farBack: by(-0.1), farOn: by(0.1) }, ends));
    for (const name of ["selection", "summary"]) lv.frame.add(name, draw);
    new ResizeObserver(() => {
      wide = track.clientWidth;
      lv.frame.ask("summary");
    }).observe(track);
  }

  /* The barcode of the present matches; null without any. */
  function barcode() {
    const answer = lv.summary.answer();
    const isOf = answer && answer.barcode && answer.barcode.n_steps === lv.model.axis.n_steps;
    return isOf ? answer.barcode : null;
  }

  function draw() {
    if (!lv.model.source || !wide) return;
    needBorders();
    const answer = lv.summary.answer();
    const now = JSON.stringify([answer && answer.key, lv.state.current.dump, lv.model.axis.index, borders.starts.length, wide, lv.theme.colours().bg, root.devicePixelRatio]);
    if (now !== made) {
      made = now;
      paint();
    }
    mark();
  }

  function paint() {
    const ctx = lv.theme.fit(canvas);
    const [width, height] = [wide, track.clientHeight];
    const colours = lv.theme.colours();
    const given = barcode();
    if (given) {
      const shares = lv.barcode.columns(given, width);
      const most = Math.max(...shares);
      shares.forEach((share, x) => {
        if (!share) return;
        ctx.fillStyle = colours.shade(lv.barcode.depth(share, most));
        ctx.fillRect(x, 0, 1, height);
      });
    }
    ctx.fillStyle = colours.dim;
    ctx.globalAlpha = 0.55;
    for (const start of borders.starts) ctx.fillRect(Math.round((start / lv.model.axis.n_steps) * width), height - 4, 1, 4);
    ctx.globalAlpha = 1;
  }

  /* The frame of what is in view, and the brush. */
  function mark() {
    const { at, span, start, stop } = lv.state.current;
    const nSteps = lv.model.axis.n_steps;
    const put = (element, from, to, least) => {
      const { left, width } = lv.barcode.place(from, to, nSteps, wide, least);
      element.style.left = `${left}px`;
      element.style.width = `${width}px`;
    };
    put(view, at, at + span, LEAST.view);
    brush.hidden = start === null;
    if (start !== null) put(brush, start, stop, LEAST.brush);
    const last = Math.min(nSteps, at + span) - 1;
    const values = { "aria-valuemin": 0, "aria-valuemax": Math.max(0, nSteps - span), "aria-valuenow": at, "aria-valuetext": `steps ${lv.scale.grouped(at)} to ${lv.scale.grouped(last)} of ${lv.scale.grouped(nSteps)}` };
    for (const [name, value] of Object.entries(values)) if (track.getAttribute(name) !== String(value)) track.setAttribute(name, value);
  }

  /* Where sequences begin, asked once for an axis that has few. */
  function needBorders() {
    const { axis } = lv.model;
    const { dump } = lv.state.current;
    const key = `${dump}/${axis.index}`;
    if (borders.key === key) return;
    borders = { key, starts: [] };
    if (axis.n_sequences < 2 || axis.n_sequences > FEW) return;
    const mine = borders;
    lv.data.json(`d/${dump}/sequences/${axis.index}?limit=${FEW}`).then(
      (answer) => {
        lv.notice.clear("sequences");
        mine.starts = answer.sequences.slice(1).map((one) => one.start);
        lv.frame.ask("summary");
      },
      (error) => {
        if (borders === mine) lv.notice.say("sequences", `The borders of the sequences could not be loaded: ${error.message}`);
      },
    );
  }

  const xOf = (event) => event.clientX - track.getBoundingClientRect().left;
  const stepAt = (x) => lv.url.clamp(Math.floor((x / wide) * lv.model.axis.n_steps), 0, lv.model.axis.n_steps - 1);

  function down(event) {
    if (event.button !== 0 || !lv.model.source) return;
    const { at, span } = lv.state.current;
    const x = xOf(event);
    const { left, width } = lv.barcode.place(at, at + span, lv.model.axis.n_steps, wide, LEAST.view);
    drag = x >= left - 3 && x <= left + width + 3 ? x - left - width / 2 : 0; // the frame is taken where it is caught
    track.setPointerCapture(event.pointerId);
    track.classList.add("lv-panning");
    lv.tip.hide();
    if (drag === 0) follow(x);
  }

  function follow(x) {
    const { span } = lv.state.current;
    const middle = ((x - drag) / wide) * lv.model.axis.n_steps;
    lv.state.panTo(middle - span / 2, "live");
  }

  function move(event) {
    if (!lv.model.source) return;
    if (drag !== null) return follow(xOf(event));
    const step = stepAt(xOf(event));
    const lines = [`step ${lv.scale.grouped(step)}`];
    const given = barcode();
    if (given) {
      const { first, end, nMatches } = lv.barcode.binAt(given, step);
      lines.push(`${lv.words.plural(nMatches, "match")} in steps ${lv.scale.grouped(first)} to ${lv.scale.grouped(end - 1)}`);
    }
    lv.tip.show(event, lines);
  }

  function up() {
    if (drag === null) return;
    drag = null;
    track.classList.remove("lv-panning");
    lv.state.change({}, "push");
  }

  /* For tests. */
  function shown() {
    const box = track.getBoundingClientRect();
    const frame = view.getBoundingClientRect();
    return { left: box.left, width: box.width, y: box.top + box.height / 2, view: [frame.left, frame.right], hasBrush: !brush.hidden, borders: borders.starts, barcode: lv.model.axis ? barcode() : null, text: track.getAttribute("aria-valuetext") };
  }

  lv.minimap = { make, shown };
})(window);
