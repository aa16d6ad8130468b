/* Beside the map its legend; over it what it waits for: a map that is not computed yet, how far it is, or what failed. */
(function (root) {
  "use strict";
  const lv = (root.lstmviz = root.lstmviz || {});
  let side, cover, bar, words, stop;
  let made = "";
  let covered = "";
  let starts = null; // key of the map that is to be computed as soon as it is known not to be there

  function make() {
    const { element, button } = lv.menu;
    side = element("div", "lv-map-side", "", { role: "group", "aria-label": "What the colours mean" });
    cover = element("div", "lv-map-cover");
    cover.hidden = true;
    lv.mapview.stage().append(cover);
    bar = element("progress", "lv-map-bar", "", { max: "1", "aria-label": "How far the map is" });
    words = element("p", "lv-map-words", "", { role: "status" });
    stop = button("lv-button", "Cancel", "Stop computing this map", () => lv.mapdata.cancel());
    cover.addEventListener("pointerdown", (event) => event.stopPropagation());
    cover.addEventListener("keydown", (event) => event.key !== "Escape" && event.stopPropagation());
  }

  /* Compute the map that the state asks for now, if it turns out to be missing. */
  function startOnce() {
    const { of, method } = lv.mapdata.wanted();
    starts = `${of} ${method}`;
  }

  function draw(data) {
    drawCover(data);
    const { found, by } = data.colour || {};
    const now = [data.key, by, Boolean(found), lv.theme.colours().bg, lv.projector.type(), data.points && data.colour && !by].join();
    if (now === made) return;
    made = now;
    const legend = found && (found.kind === "category" ? labels(found) : scale(found));
    side.replaceChildren(...(legend ? [title(by), legend, ...none(found)] : []));
  }

  function title(by) {
    const shown = lv.mapdata.isOfTokens() ? "times in the corpus" : lv.tokens.show(by).text;
    return lv.menu.element("p", "lv-map-title", shown, { title: shown });
  }

  function labels({ legend, slot }) {
    const { element } = lv.menu;
    const list = element("ul", "lv-map-legend");
    for (const one of legend) {
      const item = element("li");
      const shown = one.label === null ? `${lv.words.plural(one.nLabels, "other")}` : lv.tokens.show(one.label).text;
      item.append(dot(lv.mapcolour.of({ kind: "category" }, one.slot)), element("bdi", "lv-map-name", shown, { title: shown }), element("span", "lv-map-share", `${Math.round((one.count / slot.length) * 100)} %`));
      list.append(item);
    }
    return list;
  }

  function dot(colour) {
    const made = lv.menu.element("span", "lv-map-dot");
    made.style.background = colour;
    return made;
  }

  /* A colour bar with the least, the middle and the greatest value. */
  function scale({ low, high, isLog }) {
    const { element } = lv.menu;
    const whole = element("div", "lv-map-scale");
    const strip = element("div", "lv-map-strip", "", { role: "img", "aria-label": `From ${lv.scale.valueText(low)} to ${lv.scale.valueText(high)}${isLog ? ", in powers" : ""}` });
    const { scale: colours } = lv.mapcolour.palette();
    strip.style.background = `linear-gradient(0deg, ${[0, 16, 32, 48, 63].map((k) => colours[k]).join(", ")})`;
    const ends = element("div", "lv-map-ends");
    const middle = isLog ? Math.sqrt((1 + low) * (1 + high)) - 1 : (low + high) / 2;
    const text = (value) => (isLog ? lv.scale.grouped(value) : lv.scale.valueText(value));
    const all = low === high ? [low] : [high, middle, low];
    ends.append(...all.map((value) => element("span", "", text(value))));
    whole.append(strip, ends);
    return whole;
  }

  function none({ none: count }) {
    if (!count) return [];
    const line = lv.menu.element("p", "lv-map-none");
    line.append(dot(lv.mapcolour.of({ kind: "category" }, -1)), `no value (${lv.scale.grouped(count)})`);
    return [line];
  }

  /* What stands in the place of points that are not there. */
  function drawCover(data) {
    const { job, problem, about } = data;
    const state = problem ? "failed" : job ? job.state : "loading";
    const { of, method } = lv.mapdata.wanted();
    if (state === "none" && starts === `${of} ${method}` && !missing(about)) {
      starts = null;
      lv.mapdata.start();
      return;
    }
    if (state === "running" || state === "waiting") progress(job);
    const now = [data.key, state, problem, job && state === "failed" && job.words, Boolean(data.points)].join();
    if (now === covered) return;
    covered = now;
    const hadFocus = cover.contains(document.activeElement);
    cover.hidden = state === "done";
    cover.replaceChildren(...parts(state, data));
    if (hadFocus) (cover.querySelector("button") || lv.mapview.stage()).focus();
  }

  const missing = (about) => (about ? (about.methods.find((one) => one.name === lv.mapdata.wanted().method) || {}).missing : null);

  function parts(state, { job, problem, about }) {
    const { element, button } = lv.menu;
    if (state === "loading") return [element("p", "lv-map-words", "Loading the map …")];
    if (state === "running" || state === "waiting") return [words, bar, stop];
    if (state === "done") return [];
    const pca = lv.state.current.mapMethod === "pca" ? [] : [button("lv-link", "Show PCA", "The map by principal components, at once", () => lv.state.change({ mapMethod: "pca", lasso: null }, "settle"))];
    const remedy = missing(about);
    if (state === "none" && remedy) return [element("p", "lv-map-words", `${remedy}.`), ...pca];
    if (state === "none") {
      const said = element("p", "lv-map-words", `${lv.mapwords.method()} of ${lv.mapwords.what()} has not been computed here. It takes about a minute, once.`);
      return [said, button("lv-button", "Compute", "Compute this map; it is kept", () => lv.mapdata.start()), ...pca];
    }
    const why = problem || job.words;
    const said = element("p", "lv-map-words lv-warn", `There is no map: ${why}${/[.?!]$/.test(why) ? "" : "."}`, { role: "status" });
    const again = button("lv-button", "Try again", "Ask the server again", () => (problem ? lv.mapdata.again() : lv.mapdata.start()));
    const tokens = lv.mapdata.isOfTokens() ? [button("lv-link", "Show the states", "The map of the plotted source", () => lv.state.change({ mapOf: "", lasso: null }, "settle"))] : [];
    return [said, ...(problem && lv.mapdata.isOfTokens() ? [] : [again]), ...tokens, ...(tokens.length ? [] : pca)];
  }

  function progress({ state, share, words: doing }) {
    if (state === "waiting") bar.removeAttribute("value");
    else bar.value = share;
    const said = state === "waiting" ? `${lv.mapwords.method()}: waiting for another map` : `${lv.mapwords.method()}: ${doing}, ${Math.round(share * 100)} %`;
    if (words.textContent !== said) words.textContent = said;
  }

  const texts = () => Array.from(side.querySelectorAll("li, .lv-map-ends span, .lv-map-none"), (one) => one.textContent);

  lv.mapside = { make, draw, startOnce, element: () => side, texts };
})(window);
