/* The column of cards: what each of them shares. A card has a head that folds it, and a body that it fills itself. */
(function (root) {
  "use strict";
  const lv = (root.lstmviz = root.lstmviz || {});
  const NARROW = "(max-width: 1099px)"; // as in style_aside.css: the cards stand over the matches, folded
  const WIDTH = { least: 180, most: 300 }; // px of a drawing
  const cards = [];
  let late = null; // while the summary is waited for

  function make() {
    for (const part of ["minimap", "sequences", "hitlist", "unitcard", "adviser", "carry", "lengths"]) lv[part].make();
    const narrow = root.matchMedia(NARROW);
    const fold = () => cards.forEach((card) => card.fold(narrow.matches));
    narrow.addEventListener("change", fold);
    root.addEventListener("resize", () => cards.forEach((card) => card.measure()));
    fold();
    lv.frame.add("summary", watchSummary);
    lv.frame.add("selection", () => {
      document.documentElement.classList.toggle("lv-asked", lv.url.isPut(lv.state.current));
    });
  }

  /* A card in its place: {body, tools, title, width(), fold(isFolded), isFolded()}. */
  function card(id, title) {
    const { element } = lv.menu;
    const place = document.getElementById(id);
    const head = element("div", "lv-card-head");
    const tools = element("div", "lv-card-tools");
    const body = element("div", "lv-card-body", "", { id: `${id}-body` });
    const heading = element("h2");
    const button = element("button", "lv-card-title", title, { type: "button", "aria-controls": body.id });
    heading.append(button);
    head.append(heading, tools);
    place.append(head, body);
    let wide = 0; // known until the window changes: to ask for it each time would lay the page out each time
    const measure = () => (wide = 0);
    const fold = (isFolded) => {
      measure();
      place.classList.toggle("lv-folded", isFolded);
      button.setAttribute("aria-expanded", String(!isFolded));
      if (!isFolded) lv.frame.askAll(); // what was not seen was not drawn to its width
    };
    button.addEventListener("click", () => fold(!isFolded()));
    const isFolded = () => place.classList.contains("lv-folded");
    const width = () => (wide = wide || lv.url.clamp(body.clientWidth, WIDTH.least, WIDTH.most));
    const made = { place, body, tools, title: button, fold, isFolded, measure, width };
    cards.push(made);
    return made;
  }

  /* The room for names of so many characters beside their bars, in CSS. */
  function nameWidth(longest) {
    return `${lv.url.clamp(Math.ceil(longest * 6.7 * lv.svg.type()) + 3, 16, 104)}px`;
  }

  /* A sentence in the place of what a card shows. */
  function hint(words, kind) {
    return lv.menu.element("p", `lv-card-note ${kind || ""}`, words);
  }

  /* What failed and why, and a button that tries again. */
  function failed(what, why, again) {
    const line = hint(`${what}: ${why}${/[.?!]$/.test(why) ? "" : "."} `, "lv-warn");
    line.append(lv.menu.button("lv-link", "Try again", "Ask the server again", again));
    return line;
  }

  /* What stands in a card that tells of the matches, where it cannot: a hint or what failed; null where it can. */
  function noSummary(what) {
    const { lasso } = lv.state.current;
    const answer = lv.summary.answer();
    if (!lasso && !lv.url.isPut(lv.state.current)) return hint(what);
    if (answer && answer.error) return failed("The matches could not be summed up", answer.error, () => lv.summary.ask(lv.matches.answer().question));
    if (answer && !answer.n_units && !answer.is_region) return hint("No unit is selected: there is nothing to match.");
    if (answer) return null;
    return hint(late === "shown" ? "Counting …" : "");
  }

  /* Counting that takes long is shown: what the cards tell is of before, and grey. */
  function watchSummary() {
    if (!lv.summary.isPending()) {
      if (late && late !== "shown") clearTimeout(late);
      late = null;
    } else if (late === null) {
      late = setTimeout(() => {
        late = lv.summary.isPending() ? "shown" : null;
        lv.frame.ask("summary");
      }, 300);
    }
    for (const name of ["carry", "lengths"]) document.getElementById(lv.ids[name]).classList.toggle("lv-stale", late === "shown" && lv.summary.answer() !== null);
  }

  /* Keys of a control that are its own, by their names in keys.js, so that the page does not move as well. */
  function keys(element, place, acts) {
    element.addEventListener("keydown", (event) => {
      if (lv.keys.act(place, event, acts)) event.stopPropagation();
    });
  }

  /* For tests: what each part shows. */
  function shown() {
    const parts = ["minimap", "sequences", "hitlist", "unitcard", "adviser", "carry", "lengths"];
    return Object.fromEntries(parts.map((name) => [name, lv[name].shown()]));
  }

  lv.aside = { make, card, nameWidth, hint, failed, noSummary, keys, shown };
})(window);
