/* A region of the map: drawn around points, or all that is in view. Its steps take the place of the matches until it is let go. */
(function (root) {
  "use strict";
  const lv = (root.lstmviz = root.lstmviz || {});
  const APART = 3; // px between two corners that are kept while one draws
  let isReady = false; // the next drag draws
  let corners = null; // on the plane, while one draws
  let last = null;

  function arm(isOn) {
    isReady = isOn === undefined ? !isReady : isOn;
    lv.mapview.stage().classList.toggle("lv-map-armed", isReady);
    lv.frame.ask("map");
  }

  function begin(x, y) {
    corners = [lv.mapplane.plane(lv.mapview.present(), x, y)];
    last = [x, y];
  }

  function on(x, y) {
    if (Math.hypot(x - last[0], y - last[1]) < APART) return;
    last = [x, y];
    corners.push(lv.mapplane.plane(lv.mapview.present(), x, y));
    lv.frame.ask("overlay");
  }

  function end(isKept) {
    const drawn = corners;
    corners = last = null;
    const { scale } = lv.mapview.present();
    if (isKept && drawn && lv.mapplane.isArea(drawn, scale)) {
      arm(false);
      take(lv.mapplane.simplified(drawn, scale));
    }
    lv.frame.ask("map", "overlay");
  }

  /* What is in view, as a region. */
  function inView() {
    const view = lv.mapview.present();
    const { clientWidth: wide, clientHeight: tall } = lv.mapview.stage();
    const all = [[0, 0], [wide, 0], [wide, tall], [0, tall]].map(([x, y]) => lv.mapplane.plane(view, x, y));
    return lv.mapplane.simplified(all, view.scale);
  }

  /* A small region about one point: its steps alone. */
  function about(px, py) {
    const half = 2 / lv.mapview.present().scale;
    take([[px - half, py - half], [px + half, py - half], [px + half, py + half], [px - half, py + half]]);
  }

  /* List a region. It names its own map, whatever is plotted later. */
  function take(lasso) {
    const { of, method } = lv.mapdata.wanted();
    lv.state.change({ lasso, mapOf: of, mapMethod: method }, "settle");
    lv.frame.ask("map");
  }

  /* Back to the matches of the pattern. */
  function drop() {
    const { mapOf, source } = lv.state.current;
    lv.state.change({ lasso: null, mapOf: mapOf === source ? "" : mapOf }, "settle");
    lv.frame.ask("map");
  }

  lv.maplasso = { arm, isArmed: () => isReady, begin, on, end, drawing: () => corners, inView, about, take, drop, present: () => lv.state.current.lasso };
})(window);
