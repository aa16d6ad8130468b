/* How many matches there are, each count a button that lists those with at least so many units on. */
(function (root) {
  "use strict";
  const lv = (root.lstmviz = root.lstmviz || {});
  const SHOWN = 3; // counts in the line; the others are in a menu
  let place, menu;

  function make() {
    place = document.getElementById(lv.ids.counts);
    const held = lv.menu.element("span", "lv-counts-more");
    menu = lv.menu.make(held, { words: "more", title: "Matches with fewer of the units on", fill });
    menu.button.className = "lv-link";
  }

  /* A line of words in the place of the counts; `more`: an element after it. */
  function say(words, className, more) {
    place.className = `lv-counts ${className || ""}`;
    place.replaceChildren(words, ...(more ? [" ", more] : []));
  }

  function draw() {
    const answer = lv.matches.answer();
    if (answer.region) return lv.mapregion.draw(place, answer);
    const { whole } = answer.question;
    const isPut = lv.url.isPut(answer.question);
    if (!isPut || !answer.n_units) return say(isPut ? "nothing to look for: no unit is selected" : "");
    const levels = lv.listing.levels(answer);
    const parts = levels.slice(0, SHOWN).flatMap((level, k) => [...(k ? [" · "] : []), ...count(level, k === 0)]);
    if (!levels.length) parts.push(lv.menu.element("strong", "", "No matches"), ` with ${lv.words.plural(answer.n_units, "unit")}`);
    if (levels.length > SHOWN) parts.push(" · ", menu.whole.parentElement);
    if (answer.complete === false) parts.push(" · lower levels not counted");
    parts.push(` · ${lv.listing.took(answer.ms)}`, ...limit(answer, whole.shared));
    place.className = "lv-counts";
    place.replaceChildren(...parts);
  }

  /* One count: a button, and what it counts. */
  function count(level, isFirst) {
    const { shared } = lv.state.current;
    const isOn = shared === level.shared;
    const words = isFirst ? level.strong : `${level.strong} ${level.words}`;
    const found = level.atLeast > level.total ? `the ${lv.words.plural(level.atLeast, "match")} with ${level.shared} units on or more` : `only the matches ${level.words}`;
    const made = lv.menu.button(`lv-count${isFirst ? " lv-count-first" : ""}`, words, isOn ? "List all matches again" : `List ${found}`, () => choose(isOn ? null : level.shared));
    made.setAttribute("aria-pressed", String(isOn));
    made.dataset.shared = level.shared;
    return isFirst ? [made, ` ${level.words}`] : [made];
  }

  /* Is only a part of them listed? Says so, with a way to all. */
  function limit(answer, shared) {
    const from = answer.shared_from;
    if (!from || from <= 1) return [];
    const listed = answer.n_listed === null ? "" : `${lv.scale.grouped(answer.n_listed)} `;
    const words = from === answer.n_units ? `with all ${from}` : `with ${from} or more`;
    const all = lv.menu.button("lv-link", "list all", "List matches with fewer units too; in a long corpus this may take some seconds", () => choose(shared === null ? 1 : null));
    return [lv.menu.element("span", "lv-limit", ` · listed: ${listed}${words} `), all];
  }

  function fill(panel) {
    const list = lv.menu.element("div", "lv-pick-list");
    for (const level of lv.listing.levels(lv.matches.answer()).slice(SHOWN)) list.append(...count(level, false));
    list.addEventListener("click", () => menu.close());
    panel.append(lv.menu.element("p", "lv-panel-head", "Matches"), list);
  }

  function choose(shared) {
    lv.state.change({ shared }, "settle");
  }

  lv.matchcounts = { make, say, draw };
})(window);
