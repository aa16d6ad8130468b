/* Over the map: what it is of, by which method, what colours it; the lasso, what is in view, and all of it. */
(function (root) {
  "use strict";
  const lv = (root.lstmviz = root.lstmviz || {});
  const METHODS = [["pca", "PCA"], ["tsne", "t-SNE"], ["umap", "UMAP"]];
  let picks, lasso, all, fit, region, note;

  function make() {
    const { element, button } = lv.menu;
    const tools = element("div", "lv-map-tools", "", { role: "group", "aria-label": "The map" });
    const hold = () => tools.appendChild(element("span", "lv-tool"));
    picks = [
      lv.picklist.make(hold(), { word: "map of", title: "What the map shows", usual: "", options: sources, value: () => lv.state.current.mapOf, words: sourceWords, pick: (mapOf) => set({ mapOf }) }),
      lv.picklist.make(hold(), { word: "by", title: "How the map is made: PCA at once; t-SNE and UMAP take about a minute, once", usual: "pca", options: () => METHODS, value: () => lv.state.current.mapMethod, pick: choose }),
      lv.picklist.make(hold(), { word: "colour by", title: "What colours the points", usual: null, options: colours, value: colour, pick: (mapColour) => set({ mapColour }, true) }),
    ];
    lasso = button("lv-menu-button", "Lasso", "Draw around points to list their tokens below; also with Shift and a drag", () => lv.maplasso.arm());
    lasso.setAttribute("aria-pressed", "false");
    all = button("lv-menu-button", "List what is in view", "List the tokens of all points that are in view", () => lv.maplasso.take(lv.maplasso.inView()));
    fit = button("lv-menu-button", "Fit", "All points in view (0)", () => lv.mapview.reset());
    region = button("lv-link lv-map-region", "", "Go to the list of its steps", () => lv.help.goToMatches());
    region.hidden = true;
    note = element("span", "lv-bar-note lv-map-note");
    tools.append(lasso, all, fit, region, note);
    return tools;
  }

  /* Another map has other regions. */
  function set(changes, isLook) {
    lv.state.change(isLook ? changes : Object.assign({ lasso: null }, changes), "settle");
    lv.frame.ask("map");
  }

  /* A method that was chosen by hand is computed where it is not there. */
  async function choose(mapMethod) {
    set({ mapMethod });
    lv.mapside.startOnce();
  }

  function sources() {
    const { source } = lv.state.current;
    const others = lv.model.dump.about.sources.filter((one) => one.axis === lv.model.axis.index && one.name !== source);
    const tokens = lv.model.sourceOf("embedding") ? [] : [["embedding", "embeddings of the vocabulary"]];
    return [["", sourceWords("")], ...others.map((one) => [one.name, one.name]), ...tokens];
  }

  function sourceWords(of) {
    if (of === "") return lv.tokens.show(lv.state.current.source).text;
    return of === "embedding" && !lv.model.sourceOf(of) ? "embeddings" : lv.tokens.show(of).text;
  }

  function colours() {
    if (lv.mapdata.isOfTokens()) return [["frequency", "frequency"]];
    return [...lv.model.tracks.map((track) => [track.name, track.name]), ["", "nothing"]];
  }

  function colour() {
    const by = lv.mapdata.colourBy();
    return by ? by.name : "";
  }

  function draw(data) {
    for (const pick of picks) pick.draw();
    picks[2].menu.button.classList.toggle("lv-menu-on", lv.state.current.mapColour !== null && !lv.mapdata.isOfTokens());
    lasso.setAttribute("aria-pressed", String(lv.maplasso.isArmed()));
    lasso.classList.toggle("lv-menu-on", lv.maplasso.isArmed());
    for (const one of [lasso, all, fit]) one.disabled = !data.points;
    const count = lv.mapview.nInside();
    region.hidden = count === null;
    region.textContent = count === null ? "" : `${lv.words.plural(count, "point")} in the region ↓`;
    const words = lv.mapwords.note(data);
    if (note.textContent !== words) note.textContent = note.title = words;
  }

  lv.maptools = { make, draw, sourceWords };
})(window);
