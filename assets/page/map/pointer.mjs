/* Pointer, wheel and keys on the map: pan, zoom, the point under the pointer, and where a press leads. */
(function (root) {
  "use strict";
  const lv = (root.lstmviz = root.lstmviz || {});
  const REACH = 9; // px about a point
  const STILL = 3; // px; less than that is a press
  const AROUND = 8; // steps of text on either side
  const MOVE = 60; // px that a key moves the map
  let stage;
  let drag = null; // {kind, x, y, view, isMoved}
  let at = null; // {k, event}: the point under the pointer

  function watch(element) {
    stage = element;
    stage.addEventListener("pointerdown", down);
    stage.addEventListener("pointermove", move);
    stage.addEventListener("pointerup", up);
    stage.addEventListener("pointercancel", up);
    stage.addEventListener("pointerleave", () => !drag && leave());
    stage.addEventListener("wheel", wheel, { passive: false });
    lv.aside.keys(stage, "map", KEYS);
    lv.frame.add("overlay", () => at && tell()); // tokens that have come meanwhile
  }

  const data = () => lv.mapdata.present();

  function place(event) {
    const box = stage.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  }

  function leave() {
    at = null;
    lv.tip.hide();
    lv.state.setHover({ step: null });
    lv.frame.ask("overlay");
  }

  function down(event) {
    if (event.button !== 0 || !data().points) return;
    const [x, y] = place(event);
    const isLasso = event.shiftKey || lv.maplasso.isArmed();
    drag = { kind: isLasso ? "lasso" : "pan", x, y, view: lv.mapview.present(), isMoved: false };
    stage.setPointerCapture(event.pointerId);
    if (isLasso) lv.maplasso.begin(x, y);
    leave();
  }

  function move(event) {
    if (!data().points) return;
    const [x, y] = place(event);
    if (!drag) return pointAt(event, x, y);
    if (Math.hypot(x - drag.x, y - drag.y) > STILL) drag.isMoved = true;
    if (drag.kind === "lasso") return lv.maplasso.on(x, y);
    if (!drag.isMoved) return;
    stage.classList.add("lv-panning");
    lv.mapview.look({ scale: drag.view.scale, x: drag.view.x + x - drag.x, y: drag.view.y + y - drag.y });
  }

  function up(event) {
    if (!drag) return;
    const { kind, isMoved } = drag;
    drag = null;
    stage.classList.remove("lv-panning");
    const isKept = event.type === "pointerup";
    if (kind === "lasso") return lv.maplasso.end(isKept && isMoved);
    if (isMoved || !isKept) return;
    const [x, y] = place(event);
    const k = lv.mapplane.nearest(data().points, lv.mapview.present(), x, y, REACH);
    if (k >= 0) press(k);
  }

  /* A step is shown; a token's places are listed. */
  function press(k) {
    if (lv.mapdata.isOfTokens()) return lv.maplasso.about(data().points[2 * k], data().points[2 * k + 1]);
    const step = data().ids[k];
    lv.state.panTo(step - Math.floor(lv.state.current.span / 3), "push");
  }

  function pointAt(event, x, y) {
    const k = lv.mapplane.nearest(data().points, lv.mapview.present(), x, y, REACH);
    stage.style.cursor = lv.maplasso.isArmed() ? "crosshair" : k >= 0 ? "pointer" : "grab";
    if (k < 0) return at && leave();
    at = { k, event };
    if (!lv.mapdata.isOfTokens()) lv.state.setHover({ step: data().ids[k] });
    lv.frame.ask("overlay");
    tell();
  }

  function tell() {
    if (!at || !data().points || at.k >= data().ids.length) return;
    lv.tip.show(at.event, lv.mapdata.isOfTokens() ? tokenLines(at.k) : stepLines(at.k));
  }

  /* The token with the text around it, the step, and what colours it. */
  function stepLines(k) {
    const step = data().ids[k];
    const steps = lv.model.dump.stepsOf(lv.model.axis);
    const [from, to] = [Math.max(0, step - AROUND), Math.min(lv.model.axis.n_steps, step + AROUND + 1)];
    steps.need(from, to, true);
    const text = (a, b) => Array.from({ length: Math.max(0, b - a) }, (_, i) => (lv.model.shown(a + i) || { text: "…" }).text).join(lv.model.axis.join === "" ? "" : " ");
    const words = lv.model.axis.has_tokens ? `${text(from, step)} [${text(step, step + 1)}] ${text(step + 1, to)}` : "";
    return [words || `step ${lv.scale.grouped(step)}`, words && `step ${lv.scale.grouped(step)}`, colourLine(k), "press to go there"];
  }

  function tokenLines(k) {
    const { values } = data().colour || {};
    return [tokenOf(k), values ? `${lv.words.plural(values[k], "time")} in the corpus` : "", "press to list where it stands"];
  }

  function colourLine(k) {
    const by = lv.mapdata.colourBy();
    const { values } = data().colour || {};
    if (!by || !values) return "";
    const value = values[k];
    const words = value !== value ? "no value" : by.kind === "category" ? lv.tokens.show(by.labels[value]).text : lv.scale.valueText(value);
    return `${lv.tokens.show(by.name).text} ${words}`;
  }

  function tokenOf(k) {
    const { tokens } = data();
    return tokens ? lv.tokens.show(tokens[k]).text : "…";
  }

  /* Where the ring stands: the point under the pointer, or that of the step that is pointed at elsewhere. */
  function pointed({ points, path }) {
    if (at && at.k < points.length / 2) return [points[2 * at.k], points[2 * at.k + 1]];
    const { step } = lv.state.hover;
    const here = step !== null && path && path.points[step - path.start];
    return here && here[0] !== null ? here : null;
  }

  function wheel(event) {
    if (!data().points) return;
    event.preventDefault();
    const lines = event.deltaMode === 1 ? 18 : event.deltaMode === 2 ? 300 : 1;
    zoom(Math.exp(-lv.url.clamp(event.deltaY * lines, -200, 200) / 300), ...place(event));
    leave();
  }

  function zoom(factor, x = stage.clientWidth / 2, y = stage.clientHeight / 2) {
    if (data().points) lv.mapview.look(lv.mapplane.zoomed(lv.mapview.present(), factor, x, y, lv.mapview.whole().scale));
  }

  function pan(dx, dy) {
    const view = lv.mapview.present();
    lv.mapview.look({ scale: view.scale, x: view.x + dx, y: view.y + dy });
  }

  const withPoints = (act) => () => data().points && act();
  const KEYS = {
    left: withPoints(() => pan(MOVE, 0)),
    right: withPoints(() => pan(-MOVE, 0)),
    up: withPoints(() => pan(0, MOVE)),
    down: withPoints(() => pan(0, -MOVE)),
    zoomIn: () => zoom(1.25),
    zoomOut: () => zoom(1 / 1.25),
    fit: () => lv.mapview.reset(),
    list: withPoints(() => lv.maplasso.take(lv.maplasso.inView())),
    back: () => (lv.maplasso.isArmed() ? lv.maplasso.arm(false) : lv.state.current.lasso && lv.maplasso.drop()),
  };

  lv.mappoint = { watch, pointed, tokenOf };
})(window);
