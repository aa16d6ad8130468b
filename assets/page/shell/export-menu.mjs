/* The Export menu: matches and pattern as files, figures, the view as one page, and the pattern as code to copy. */
(function (root) {
  "use strict";
  const lv = (root.lstmviz = root.lstmviz || {});
  const FIGURES = [
    ["units", "select view"],
    ["matches", "matches"],
    ["unit", "unit card"],
    ["text", "text of one unit"],
    ["thresholds", "units by threshold"],
    ["lengths", "match lengths"],
    ["carry", "what matches carry"],
    ["barcode", "where matches lie"],
    ["map", "map"],
  ];
  const NEED = new Set(["matches", "lengths", "carry", "barcode", "thresholds"]); // a pattern, or for "carry" a region
  const ROWS = 200; // of matches in a figure, as the server takes
  let menu, status;
  let figure = "units";
  let isBusy = false;

  function make() {
    const place = document.getElementById(lv.ids.export);
    if (!place) return;
    menu = lv.menu.make(place, { words: "Export", title: "Take what is shown away: files, figures, code", fill });
    menu.button.classList.add("lv-menu-down", "lv-export");
  }

  function fill(panel) {
    const { element, choice } = lv.menu;
    panel.classList.add("lv-export-panel");
    status = element("p", "lv-panel-note lv-export-status", "", { role: "status" });
    const pick = choice("Which figure", FIGURES, figure, (value) => (figure = value));
    panel.append(
      row("Matches", [["CSV", "Every match, or step of a region, as a table", () => file("matches.csv", "the matches")], ["JSON", "Every match with the pattern, or every step of a region", () => file("matches.json", "the matches")]]),
      row("Pattern", [["JSON", "The pattern with its notes, to open again", () => document.getElementById(lv.ids.patternSave).click()]]),
      row("Figure", ["SVG", "PNG", "PDF"].map((form) => [form, `The figure as ${form}`, () => draw(form.toLowerCase())]), pick),
      row("This view", [["HTML page", "One page that opens without a server, to mail or to keep", () => file("view.html", "the page")]]),
      row("Map", [["for TensorBoard", "The states of the map, or the embeddings, with tokens and tracks, for TensorBoard's Embedding Projector", projector]]),
      row("Copy", [["Python", "Python that finds the same", () => copy("python")], ["command", "A command that finds the same matches", () => copy("command")], ["link", "A link to what is shown", () => document.getElementById(lv.ids.copyLink).click()]]),
      status,
    );
    if (isBusy) say("Another file is on its way …");
  }

  function row(words, buttons, before) {
    const whole = lv.menu.element("div", "lv-panel-row");
    whole.append(lv.menu.element("span", "lv-export-name", words), ...(before ? [before] : []), ...buttons.map(([name, title, act]) => lv.menu.button("lv-button", name, title, act)));
    return whole;
  }

  function say(words, isProblem) {
    if (!status) return;
    status.textContent = words;
    status.classList.toggle("lv-warn", Boolean(isProblem));
  }

  /* What is shown, as the server takes it. */
  function selection() {
    const state = Object.assign({}, lv.state.current);
    const rows = Math.min(ROWS, Math.max(lv.url.ROWS, lv.matches.list().size()));
    return Object.assign(lv.compare.listed(state), { rows, offset: 0, tracks: lv.tracks.visible().map((track) => track.name), versus: null });
  }

  const isPut = (state) => lv.url.isPut(state);
  const isListed = (state) => Boolean(state.lasso) || isPut(state);

  /* One at a time: what takes long is said, and so is what fails. */
  async function careful(what, act) {
    if (isBusy) return;
    isBusy = true;
    say(`Making ${what} …`);
    menu.panel.classList.add("lv-busy");
    try {
      say((await act()) || "");
      lv.notice.clear("export");
    } catch (error) {
      const words = `There is no file of ${what}: ${error.message}`;
      say(words, true);
      if (!menu.isOpen()) lv.notice.say("export", words);
    } finally {
      isBusy = false;
      menu.panel.classList.remove("lv-busy");
    }
  }

  function projector() {
    return careful("the map's points", async () => {
      const answer = await lv.data.post(`${lv.mapdata.base().replace(/\/[^/]*$/, "")}/projector.zip`, {});
      const name = nameOf(answer.headers.get("Content-Disposition") || "");
      save(await answer.blob(), name);
      return `Saved ${name}`;
    });
  }

  async function post(path) {
    return lv.data.post(`d/${lv.state.current.dump}/${path}`, selection());
  }

  function file(name, what) {
    if (name.startsWith("matches") && !isListed(selection())) return say("There are no matches: brush a window that selects units first.", true);
    return careful(what, () => fetched(`export/${name}`));
  }

  /* Save what a path answers, under the name that comes with it. */
  async function fetched(path) {
    const answer = await post(path);
    const name = nameOf(answer.headers.get("Content-Disposition") || "");
    save(await answer.blob(), name);
    return `Saved ${name}`;
  }

  function nameOf(header) {
    const [, encoded] = header.match(/filename\*=UTF-8''([^;]+)/) || [];
    try {
      return encoded ? decodeURIComponent(encoded) : "lstmviz";
    } catch (error) {
      return "lstmviz";
    }
  }

  function save(blob, name) {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(blob);
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  }

  function draw(form) {
    if (NEED.has(figure) && !(figure === "carry" ? isListed : isPut)(selection())) return say("This figure is of a pattern: brush a window that selects units first.", true);
    const theme = document.documentElement.dataset.mantineColorScheme === "dark" ? "dark" : "light";
    const query = new URLSearchParams({ view: figure, theme });
    const more = {};
    if (figure === "unit" || figure === "text") {
      const { source, unit, side } = oneUnit();
      query.set("unit", unit);
      query.set("side", side || "high");
      more.source = source;
    }
    return careful(`the figure, ${FIGURES.find(([value]) => value === figure)[1]}`, async () => {
      const asked = Object.assign(selection(), more);
      const answer = await lv.data.post(`d/${lv.state.current.dump}/export/figure.${form}?${query}`, asked);
      const name = nameOf(answer.headers.get("Content-Disposition") || "");
      save(await answer.blob(), name);
      return `Saved ${name}`;
    });
  }

  /* The unit that was pressed, else the first of the pattern, else unit 0. */
  function oneUnit() {
    const [first] = lv.model.chosen || [];
    return lv.state.held || first || { source: lv.state.current.source, unit: 0 };
  }

  function copy(form) {
    const asked = selection();
    if (!isListed(asked)) return say("There is no pattern to copy: brush a window that selects units first.", true);
    if (asked.lasso && form === "command") return say("No command says a region of the map: copy it as Python, or save its steps as CSV or JSON.", true);
    return careful(form === "python" ? "the Python" : "the command", async () => {
      const text = await (await post(`copy/${form}`)).text();
      try {
        await navigator.clipboard.writeText(text);
      } catch (error) {
        throw new Error("this browser does not let the page copy; use the link or the files");
      }
      return form === "python" ? `Copied: Python that finds these ${asked.lasso ? "steps" : "matches"}` : "Copied: a command that finds these matches";
    });
  }

  lv.exporting = { make };
})(window);
