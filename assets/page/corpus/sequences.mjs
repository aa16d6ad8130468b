/* The sequences of the recording, listed with what is true of the whole of each; typed words find some, a press goes there. */
(function (root) {
  "use strict";
  const lv = (root.lstmviz = root.lstmviz || {});
  const ROW = 28; // px
  const PAUSE = 200; // ms that typing rests before it is asked
  let menu, list, count, input;
  let present = null; // index of the sequence in the middle of the view
  let query = "";
  let timer = null;
  let late = null;

  function make() {
    const { element } = lv.menu;
    menu = lv.menu.make(document.getElementById(lv.ids.minimap), { words: "sequences", title: "Every sequence, with its labels: go to one", fill });
    menu.whole.classList.add("lv-sequences");
    menu.button.classList.add("lv-menu-down");
    menu.panel.classList.add("lv-sequences-panel");
    input = element("input", "lv-input lv-grow", "", { type: "search", placeholder: "A number, a label or a text", "aria-label": "Find sequences by number, label or text", spellcheck: "false", autocomplete: "off" });
    input.addEventListener("input", () => {
      clearTimeout(timer);
      timer = setTimeout(() => find(input.value.trim()), PAUSE);
    });
    input.addEventListener("keydown", (event) => {
      if (event.key !== "ArrowDown" && event.key !== "Enter") return;
      event.preventDefault();
      list.focus();
    });
    count = element("p", "lv-panel-note", "", { role: "status" });
    list = lv.pages.list({ height: ROW, label: "Sequences", load, fill: row, pick: go, told });
    lv.frame.add("selection", offer);
  }

  function offer() {
    const n = lv.model.axis ? lv.model.axis.n_sequences : 0;
    menu.whole.hidden = n < 2;
    const words = lv.words.plural(n, "sequence");
    if (menu.button.textContent !== words) menu.button.textContent = words;
  }

  function fill(panel) {
    input.value = query = "";
    count.textContent = "";
    panel.append(input, count, list.element);
    find("");
  }

  async function find(text) {
    query = text;
    clearTimeout(late);
    late = setTimeout(() => (count.textContent = "Looking …"), 300);
    const { at, span } = lv.state.current;
    const middle = Math.min(lv.model.axis.n_steps - 1, at + Math.floor(span / 2));
    try {
      const here = await ask(`limit=1&step=${middle}`);
      if (text !== query) return;
      present = here.at;
      await list.reset(here.at || 0);
    } catch (error) {
      if (text === query) told(0, error.message);
    }
  }

  function ask(more) {
    const q = query ? `&q=${encodeURIComponent(query)}` : "";
    return lv.data.json(`d/${lv.state.current.dump}/sequences/${lv.model.axis.index}?${more}${q}`);
  }

  async function load(from, limit) {
    const { total, sequences } = await ask(`from=${from}&limit=${limit}`);
    return { total, rows: sequences };
  }

  function told(total, problem) {
    clearTimeout(late);
    count.classList.toggle("lv-warn", Boolean(problem));
    const n = lv.model.axis.n_sequences;
    if (problem) count.replaceChildren(`The sequences could not be listed: ${problem} `, lv.menu.button("lv-link", "Try again", "Ask the server again", () => find(query)));
    else if (query) count.textContent = total ? `${lv.scale.grouped(total)} of ${lv.words.plural(n, "sequence")}` : "No sequence has that number, such a label, or that text.";
    else count.textContent = lv.words.plural(n, "sequence");
  }

  function row(element, one, place) {
    const { element: make_ } = lv.menu;
    const isPresent = place === present;
    element.classList.toggle("lv-list-here", isPresent);
    element.setAttribute("aria-selected", String(isPresent));
    const labels = Object.entries(one.labels).filter(([, value]) => value !== null).map(([name, value]) => {
      const label = make_("span", "lv-list-label");
      const text = typeof value === "number" ? lv.scale.valueText(value) : lv.tokens.show(value).text;
      label.append(make_("span", "lv-list-track", `${lv.tokens.show(name).text} `), make_("bdi", "", text));
      return label;
    });
    const tokens = one.tokens ? one.tokens.map((token) => lv.tokens.show(token).text).join(lv.model.axis.join === "" ? "" : " ") : "";
    const length = lv.words.plural(one.stop - one.start, "step");
    element.replaceChildren(make_("span", "lv-list-number", lv.scale.grouped(one.index)), ...labels, make_("bdi", "lv-list-text", tokens), make_("span", "lv-list-steps", length));
    element.setAttribute("aria-label", `sequence ${one.index}, ${length} from step ${one.start}${labels.map((label) => `, ${label.textContent}`).join("")}${tokens ? `: ${tokens}` : ""}`);
    element.title = `Go to sequence ${one.index}, which begins at step ${lv.scale.grouped(one.start)}`;
  }

  function go(one) {
    menu.close();
    lv.state.panTo(one.start, "push");
  }

  /* For tests. */
  function shown() {
    return { isOpen: menu.isOpen(), words: count.textContent, rows: list.rows(), present };
  }

  lv.sequences = { make, shown };
})(window);
