/* The map in the place of the lines: its tools, its canvases, and what of it is drawn when. */
(function (root) {
  "use strict";
  const lv = (root.lstmviz = root.lstmviz || {});
  let place, button, stage, base, over, tools;
  let view = null; // as in mapplane.js; null: all in view
  let drawn = ""; // what the lower canvas shows
  let inside = { key: null, mask: null, count: null };
  let viewKey = null; // the map that the view is of

  const isOpen = () => lv.state.current.view === "map";

  function make() {
    place = document.getElementById(lv.ids.map);
    button = lv.menu.button("lv-menu-button lv-map-button", "map", "The states of the whole recording as points on a map, in the place of the lines", toggle);
    document.getElementById(lv.ids.mapButton).append(button);
    const { element } = lv.menu;
    tools = lv.maptools.make();
    stage = element("div", "lv-map-stage", "", { tabindex: "0", role: "application", "aria-roledescription": "map" });
    base = lv.theme.canvas(stage, "lv-layer");
    over = lv.theme.canvas(stage, "lv-layer");
    lv.mappoint.watch(stage);
    lv.mapside.make();
    for (const name of ["selection", "base", "overlay", "map"]) lv.frame.add(name, name === "overlay" ? drawOver : draw);
    new ResizeObserver(() => isOpen() && lv.frame.ask("map")).observe(place);
  }

  function toggle() {
    lv.state.change({ view: isOpen() ? "lines" : "map" }, "settle");
    lv.frame.askAll();
  }

  function swap() {
    const isNow = isOpen();
    button.setAttribute("aria-pressed", String(isNow));
    button.classList.toggle("lv-menu-on", isNow);
    if (isNow === Boolean(place.firstChild)) return;
    if (!isNow) return place.replaceChildren();
    const row = lv.menu.element("div", "lv-map-row");
    row.append(stage, lv.mapside.element());
    place.append(tools, row);
    drawn = "";
  }

  /* The view of the present map: the one that was zoomed to, or all of it. */
  function present() {
    const data = lv.mapdata.present();
    if (viewKey !== data.key) [view, viewKey] = [null, data.key];
    return view || whole();
  }

  function whole() {
    const { map } = lv.mapdata.present();
    return lv.mapplane.whole(map, stage.clientWidth, stage.clientHeight);
  }

  function look(next) {
    view = next;
    lv.frame.ask("map", "overlay");
  }

  function draw() {
    if (!lv.model.source) return;
    swap();
    if (!isOpen()) return;
    const data = lv.mapdata.need();
    const mask = insideOf(data);
    lv.maptools.draw(data);
    lv.mapside.draw(data);
    stage.setAttribute("aria-label", lv.mapwords.label(data));
    const colours = lv.theme.colours();
    const now = [data.key, Boolean(data.points), JSON.stringify(view), data.colour && Boolean(data.colour.found), data.colour && data.colour.by, colours.bg, stage.clientWidth, stage.clientHeight, root.devicePixelRatio, lv.projector.type(), inside.key].join();
    if (now !== drawn) {
      drawn = now;
      const ctx = lv.theme.fit(base);
      if (data.points) lv.mapdraw.points(ctx, data, present(), whole().scale, mask);
    }
    drawOver();
  }

  /* Which points the region holds; null where there is none on this map. */
  function insideOf(data) {
    const corners = lv.maplasso.present();
    const key = corners && data.points ? `${data.key} ${JSON.stringify(corners)}` : null;
    if (inside.key !== key) {
      const mask = key ? lv.mapplane.inside(data.points, corners) : null;
      inside = { key, mask, count: mask && mask.reduce((sum, one) => sum + one, 0) };
    }
    return inside.mask;
  }

  function drawOver() {
    if (!isOpen() || !place.firstChild) return;
    const ctx = lv.theme.fit(over);
    const data = lv.mapdata.present();
    if (!data.points) return;
    const now = present();
    const corners = lv.maplasso.drawing() || lv.maplasso.present();
    if (corners) lv.mapdraw.region(ctx, corners, now);
    const { start, stop } = lv.state.current;
    if (data.path) lv.mapdraw.path(ctx, data.path, now, start === null ? null : [start, stop]);
    if (lv.mapdata.isOfTokens()) lv.mapdraw.labels(ctx, data, now, lv.mappoint.tokenOf);
    const at = lv.mappoint.pointed(data);
    if (at) lv.mapdraw.ring(ctx, lv.mapplane.screen(now, ...at));
  }

  /* For tests. */
  function shown() {
    const data = lv.mapdata.present();
    const box = stage.getBoundingClientRect();
    const isHere = isOpen() && Boolean(data.points);
    const screen = isHere ? (k) => lv.mapplane.screen(present(), data.points[2 * k], data.points[2 * k + 1]).map((v, c) => v + (c ? box.top : box.left)) : null;
    return {
      isOpen: isOpen(),
      key: data.key,
      job: data.job,
      problem: data.problem,
      map: data.map,
      n: isHere ? data.ids.length : 0,
      ids: isHere ? Array.from(data.ids.slice(0, 2000)) : null,
      points: isHere ? Array.from(data.points.slice(0, 4000)) : null,
      screen: isHere ? Array.from({ length: Math.min(2000, data.ids.length) }, (_, k) => screen(k)) : null,
      colour: data.colour && data.colour.found ? { by: data.colour.by, values: Array.from(data.colour.values.slice(0, 2000)), legend: lv.mapside.texts() } : null,
      path: data.path,
      box: { left: box.left, top: box.top, width: box.width, height: box.height },
      nInside: inside.count,
      words: place.textContent,
      scale: isHere ? present().scale : null,
    };
  }

  lv.mapview = { make, isOpen, toggle, present, whole, look, reset: () => look(null), stage: () => stage, nInside: () => inside.count, shown };
})(window);
