/* "Your text": a box whose text is run through the model beside the dump, drawn under the corpus and brushed like it. */
(function (root) {
  "use strict";
  const lv = (root.lstmviz = root.lstmviz || {});
  const MOST = 40000; // characters, as the server takes them
  const STANDS = 700; // ms without a key, after which a text stands: an edit of it is compared with it
  let places, box, note, problem, fold, reason, tools, said;
  let can = { dump: null, told: null }; // what the server says of the model beside the dump
  let mine = null; // the text as it was typed here
  let stood = null; // the last text at which no key came for a while
  let resting = null;
  let last = null; // {dump, text} that was drawn
  let origin = null; // of the window on the text, where it was when the text last stood
  let pointed = null; // the token under the pointer
  let typedAt = null; // when a key was pressed that is not drawn yet
  const drawn = []; // from a key to its states drawn, ms

  function make() {
    const { element, button } = lv.menu;
    const mount = document.getElementById(lv.ids.typed);
    const head = element("div", "lv-typed-head");
    fold = element("button", "lv-typed-fold", "Your text", { type: "button", "aria-expanded": "false" });
    fold.addEventListener("click", () => (isOpen() ? close() : open()));
    reason = element("span", "lv-typed-reason");
    tools = element("span", "lv-typed-tools");
    const keep = button("lv-link", "Keep as before", "Keep this text, to compare what you change with it", () => lv.state.change({ was: lv.state.current.text }, "push"));
    const forget = button("lv-link", "Forget before", "Compare with nothing", () => lv.state.change({ was: null }, "push"));
    tools.append(keep, forget);
    Object.assign(tools, { keep, forget });
    head.append(fold, reason, element("span", "lv-spacer"), tools);
    const body = element("div", "lv-typed-body", "", { id: "lv-typed-body" });
    fold.setAttribute("aria-controls", body.id);
    box = element("textarea", "lv-typed-box", "", { rows: "2", maxlength: String(MOST), spellcheck: "false", autocomplete: "off", autocapitalize: "off", "aria-label": "Your text", "aria-describedby": "lv-typed-note" });
    box.addEventListener("input", typed);
    box.addEventListener("keydown", (event) => event.key !== "Escape" && event.stopPropagation());
    note = element("p", "lv-typed-note", "", { id: "lv-typed-note" });
    problem = element("p", "lv-typed-note lv-warn", "", { role: "alert" });
    said = element("p", "lv-unseen", "", { role: "status" });
    const plot = element("div", "lv-typed-plot");
    const strip = element("div", "lv-typed-strip", "", { role: "application", tabindex: "0" });
    strip.setAttribute("aria-label", "Tokens of your text. Drag to brush a window. By keyboard: Enter makes a window, left and right arrows move it, with Shift they move its end, Escape clears it.");
    const scroller = element("div", "lv-typed-scroll", "", { tabindex: "-1" });
    scroller.append(element("div"));
    scroller.hidden = true;
    body.append(box, note, problem, said, plot, strip, scroller);
    mount.append(head, body);
    places = { mount, head, body, plot, strip, scroller };
    lv.typedview.make(places);
    lv.typedstrip.make(places);
    lv.typedbrush.make(places);
    for (const name of ["plot", "strip"]) new ResizeObserver(() => lv.frame.ask("typed")).observe(places[name]);
    lv.frame.add(["base", "overlay", "strip", "typed"], draw);
  }

  function isOpen() {
    return lv.state.current.text !== null;
  }

  /* Is there no model to run a text through? */
  function isBarred() {
    return can.dump === lv.model.dump && can.told !== null && can.told.problem !== null;
  }

  /* Lies there no model at all? Then no room is given to the box. */
  function isAbsent() {
    return isBarred() && Boolean(can.told.is_absent);
  }

  function open() {
    lv.state.change({ text: "" }, "settle");
    draw();
    box.focus();
    places.mount.scrollIntoView({ block: "nearest" });
    const some = (can.told && can.told.some) || [];
    if (some.length) lv.typeddata.need(lv.model.dump, [some[0]], sources()); // so that the model is loaded when a text comes
  }

  function close() {
    lv.state.change({ text: null, was: null, typed: null }, "push");
  }

  /* To the box, by a key. */
  function focus() {
    if (!lv.model.source || !can.told) return;
    if (isBarred()) lv.notice.say("typed", can.told.problem);
    else if (isOpen()) box.focus();
    else open();
  }

  /* A key was pressed in the box. */
  function typed() {
    const text = box.value.toWellFormed ? box.value.toWellFormed() : box.value; // half a picture is none
    if (typedAt === null) typedAt = performance.now();
    const changes = { text };
    if (lv.state.current.was === null && stood && lv.typedalign.isEdit(stood, text)) changes.was = stood;
    if (text === "") changes.typed = null;
    mine = text;
    rest();
    lv.state.nudge(changes);
    need();
    follow();
  }

  function rest() {
    clearTimeout(resting);
    resting = setTimeout(() => {
      stood = lv.state.current.text;
      origin = null;
      said.textContent = [lv.typedwords.unknown(), lv.typedwords.summary()].filter(Boolean).join(" ");
    }, STANDS);
  }

  /* The sources whose states are drawn, brushed or counted. */
  function sources() {
    const { source, parts, pinned, pattern } = lv.state.current;
    const units = pattern ? lv.patternfile.units() : [];
    const names = new Set([source, ...[...parts, ...pinned, ...units].map((one) => one.source)]);
    return [...names].map(lv.model.sourceOf).filter((one) => one && one.axis === lv.model.axis.index);
  }

  function texts() {
    const { text, was, typed: window_ } = lv.state.current;
    return [text, window_ && window_.text, was].filter(Boolean);
  }

  function need() {
    if (!isOpen() || !lv.model.source || isBarred()) return;
    lv.typeddata.need(lv.model.dump, texts(), sources());
  }

  /* An answer came, or failed. */
  function arrived() {
    follow();
    if (lv.model.source && isOpen()) need();
    lv.frame.ask("typed", ...(lv.state.current.typed ? ["overlay", "strip", "units", "selection"] : []));
  }

  /* A window of the text that was brushed goes along to what the text is now: from where it was when the text last stood,
     so that it does not matter which of the texts between were seen. */
  function follow() {
    const { text, typed: window_ } = lv.state.current;
    if (!window_ || !text || window_.text === text || !lv.model.source) return;
    const [from, to] = [window_.text, text].map((one) => lv.typeddata.of(lv.model.dump, one, []));
    if (from && (!origin || origin.put !== window_)) origin = { put: window_, start: window_.start, stop: window_.stop, tokens: from.tokens };
    if (!origin || origin.put !== window_ || !to) return;
    const place = lv.typedalign.moved(lv.typedalign.align(origin.tokens, to.tokens), origin.start, origin.stop);
    origin.put = place && { text, start: place[0], stop: place[1] };
    lv.state.nudge({ typed: origin.put });
  }

  /* The answer that is drawn: that of the text, or while it is on its way the last one; null where there is none. */
  function present() {
    const { text } = lv.state.current;
    const { dump } = lv.model;
    if (!text || !dump) return null;
    const now = lv.typeddata.of(dump, text, [lv.model.source]);
    if (now) last = { dump, text };
    return now || (last && last.dump === dump && !hasFailed() ? lv.typeddata.of(dump, last.text, []) : null);
  }

  function hasFailed() {
    return lv.typeddata.problem(lv.model.dump, texts(), sources()) !== null;
  }

  /* The states of the brushed text: {n, rowsOf(source)}; null while they are on their way. `why`: where they will not come. */
  function brushed() {
    const { typed: window_ } = lv.state.current;
    const answer = lv.typeddata.of(lv.model.dump, window_.text, sources());
    const why = isBarred() ? can.told.problem : lv.typeddata.problem(lv.model.dump, texts(), sources());
    return { n: answer ? answer.tokens.length : null, why: answer ? null : why, rowsOf: (source) => lv.typeddata.rowsOf(answer, source) };
  }

  /* step -> the ground of a token: how many of the pattern's units are on there. */
  function grounds(answer) {
    const { shade, lowShade } = lv.theme.colours();
    const sides = ["high", "low"].map((side) => ({ ramp: side === "high" ? shade : lowShade, counts: counts(answer, lv.model.onSide(side)), n: lv.model.onSide(side).length }));
    const one = sides[0].n ? sides[0] : sides[1];
    return (step) => (one.n && one.counts[step] ? one.ramp(one.counts[step] / one.n) : null);
  }

  function counts(answer, units) {
    const found = new Uint16Array(answer.tokens.length);
    for (const name of new Set(units.map((one) => one.source))) {
      const source = lv.model.sourceOf(name);
      if (!source || !answer.states.has(name)) continue;
      lv.select.countOn(lv.typeddata.rowsOf(answer, source), units.filter((one) => one.source === name), 0, answer.tokens.length, found);
    }
    return found;
  }

  /* "2 of 5 units on", or null where there is no pattern. */
  function countOn(answer, step) {
    const units = lv.model.chosen || [];
    return units.length ? `${counts(answer, units)[step]} of ${lv.words.plural(units.length, "unit")} on` : null;
  }

  function hover(step) {
    if (step === pointed) return;
    pointed = step;
    lv.frame.ask("typed");
  }

  function askWhether() {
    if (can.dump === lv.model.dump) return;
    const { dump } = lv.model;
    can = { dump, told: null };
    lv.notice.clear("typed");
    lv.data
      .json(`d/${dump.about.uuid}/typing.json`)
      .catch((error) => ({ problem: error.message }))
      .then((told) => {
        if (can.dump !== dump) return;
        can.told = told;
        lv.frame.ask("typed", "units");
      });
  }

  function draw() {
    if (!lv.model.source) return;
    askWhether();
    if (lv.state.current.text !== mine) {
      mine = stood = lv.state.current.text; // from a link, or by undo
      if (box.value !== (mine || "")) box.value = mine || "";
    }
    const isShown = isOpen() && !isBarred();
    places.mount.hidden = isAbsent();
    places.body.hidden = !isShown;
    places.mount.classList.toggle("lv-typed-open", isShown);
    fold.setAttribute("aria-expanded", String(isShown));
    fold.disabled = isBarred() || can.told === null;
    fold.title = isShown ? "Close the box" : "Type a text, and see what the model makes of it (Y)";
    reason.textContent = isBarred() ? lv.tokens.line(can.told.problem) : isShown ? lv.typedwords.reader(can.told) : "type a text and see what the model makes of it: states, predictions, loss";
    tools.hidden = !isShown;
    if (!isShown) return;
    need();
    const { text, was } = lv.state.current;
    tools.keep.disabled = !text || text === was;
    tools.forget.disabled = was === null;
    tell();
    lv.model.refresh();
    lv.typedview.drawBase();
    lv.typedview.drawOverlay();
    lv.typedstrip.draw();
    measure();
  }

  function tell() {
    const why = lv.typeddata.problem(lv.model.dump, texts(), sources());
    const words = why ? `${lv.tokens.line(why)}${/[.?!]$/.test(why) ? "" : "."}` : "";
    if (problem.textContent !== words) problem.textContent = words;
    const isLate = lv.typeddata.isLate();
    const parts = why ? [] : [lv.typedwords.unknown(), lv.typedwords.summary(), isLate ? "The model is running …" : "", isTooLong() ? "The link leaves this text out: it is too long." : ""];
    const line = parts.filter(Boolean).join(" ") || (why ? "" : lv.typedwords.examples(can.told));
    if (note.textContent !== line) note.textContent = line;
    note.title = line;
    places.body.classList.toggle("lv-stale-text", isLate);
  }

  function isTooLong() {
    return !lv.url.isLinked(lv.state.current);
  }

  /* From a key to its states drawn. */
  function measure() {
    const answer = present();
    if (typedAt === null || (answer ? answer.text : "") !== lv.state.current.text) return;
    if (drawn.length >= 1000) drawn.length = 0;
    drawn.push(performance.now() - typedAt);
    performance.measure("lstmviz-typed", { start: typedAt });
    typedAt = null;
  }

  function isReady() {
    if (!lv.model.dump || can.dump !== lv.model.dump || can.told === null) return false;
    const { text, typed: window_ } = lv.state.current;
    return !isOpen() || isBarred() || hasFailed() || (!lv.typeddata.isPending() && (!text || !window_ || window_.text === text));
  }

  /* For tests: what is shown; places in client pixels. */
  function shown() {
    const answer = isOpen() && !isBarred() ? present() : null;
    const boxed = places.strip.getBoundingClientRect();
    const left = (step) => boxed.left + lv.typedview.x(step);
    const found = answer && lv.typeddiff.present();
    return {
      isOpen: isOpen() && !isBarred(),
      isThere: !places.mount.hidden,
      reason: reason.textContent,
      note: note.textContent,
      problem: problem.textContent,
      text: answer && answer.text,
      tokens: answer ? answer.tokens.map((token, step) => ({ token, text: answer.shown[step].text, isKnown: Boolean(answer.is_known[step]), left: left(step), right: left(step + 1), middle: boxed.top + lv.typedstrip.TOKEN.top + lv.typedstrip.TOKEN.height / 2 })) : [],
      states: answer ? Object.fromEntries([...answer.states].map(([name, held]) => [name, Array.from({ length: answer.tokens.length }, (_, step) => Array.from(held.values.subarray(step * held.n, (step + 1) * held.n)))])) : {},
      tracks: answer ? Object.fromEntries(answer.tracks.map((track) => [track.name, track.kind === "category" ? track.values.map((one) => (one >= 0 ? track.labels[one] : null)) : track.values])) : {},
      on: answer ? Array.from(counts(answer, lv.model.chosen || [])) : [],
      difference: found && { kinds: found.alignment.kinds, pairs: Array.from(found.alignment.pairs), gone: found.alignment.gone, change: Array.from(found.change), most: found.most },
      drawn: drawn.slice(),
    };
  }

  lv.typed = { make, arrived, present, brushed, grounds, countOn, hover, hovered: () => pointed, task: () => (can.told && can.told.task) || null, focus, isReady, isOpen, shown };
})(window);
