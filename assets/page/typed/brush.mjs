/* Pointer and keys on a typed text: make, move, resize and clear a window of it; point at its tokens and lines. */
(function (root) {
  "use strict";
  const lv = (root.lstmviz = root.lstmviz || {});
  const NEAR = 6; // px around an edge that still catches it
  const STILL = 3; // px; less than that is a click
  const CURSORS = { start: "col-resize", stop: "col-resize", move: "grab", new: "crosshair", none: "default" };
  let strip, plot;
  let drag = null; // {kind, x, anchor, step, start, stop, isMoved} while the button is down

  function make(places) {
    ({ strip, plot } = places);
    strip.addEventListener("pointerdown", down);
    strip.addEventListener("pointermove", move);
    for (const end of ["pointerup", "pointercancel"]) strip.addEventListener(end, up);
    strip.addEventListener("pointerleave", () => !drag && leave());
    strip.addEventListener("keydown", (event) => {
      if (lv.typed.present() && lv.keys.act("tokens", event, KEYS)) event.stopPropagation();
    });
    plot.addEventListener("pointermove", overLines);
    plot.addEventListener("pointerleave", () => (leave(), lv.state.setHover({ unit: null })));
    plot.addEventListener("click", (event) => {
      const unit = nearest(event);
      if (unit !== null) lv.state.hold(lv.state.current.source, unit);
    });
  }

  function at(event, place) {
    const box = place.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  }

  function leave() {
    lv.typed.hover(null);
    lv.tip.hide();
  }

  /* The window on the text that is shown, or null. */
  function window_() {
    const { typed } = lv.state.current;
    const answer = lv.typed.present();
    return typed && answer && typed.text === answer.text ? typed : null;
  }

  function zone({ x, y }) {
    const place = lv.typedview.x;
    const { TOKEN } = lv.typedstrip;
    if (y > TOKEN.top + TOKEN.height + 2 || x < lv.geometry.left() || !lv.typed.present()) return "none";
    const now = window_();
    if (!now) return "new";
    const [a, b] = [place(now.start), place(now.stop)];
    const grip = Math.min(NEAR, Math.max(2, (b - a) / 4));
    if (Math.abs(x - a) <= grip) return "start";
    if (Math.abs(x - b) <= grip) return "stop";
    return x > a && x < b ? "move" : "new";
  }

  function clamped(step) {
    return lv.url.clamp(step, 0, lv.typed.present().tokens.length - 1);
  }

  function down(event) {
    if (event.button !== 0) return;
    const point = at(event, strip);
    const kind = zone(point);
    if (kind === "none") return;
    const step = clamped(lv.typedview.stepAt(point.x));
    const { start, stop } = window_() || {};
    const anchor = kind === "start" ? stop - 1 : kind === "stop" ? start : step;
    drag = { kind, x: point.x, anchor, step, start, stop, isMoved: false };
    strip.setPointerCapture(event.pointerId);
    lv.tip.hide();
  }

  function move(event) {
    const point = at(event, strip);
    if (!drag) return pointAt(event, point);
    if (Math.abs(point.x - drag.x) > STILL) drag.isMoved = true;
    if (!drag.isMoved || !lv.typed.present()) return null;
    const step = clamped(lv.typedview.stepAt(point.x));
    lv.typedview.show(step);
    if (drag.kind === "move") {
      const length = drag.stop - drag.start;
      const start = lv.url.clamp(drag.start + step - drag.step, 0, lv.typed.present().tokens.length - length);
      return put(start, start + length, "live");
    }
    return put(Math.min(step, drag.anchor), Math.max(step, drag.anchor) + 1, "live");
  }

  function put(start, stop, how) {
    const now = window_();
    if (now && now.start === start && now.stop === stop) return;
    const changes = { typed: { text: lv.typed.present().text, start, stop } };
    if (drag && drag.kind === "new") changes.excluded = []; // what was taken out was of another brush
    lv.frame.markBrush();
    lv.state.change(changes, how);
  }

  function up(event) {
    if (!drag) return;
    const { isMoved } = drag;
    drag = null;
    if (isMoved) lv.state.change({}, "push");
    else if (event.type === "pointerup") clear();
  }

  function clear() {
    if (lv.state.current.typed) lv.state.change({ typed: null }, "push");
  }

  function pointAt(event, point) {
    strip.style.cursor = CURSORS[zone(point)];
    const answer = lv.typed.present();
    const step = answer ? lv.typedview.stepAt(point.x) : -1;
    if (step < 0 || point.x < lv.geometry.left() || step >= answer.tokens.length) return leave();
    lv.typed.hover(step);
    return lv.tip.show(event, lv.typedrows.describe(answer, step));
  }

  function nearest(event) {
    const point = at(event, plot);
    return lv.model.source && point.x >= lv.geometry.left() ? lv.typedview.unitNear(point.x, point.y) : null;
  }

  function overLines(event) {
    const unit = nearest(event);
    plot.style.cursor = unit === null ? "default" : "pointer";
    lv.state.setHover({ unit });
    const answer = lv.typed.present();
    const step = answer ? lv.typedview.stepAt(at(event, plot).x) : -1;
    lv.typed.hover(step >= 0 && answer && step < answer.tokens.length ? step : null);
    if (unit === null || lv.typed.hovered() === null) return lv.tip.hide();
    const value = lv.typeddata.rowsOf(answer, lv.model.source)(step)[unit];
    return lv.tip.show(event, [`unit ${unit}`, `${answer.shown[step].text} ${lv.scale.valueText(lv.geometry.viewed(value))}`]);
  }

  /* By keyboard: a window at the start of the text, moved or stretched a token at a time. */
  function nudge(by, isEnd) {
    const now = window_();
    if (!now) return begin();
    const n = lv.typed.present().tokens.length;
    const length = now.stop - now.start;
    const start = isEnd ? now.start : lv.url.clamp(now.start + by, 0, n - length);
    const stop = isEnd ? lv.url.clamp(now.stop + by, now.start + 1, n) : start + length;
    lv.typedview.show(isEnd || by > 0 ? stop - 1 : start);
    return lv.state.nudge({ typed: { text: now.text, start, stop } });
  }

  function begin() {
    const answer = lv.typed.present();
    if (answer && !window_()) put(0, Math.min(3, answer.tokens.length), "push");
  }

  const KEYS = { begin, back: () => nudge(-1, false), on: () => nudge(1, false), shrink: () => nudge(-1, true), grow: () => nudge(1, true), clear };

  lv.typedbrush = { make };
})(window);
