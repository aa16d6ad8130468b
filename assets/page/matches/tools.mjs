/* Over the matches: their order, their groups, and what colours their tokens. */
(function (root) {
  "use strict";
  const lv = (root.lstmviz = root.lstmviz || {});
  const UNITS = 60; // of the pattern, offered as colours
  let tools, foldButton, note;

  function make() {
    const place = (name) => document.getElementById(lv.ids[name]);
    const names = () => lv.model.tracks.map((track) => track.name);
    const state = (field) => () => lv.state.current[field];
    const set = (field) => (value) => lv.state.change({ [field]: value }, "settle");
    tools = [
      lv.picklist.make(place("matchOrder"), { word: "order", title: "Order of the matches", usual: "best", options: () => lv.listing.orders(names()), value: state("order"), pick: set("order") }),
      lv.picklist.make(place("matchGroup"), { word: "group by", title: "Groups of matches", usual: "", options: () => lv.listing.groups(names()), value: state("group"), pick: set("group") }),
      lv.picklist.make(place("matchColour"), {
        word: "colour by",
        title: "What colours the tokens of the matches",
        usual: "shared",
        options: colours,
        value: state("colour"),
        words: lv.colouring.words,
        pick: lv.colouring.choose,
        more: anyUnit,
      }),
    ];
    foldButton = lv.menu.button("lv-link lv-fold", "", "", foldAll);
    foldButton.hidden = true;
    place("matchGroup").append(foldButton);
    note = place("matchNote");
    lv.frame.add("selection", draw);
    lv.frame.add("matches", draw);
  }

  function draw() {
    if (!lv.model.source) return;
    for (const tool of tools) tool.draw();
    const answer = lv.matches.answer();
    foldButton.hidden = !answer || !answer.n_groups;
    const isFolded = lv.matches.list().nFolded() > 0;
    foldButton.textContent = isFolded ? "unfold all" : "fold all";
    foldButton.title = isFolded ? "Show the matches of all groups" : "Show the headings of the groups alone";
  }

  function foldAll() {
    const list = lv.matches.list();
    list.foldAll(list.nFolded() === 0);
    lv.frame.ask("matches", "matchscroll");
  }

  function colours() {
    const own = lv.model.tracks.map((track) => [`track:${track.name}`, track.name]);
    const units = new Map((lv.model.chosen || []).slice(0, UNITS).map((one) => [lv.colouring.ofUnit(one.source, one.unit), one]));
    const now = lv.state.current.colour;
    if (now.startsWith("unit:")) units.set(now, null);
    return [["shared", "matched units"], ...own, ...[...units.keys()].map((key) => [key, lv.colouring.words(key)]), ["", "nothing"]];
  }

  /* Any other unit of the plotted source, by its number. */
  function anyUnit(panel, choose) {
    const { source } = lv.model;
    const row = lv.menu.element("form", "lv-panel-row");
    const words = `A unit of ${lv.tokens.show(source.name).text}, 0 to ${lv.scale.grouped(source.n_units - 1)}`;
    const input = lv.menu.element("input", "lv-input", "", { type: "text", inputmode: "numeric", "aria-label": words, title: words, placeholder: "number" });
    row.append(lv.menu.element("span", "lv-panel-note", "any unit"), input, lv.menu.element("button", "lv-button", "Show", { type: "submit" }));
    row.addEventListener("submit", (event) => {
      event.preventDefault();
      const text = input.value.trim();
      if (/^\d{1,9}$/.test(text) && Number(text) < source.n_units) choose(lv.colouring.ofUnit(source.name, Number(text)));
      else input.select();
    });
    panel.append(row);
  }

  /* Tracks that the table has no room for are named, with what to do. */
  function noteHidden(hidden) {
    const names = hidden.map((track) => lv.tokens.show(track.name).text);
    const remedy = lv.menu.element("span", "", ": press a name above");
    note.replaceChildren(...(names.length ? [`${lv.words.plural(names.length, "track")} not shown`, remedy] : []));
    note.title = names.length ? `No room for ${names.slice(0, 12).join(", ")}${names.length > 12 ? " …" : ""}. Press a track's name under the tokens to show it here first.` : "";
  }

  lv.matchtools = { make, draw, noteHidden };
})(window);
