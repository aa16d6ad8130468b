/* Pointer, wheel and keys on the plot: pan, zoom, drag the threshold, find the line under the pointer. */
(function (root) {
  "use strict";
  const lv = (root.lstmviz = root.lstmviz || {});
  const NEAR = 6; // px around the threshold that still catch it
  const STILL = 3; // px; less than that is a press
  const LINE = 18; // px that a wheel's "line" stands for
  let mount;
  let drag = null;
  let rest = 0; // what a wheel has turned, less whole steps

  function make() {
    mount = lv.plot.place();
    mount.addEventListener("pointerdown", down);
    mount.addEventListener("pointermove", move);
    mount.addEventListener("pointerup", up);
    mount.addEventListener("pointercancel", up);
    mount.addEventListener("pointerleave", () => !drag && leave());
    for (const place of [mount, lv.strip.place()]) place.addEventListener("wheel", wheel, { passive: false });
    document.addEventListener("keydown", key);
  }

  function leave() {
    lv.state.setHover({ unit: null, step: null });
    lv.tip.hide();
  }

  function at(event) {
    const box = mount.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  }

  /* Which threshold line a point is on: 1 for that of units on high, -1 for the one on low, 0 for none. */
  function lineAt({ y }) {
    const value = lv.plot.thresholds().find((one) => Math.abs(y - lv.geometry.y(one)) <= NEAR);
    return value === undefined ? 0 : value === lv.state.current.threshold && lv.state.current.side !== "low" ? 1 : -1;
  }

  function down(event) {
    if (event.button !== 0 || !lv.model.source) return;
    const point = at(event);
    const sign = lineAt(point);
    drag = { kind: sign ? "threshold" : "pan", sign, x: point.x, at: lv.state.current.at, isMoved: false };
    mount.setPointerCapture(event.pointerId);
    mount.classList.add(drag.kind === "pan" ? "lv-panning" : "lv-dragging");
    lv.tip.hide();
    lv.state.setHover({ unit: null, step: null });
  }

  function move(event) {
    if (!lv.model.source) return;
    const point = at(event);
    if (!drag) return pointAt(event, point);
    if (Math.abs(point.x - drag.x) > STILL) drag.isMoved = true;
    if (drag.kind === "pan") {
      if (!drag.isMoved) return;
      const to = drag.at - (point.x - drag.x) / lv.geometry.cell();
      if (Math.round(to) !== lv.state.current.at) lv.state.panTo(to, "live");
    } else {
      const [low, high] = lv.geometry.range();
      const threshold = drag.sign * lv.axis.snap(lv.url.clamp(lv.geometry.valueAt(point.y), low, high), lv.geometry.step()) + 0;
      if (threshold === lv.state.current.threshold) return;
      lv.frame.markBrush();
      lv.state.change({ threshold }, "live");
    }
  }

  function up(event) {
    if (!drag) return;
    const isClick = drag.kind === "pan" && !drag.isMoved && event.type === "pointerup";
    drag = null;
    mount.classList.remove("lv-panning", "lv-dragging");
    if (isClick) press(event);
    else lv.state.change({}, "settle");
  }

  /* A press on a line holds its unit; with Shift it takes a selected unit out; while "+ pin" is open it pins. */
  function press(event) {
    const point = at(event);
    const unit = lv.plot.unitNear(point.x, point.y);
    if (unit === null) return;
    const { source } = lv.state.current;
    const isLow = lv.geometry.valueAt(point.y) < 0;
    if (event.shiftKey) lv.pick.excludeUnit(source, unit);
    else if (lv.pinning.isOpen()) lv.pick.pin(lv.pick.make(source, unit, isLow ? "low" : "high"));
    else lv.state.hold(source, unit);
  }

  function pointAt(event, point) {
    const isThreshold = lineAt(point) !== 0;
    mount.style.cursor = isThreshold ? "ns-resize" : "grab";
    const { at: first, span } = lv.state.current;
    const step = lv.geometry.stepAt(point.x);
    if (point.x < lv.geometry.left() || step < first || step >= first + span || isThreshold) return leave();
    const unit = lv.plot.unitNear(point.x, point.y);
    lv.state.setHover({ unit, step });
    const values = lv.model.row(step);
    if (unit === null || !values) return lv.tip.hide();
    const shown = lv.model.shown(step);
    const value = lv.scale.valueText(lv.geometry.viewed(values[unit]));
    lv.tip.show(event, [`unit ${unit}`, `${value} at step ${lv.scale.grouped(step)}`, shown ? shown.text : ""]);
  }

  function wheel(event) {
    if (!lv.model.source || drag) return;
    event.preventDefault();
    const unit = event.deltaMode === 1 ? LINE : event.deltaMode === 2 ? mount.clientWidth : 1;
    if (event.ctrlKey || event.metaKey) {
      const share = lv.url.clamp((at(event).x - lv.geometry.left()) / lv.geometry.width(), 0, 1);
      lv.state.zoom(Math.exp(lv.url.clamp(event.deltaY * unit, -100, 100) / 400), share);
      return;
    }
    rest += ((event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY) ? event.deltaX || event.deltaY : event.deltaY) * unit) / 20;
    const steps = Math.trunc(rest);
    rest -= steps;
    if (steps) lv.state.panTo(lv.state.current.at + steps);
  }

  /* Keys act on the page as a whole unless a field, a button or the strip has them. */
  function key(event) {
    const target = event.target;
    if (!lv.model.source || lv.start.isShown() || lv.help.isOpen()) return;
    if (target.closest && target.closest("input, textarea, select, [role=listbox], [contenteditable]")) return;
    if (target === mount && lv.keys.act("lines", event, LINES)) return;
    lv.keys.act("page", event, PAGE);
  }

  const by = (steps, isPage) => lv.state.panTo(lv.state.current.at + steps * (isPage ? page() : 1));
  const page = () => Math.max(1, Math.floor(lv.state.current.span * 0.9));
  const lift = (steps) => {
    const step = lv.geometry.step();
    lv.state.nudge({ threshold: lv.axis.snap(lv.state.current.threshold + steps * step, step) });
  };

  const LINES = { up: () => lift(1), down: () => lift(-1), pageLeft: () => by(-1, true), pageRight: () => by(1, true) };
  const PAGE = {
    earlier: () => lv.series.go(-1),
    later: () => lv.series.go(1),
    left: () => by(-1, false),
    right: () => by(1, false),
    pageLeft: () => by(-1, true),
    pageRight: () => by(1, true),
    first: () => lv.state.panTo(0),
    last: () => lv.state.panTo(Infinity),
    zoomIn: () => lv.state.zoom(1 / 1.25, 0.5),
    zoomOut: () => lv.state.zoom(1.25, 0.5),
    pin: () => lv.chips.pinKey(),
    search: () => document.getElementById(lv.ids.search).select(),
    tokens: () => lv.strip.place().focus(),
    text: () => lv.typed.focus(),
    matches: () => lv.help.goToMatches(),
    large: () => lv.projector.toggle(),
    help: () => lv.help.open(),
  };

  lv.pan = { make, by, page };
})(window);
