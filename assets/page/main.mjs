/* Start: open the dump that the address names, wire the parts, and answer Dash's clientside callbacks. */
(function (root) {
  "use strict";
  const lv = (root.lstmviz = root.lstmviz || {});
  const dumps = []; // [{uuid, name, detail}]
  const opened = new Map(); // uuid -> promise of data.Dump
  let isMade = false;
  let turn = 0;

  function boot(given) {
    lv.ids = given.ids;
    dumps.splice(0, dumps.length, ...given.dumps);
    lv.offers.start(given.offers);
    if (!isMade) make();
    if (!dumps.length && !hasStart()) {
      lv.notice.say("dump", "No dump is being served. Start lstmviz with the path of one: lstmviz serve PATH.");
      return;
    }
    fromAddress();
  }

  function make() {
    isMade = true;
    Object.assign(lv.state.current, lv.urlfields.BASE);
    lv.plot.make();
    lv.strip.make();
    for (const part of ["units", "matches", "fields", "brush", "pan", "search", "patternfile", "undo", "show", "bars", "unittext", "mapview", "aside", "start", "help", "projector", "tour", "beside", "said", "exporting", "typed"]) lv[part].make();
    lv.theme.watch();
    const sizes = new ResizeObserver(() => lv.frame.askAll());
    for (const name of ["plot", "strip", "units", "matchTable"]) sizes.observe(document.getElementById(lv.ids[name]));
    root.addEventListener("resize", () => lv.frame.askAll()); // also when the screen's pixel ratio changes
    root.addEventListener("popstate", fromAddress);
    for (const name of ["threshold", "before", "after", "step"]) {
      document.getElementById(lv.ids[name]).addEventListener("blur", () => lv.fields.restore(name));
    }
  }

  function dumpOf(uuid) {
    if (!opened.has(uuid)) {
      const promise = lv.data.open(uuid);
      promise.catch(() => opened.delete(uuid));
      opened.set(uuid, promise);
    }
    return opened.get(uuid);
  }

  /* Show what the address asks for, as far as it can be shown; say what cannot. */
  function fromAddress() {
    const { values, problems } = lv.url.parse(root.location.search + root.location.hash);
    const isAsked = Object.keys(values).length > 0 || problems.length > 0;
    if (!dumps.length || (hasStart() && !isAsked)) {
      turn++; // what was being opened is not wanted any more
      if (isAsked) lv.notice.say("link", "What this link was made for is not served here, or not built yet: build the sample, then open the link again.");
      return lv.start.show();
    }
    if (values.dump && !dumps.some((dump) => dump.uuid === values.dump)) {
      problems.push(`This link was made for another recording (${values.dump.slice(0, 40)}), which is not served here. Shown: ${dumps[0].name}.`);
      for (const name of Object.keys(values)) delete values[name];
    }
    return show(values.dump || dumps[0].uuid, values, "restore", problems);
  }

  async function show(uuid, values, how, problems) {
    const mine = ++turn;
    let dump;
    try {
      dump = await lv.busy.during(dumpOf(uuid), "Opening the recording …");
    } catch (error) {
      lv.notice.say("dump", `This recording cannot be opened: ${error.message}`);
      lv.fields.restore("dump");
      if (!lv.model.dump && hasStart()) lv.start.show();
      return;
    }
    if (mine !== turn) return; // something else was asked for meanwhile
    lv.notice.clear("dump");
    const fitted = lv.url.fit(values, dump.about, defaults(dump.about, values.source));
    const told = problems.concat(fitted.problems);
    if (told.length) lv.notice.say("link", told);
    else lv.notice.clear("link");
    const isOther = lv.model.dump !== dump;
    lv.model.use(dump, fitted.state.source);
    if (isOther) offerSources(dump.about);
    lv.start.hide();
    lv.naming.show();
    lv.series.show();
    lv.strip.resize();
    lv.state.setHover({ unit: null, step: null });
    lv.state.change(fitted.state, how);
    lv.search.moved();
    lv.frame.askAll();
  }

  /* Where a dump is first shown: its start, its top layer's cell state if it has one. */
  function defaults(about, wanted) {
    const names = about.sources.map((source) => source.name);
    const source = about.sources.find((s) => s.name === wanted) || about.sources[names.findLastIndex((n) => n.endsWith(".c"))] || about.sources.at(-1);
    const axis = about.axes[source.axis];
    const span = Math.min(axis.join === "" ? 60 : 24, axis.n_steps);
    return Object.assign({}, lv.urlfields.BASE, { source: source.name, at: 0, span });
  }

  function offerSources(about) {
    const data = about.sources.map((s) => ({ value: s.name, label: lv.naming.sourceLabel(s) }));
    dash_clientside.set_props(lv.ids.source, { data });
  }

  /* Is there a start page: something to choose from? */
  function hasStart() {
    return dumps.length > 1 || lv.offers.all().length > 0;
  }

  /* More recordings have come. */
  function serves(given) {
    dumps.splice(0, dumps.length, ...given);
    dash_clientside.set_props(lv.ids.dump, { data: dumps.map((one) => ({ value: one.uuid, label: lv.naming.label(one) })) });
  }

  function openDump(uuid) {
    const { threshold, versus, text, was } = lv.state.current;
    return show(uuid, { threshold, versus, text, was }, "push", []);
  }

  /* Another source of the same text keeps the place and the brush; one of another axis starts anew. */
  function openSource(name) {
    const { about } = lv.model.dump;
    const next = about.sources.find((source) => source.name === name);
    const { threshold, before, after, side, versus } = lv.state.current;
    const isSame = next.axis === lv.model.axis.index;
    const values = isSame ? Object.assign({}, lv.state.current, swapped(name)) : { source: name, threshold, before, after, side, versus };
    return show(lv.state.current.dump, values, "push", []);
  }

  /* A further source of the brush that is to be plotted changes places with the one that was. */
  function swapped(name) {
    const { source, side, threshold, parts } = lv.state.current;
    const part = parts.find((one) => one.source === name);
    if (!part) return { source: name };
    const rest = parts.map((one) => (one === part ? { source, side, threshold } : one));
    return Object.assign({}, part, { parts: rest });
  }

  async function copyLink() {
    const label = document.querySelector(".lv-copy-label");
    const said = label.textContent;
    lv.history.settle();
    try {
      await navigator.clipboard.writeText(root.location.href);
      label.textContent = "Copied";
    } catch (error) {
      lv.notice.say("copy", `This browser does not let the page copy. The link is in the address bar: ${root.location.href}`);
      return;
    }
    const button = document.getElementById(lv.ids.copyLink);
    button.classList.add("lv-copied");
    setTimeout(() => {
      button.classList.remove("lv-copied");
      label.textContent = said === "Copied" ? "Copy link" : said;
    }, 1500);
  }

  const PRESSED = {
    hit_back: () => lv.search.go(-1),
    hit_next: () => lv.search.go(1),
    undo: () => lv.undo.undo(),
    redo: () => lv.undo.redo(),
    copy_link: copyLink,
    page_left: () => lv.pan.by(-1, true),
    pan_left: () => lv.pan.by(-5, false),
    pan_right: () => lv.pan.by(5, false),
    page_right: () => lv.pan.by(1, true),
    zoom_out: () => lv.state.zoom(1.25, 0.5),
    zoom_in: () => lv.state.zoom(1 / 1.25, 0.5),
  };

  /* A clientside callback that says in words when it fails. */
  function careful(doing, act) {
    return function (value) {
      try {
        const done = act(value);
        if (done && done.catch) done.catch((error) => lv.notice.failed(doing, error));
      } catch (error) {
        lv.notice.failed(doing, error);
      }
      return dash_clientside.no_update;
    };
  }

  const callbacks = {
    boot: careful("starting the page", boot),
    matches: careful("showing the matches", (data) => isMade && lv.matches.take(data)),
  };
  for (const [name, act] of Object.entries(PRESSED)) {
    callbacks[`press_${name}`] = careful("answering a button", (clicks) => clicks && lv.model.source && act());
  }
  for (const name of ["dump", "source", "step", "threshold", "before", "after", "side"]) {
    callbacks[`field_${name}`] = careful("reading a field", (value) => isMade && lv.fields.changed(name, value));
  }
  root.dash_clientside = Object.assign({}, root.dash_clientside, { lstmviz: callbacks });

  lv.page = { show, fromAddress, openDump, openSource, dumpOf, dumps, serves, hasStart };
})(window);
