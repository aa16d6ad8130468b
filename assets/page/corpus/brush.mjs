/* Pointer and keys on the token strip: make, move, resize and clear the brush; drag the two off-handles. */
(function (root) {
  "use strict";
  const lv = (root.lstmviz = root.lstmviz || {});
  const NEAR = 6; // px around an edge that still catches it
  const STILL = 3; // px; less than that is a click
  const EDGE_PAN = 60; // ms between steps while a drag is held outside the view
  let mount;
  let drag = null; // {kind, from, x, anchor, bounds, ...} while the button is down
  let panning = null;

  function make() {
    mount = lv.strip.place();
    mount.addEventListener("pointerdown", down);
    mount.addEventListener("pointermove", move);
    mount.addEventListener("pointerup", up);
    mount.addEventListener("pointercancel", up);
    mount.addEventListener("pointerleave", () => !drag && leave());
    mount.addEventListener("keydown", key);
  }

  function leave() {
    lv.state.setHover({ step: null });
    lv.tip.hide();
  }

  function at(event) {
    const box = mount.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  }

  /* What a press at a point would take hold of. */
  function zone({ x, y }) {
    const state = lv.state.current;
    const { OFF, TOKEN } = lv.strip;
    if (state.start !== null) {
      const handles = lv.strip.handleSteps();
      if (y >= OFF.top - 2 && y <= OFF.top + OFF.height + 2) {
        const near = (step) => Math.abs(x - lv.geometry.x(step)) <= NEAR + 3;
        const left = Math.abs(x - lv.geometry.x(handles.before)) <= Math.abs(x - lv.geometry.x(handles.after));
        if (left && near(handles.before)) return "before";
        if (near(handles.after)) return "after";
        if (near(handles.before)) return "before";
      }
      if (y <= TOKEN.top + TOKEN.height + 2) {
        const [a, b] = [lv.geometry.x(state.start), lv.geometry.x(state.stop)];
        const grip = Math.min(NEAR, Math.max(2, (b - a) / 4));
        if (Math.abs(x - a) <= grip) return "start";
        if (Math.abs(x - b) <= grip) return "stop";
        if (x > a && x < b) return "move";
      }
    }
    return y <= TOKEN.top + TOKEN.height + 2 && x >= lv.geometry.left() ? "new" : "none";
  }

  const CURSORS = { before: "ew-resize", after: "ew-resize", start: "col-resize", stop: "col-resize", move: "grab", new: "crosshair", none: "default" };

  function inView(step) {
    const { at: first, span } = lv.state.current;
    return lv.url.clamp(step, first, Math.min(lv.model.axis.n_steps, first + span) - 1);
  }

  function down(event) {
    if (event.button !== 0 || !lv.model.source) return;
    const point = at(event);
    const kind = zone(point);
    if (kind === "none") return;
    const state = lv.state.current;
    const step = inView(lv.geometry.stepAt(point.x));
    const isOld = kind !== "new";
    const anchor = kind === "start" ? state.stop - 1 : kind === "stop" ? state.start : step;
    const bounds = lv.model.sequenceOf(isOld ? state.start : step);
    drag = { kind, x: point.x, last: event, anchor, step, bounds, start: state.start, stop: state.stop, isMoved: false };
    mount.setPointerCapture(event.pointerId);
    mount.classList.add("lv-dragging");
    lv.tip.hide();
  }

  function move(event) {
    if (!lv.model.source) return;
    const point = at(event);
    if (!drag) return pointAt(event, point);
    drag.last = event;
    if (Math.abs(point.x - drag.x) > STILL) drag.isMoved = true;
    if (!drag.isMoved) return;
    const first = lv.geometry.left();
    panAtEdge(point.x < first - 4 ? -1 : point.x > first + lv.geometry.width() + 4 ? 1 : 0);
    follow(point.x);
  }

  function follow(x) {
    const change = CHANGES[drag.kind](x);
    if (change) {
      if (drag.kind === "new" && lv.state.current.excluded.length) change.excluded = []; // what was taken out was of another brush
      lv.frame.markBrush();
      lv.state.change(change, "live");
    }
  }

  function windowTo(x) {
    const step = inView(lv.geometry.stepAt(x));
    const [start, stop] = lv.scale.snapWindow(drag.anchor, lv.url.clamp(step, drag.bounds[0], drag.bounds[1] - 1), drag.bounds);
    const kept = step < drag.anchor ? [Math.max(start, stop - longest()), stop] : [start, Math.min(stop, start + longest())];
    sayLimit(stop - start > longest());
    return differs(...kept);
  }

  function edgeTo(x) {
    const edge = lv.geometry.edgeAt(x);
    const { bounds, start, stop } = drag;
    sayLimit(Math.abs(edge - (drag.kind === "start" ? stop : start)) > longest());
    if (drag.kind === "start") return differs(lv.url.clamp(edge, Math.max(bounds[0], stop - longest()), stop - 1), stop);
    return differs(start, lv.url.clamp(edge, start + 1, Math.min(bounds[1], start + longest())));
  }

  function longest() {
    return lv.url.limits(lv.model.source).window;
  }

  function sayLimit(isReached) {
    if (isReached) lv.notice.say("limit", `A window holds at most ${lv.words.plural(longest(), "step")}.`);
    else lv.notice.clear("limit");
  }

  function windowBy(x) {
    const by = lv.geometry.stepAt(x) - drag.step;
    const length = drag.stop - drag.start;
    const start = lv.url.clamp(drag.start + by, drag.bounds[0], drag.bounds[1] - length);
    return differs(start, start + length);
  }

  function differs(start, stop) {
    const state = lv.state.current;
    return start === state.start && stop === state.stop ? null : { start, stop };
  }

  function offTo(name, x) {
    const edge = lv.geometry.edgeAt(x);
    const { start, stop } = lv.state.current;
    const steps = lv.url.clamp(name === "before" ? start - edge : edge - stop, 0, lv.url.MAX_OFF);
    return steps === lv.state.current[name] ? null : { [name]: steps };
  }

  const CHANGES = {
    new: windowTo,
    start: edgeTo,
    stop: edgeTo,
    move: windowBy,
    before: (x) => offTo("before", x),
    after: (x) => offTo("after", x),
  };

  /* While a drag is held outside the view, the view follows it. */
  function panAtEdge(direction) {
    if (direction === 0) {
      clearInterval(panning);
      panning = null;
    } else if (panning === null) {
      panning = setInterval(() => {
        if (!drag) return panAtEdge(0);
        lv.state.panTo(lv.state.current.at + direction * Math.ceil(lv.state.current.span / 60), "live");
        follow(at(drag.last).x);
      }, EDGE_PAN);
    }
  }

  function up(event) {
    if (!drag) return;
    const { isMoved, kind } = drag;
    drag = null;
    panAtEdge(0);
    mount.classList.remove("lv-dragging");
    if (isMoved) lv.state.change({}, kind === "before" || kind === "after" ? "settle" : "push");
    else if (event.type === "pointerup" && (kind === "new" || kind === "move")) clear();
  }

  function clear() {
    if (lv.state.current.start !== null) lv.state.change({ start: null, stop: null }, "push");
  }

  function pointAt(event, point) {
    mount.style.cursor = CURSORS[zone(point)];
    const step = lv.geometry.stepAt(point.x);
    const { at: first, span } = lv.state.current;
    if (point.x < lv.geometry.left() || step < first || step >= Math.min(first + span, lv.model.axis.n_steps)) return leave();
    lv.state.setHover({ step });
    lv.tip.show(event, describe(step));
  }

  /* Step, token and what else is known there, each a line. */
  function describe(step) {
    const { model } = lv;
    const lines = [`step ${lv.scale.grouped(step)}`];
    const shown = model.shown(step);
    if (shown && shown.text) lines.push(shown.text);
    const values = model.row(step);
    if (model.chosen && model.chosen.length && values) {
      const on = model.countOn(step, step + 1)[0];
      lines.push(`${on} of ${lv.words.plural(model.chosen.length, "unit")} on`);
    }
    for (const track of lv.tracks.visible()) {
      const value = model.value(track, step);
      if (value !== null) lines.push(`${lv.tokens.show(track.name).text} ${lv.tracks.text(track, value)}`);
    }
    return lines;
  }

  function key(event) {
    if (lv.model.source && lv.keys.act("tokens", event, KEYS)) event.stopPropagation();
  }

  /* By keyboard: a window in the middle of the view, moved or stretched a step at a time. */
  function nudge(by, isEnd) {
    const { start, stop, at: first, span } = lv.state.current;
    if (start === null) return begin();
    const bounds = lv.model.sequenceOf(start);
    const length = stop - start;
    const to = isEnd
      ? { start, stop: lv.url.clamp(stop + by, start + 1, Math.min(bounds[1], start + longest())) }
      : { start: lv.url.clamp(start + by, bounds[0], bounds[1] - length) };
    if (!isEnd) to.stop = to.start + length;
    const isSeen = to.start >= first && to.stop <= first + span;
    if (!isSeen) to.at = lv.url.clamp(to.start - Math.floor(span / 3), 0, Math.max(0, lv.model.axis.n_steps - span));
    lv.state.nudge(to);
  }

  function begin() {
    if (lv.state.current.start !== null) return;
    const start = inView(lv.state.current.at + Math.floor(lv.state.current.span / 3));
    const bounds = lv.model.sequenceOf(start);
    lv.state.change({ start, stop: Math.min(start + 3, bounds[1], start + longest()) }, "push");
  }

  const KEYS = {
    begin,
    back: () => nudge(-1, false),
    on: () => nudge(1, false),
    shrink: () => nudge(-1, true),
    grow: () => nudge(1, true),
    clear,
  };

  lv.brush = { make, clear };
})(window);
