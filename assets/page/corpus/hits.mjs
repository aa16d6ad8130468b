/* Hits of the text search, listed with the text around each; a press goes there. */
(function (root) {
  "use strict";
  const lv = (root.lstmviz = root.lstmviz || {});
  const ROW = 26; // px
  const AROUND = 24; // steps on either side of a hit
  let menu, list, count;

  function make() {
    menu = lv.menu.make(document.getElementById(lv.ids.hitList), { words: "▾", title: "List the hits", fill });
    menu.button.setAttribute("aria-label", "List the hits");
    menu.panel.classList.add("lv-hits-panel");
    count = lv.menu.element("p", "lv-panel-note", "", { role: "status" });
    list = lv.pages.list({ height: ROW, label: "Hits", load, fill: row, pick: go, told });
    lv.frame.add("strip", offer);
  }

  /* There is something to list once a search has found something. */
  function offer() {
    const found = lv.search.found();
    menu.whole.hidden = !found || !found.total;
    if (menu.whole.hidden) menu.close();
  }

  function fill(panel) {
    const found = lv.search.found();
    count.textContent = "";
    panel.append(count, list.element);
    list.reset(found.present || 0).then(() => menu.isOpen() && list.focus());
  }

  async function load(from, limit) {
    const { text } = lv.search.found();
    const query = `q=${encodeURIComponent(text)}&from=${from}&limit=${limit}&around=${AROUND}`;
    const { total, hits, texts } = await lv.data.json(`d/${lv.state.current.dump}/search/${lv.model.axis.index}?${query}`);
    return { total, rows: hits.map(([start, stop], k) => Object.assign({ start, stop }, texts[k])) };
  }

  function told(total, problem) {
    const found = lv.search.found();
    count.classList.toggle("lv-warn", Boolean(problem));
    count.textContent = problem ? `The hits could not be listed: ${problem}` : `${lv.words.plural(total, "hit")} of “${lv.tokens.show(found ? found.text : "").text}”`;
    if (problem) count.append(" ", lv.menu.button("lv-link", "Try again", "Ask the server again", () => list.reset((found && found.present) || 0)));
  }

  function row(element, one, index) {
    const { element: make_ } = lv.menu;
    const join = lv.model.axis.join === "" ? "" : " ";
    const part = (a, b) => one.tokens.slice(a - one.first, b - one.first).map((token) => lv.tokens.show(token).text).join(join);
    const end = one.first + one.tokens.length;
    const [before, hit, after] = [part(one.first, one.start), part(one.start, one.stop), part(one.stop, end)];
    const found = lv.search.found();
    const isPresent = found !== null && index === found.present;
    element.classList.toggle("lv-list-here", isPresent);
    element.setAttribute("aria-selected", String(isPresent));
    const left = make_("span", "lv-hit-before");
    left.append(make_("bdi", "", before + join));
    const right = make_("span", "lv-hit-after");
    right.append(make_("bdi", "lv-hit", hit), make_("bdi", "", join + after));
    element.replaceChildren(make_("span", "lv-list-number", lv.scale.grouped(one.start)), left, right);
    element.setAttribute("aria-label", `step ${one.start}: ${before}${join}${hit}${join}${after}`);
    element.title = `Go to step ${lv.scale.grouped(one.start)}`;
  }

  function go(one, index) {
    menu.close();
    lv.search.goTo(index, [one.start, one.stop]);
  }

  /* For tests. */
  function shown() {
    return { isOpen: menu.isOpen(), isOffered: !menu.whole.hidden, words: count.textContent, rows: list.rows() };
  }

  lv.hitlist = { make, shown };
})(window);
