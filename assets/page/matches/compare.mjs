/* A pattern pinned as A, beside the present one as B: what each is and finds, which of them the table lists, what they share. */
(function (root) {
  "use strict";
  const lv = (root.lstmviz = root.lstmviz || {});
  const LATE = 300; // ms; longer than that, the wait is shown
  const FEW = 8; // units named
  let place, pin, menu;
  let given = null; // {key, answer | problem} of the last comparison
  let asked = null; // key of the one that is on its way
  let late = null;

  function make() {
    place = document.getElementById(lv.ids.compare);
    pin = lv.menu.button("lv-menu-button lv-pin", "Pin as A", "Keep this pattern as A, to compare it with the next one", keep);
    document.getElementById(lv.ids.matchHand).append(pin);
    lv.frame.add("selection", draw);
    lv.frame.add("compare", draw);
  }

  const pinned = () => lv.state.current.versus;
  /* Does the table list A? Only where A is of the recording that is shown. */
  const isListed = (state = lv.state.current) => Boolean(state.versus) && state.lists === "A" && state.versus.dump === state.dump;

  /* The question for the matches that are listed: the page's own, or that of A. */
  function listed(question) {
    return isListed(question) ? Object.assign({}, question, { pattern: question.versus.pattern, start: null, stop: null }) : question;
  }

  function keep() {
    const answer = lv.matches.answer();
    if (!answer || !answer.pattern || !answer.n_units) return lv.notice.say("pattern", "There is no pattern to pin: brush a window that selects units first.");
    lv.notice.clear("pattern");
    lv.state.change({ versus: { dump: answer.question.dump, name: lv.model.dump.about.name, pattern: answer.pattern }, lists: null }, "push");
    refresh();
  }

  function drop() {
    lv.state.change({ versus: null, lists: null }, "push");
    document.getElementById(lv.ids.matchHand).lastElementChild.focus();
  }

  /* List A or B. A of another recording is opened there, and what was B is kept in its place. */
  function list(which) {
    const a = pinned();
    if (which === "B" || a.dump === lv.state.current.dump) return lv.state.change({ lists: which === "A" ? "A" : null }, "settle");
    const answer = lv.matches.answer();
    const swapped = answer && answer.n_units ? { dump: lv.state.current.dump, name: lv.model.dump.about.name, pattern: answer.pattern } : a;
    const { source } = JSON.parse(a.pattern).pattern.units[0] || {};
    return lv.page.show(a.dump, { source, pattern: a.pattern, versus: swapped }, "push", []);
  }

  /* The rows that are hidden and marked in what is listed. */
  function byHand() {
    if (!isListed()) return lv.pick.byHand();
    const { notes } = file();
    return notes && notes.dump === lv.state.current.dump ? { hidden: notes.hidden, marked: notes.marked } : { hidden: [], marked: [] };
  }

  function note(rows) {
    if (!isListed()) return lv.pick.note(rows);
    const text = JSON.stringify(lv.patternedit.noted(file(), rows, lv.state.current.dump));
    lv.state.change({ versus: Object.assign({}, pinned(), { pattern: text }) }, "settle");
  }

  let read = { text: null, file: null };

  /* A's pattern, read once. */
  function file() {
    const text = pinned().pattern;
    if (read.text !== text) read = { text, file: JSON.parse(text) };
    return read.file;
  }

  function isPut() {
    return lv.url.isPut(lv.state.current);
  }

  function keyOf() {
    return JSON.stringify([lv.patternedit.bare(pinned().pattern), pinned().dump, lv.url.patternKey(lv.state.current), lv.state.current.minLength, lv.state.current.maxLength]);
  }

  /* Ask the server to compare, where that is a new question. */
  async function refresh(isAgain) {
    if (!pinned()) return;
    const key = keyOf();
    if (!isAgain && (key === asked || (given && given.key === key))) return;
    asked = key;
    const { dump, source } = lv.state.current;
    const first = { dump: pinned().dump, source, pattern: pinned().pattern };
    clearTimeout(late);
    late = setTimeout(() => lv.frame.ask("compare"), LATE);
    try {
      const answer = await lv.data.post(`d/${dump}/compare`, { first, second: isPut() ? lv.state.current : first });
      if (asked === key) given = { key, answer: await answer.json() };
    } catch (error) {
      if (asked === key) given = { key, problem: error.message };
    }
    if (asked !== key) return;
    asked = null;
    clearTimeout(late);
    lv.frame.ask("compare");
  }

  let made = "";

  function draw() {
    if (!lv.model.source || !place) return;
    const { held, ...state } = lv.state.current;
    const now = pinned() ? JSON.stringify([pinned(), state.lists, given && given.key, given && given.problem, asked, isPut(), state.dump]) : "";
    if (now === made) return;
    made = now;
    if (menu && menu.isOpen()) menu.close();
    if (!pinned()) return place.replaceChildren();
    const active = document.activeElement && place.contains(document.activeElement) ? document.activeElement.dataset.list : null;
    const known = given && given.answer;
    const rows = [row("A", known && known.first), row("B", known && isPut() ? known.second : null)];
    place.replaceChildren(...rows, foot(known));
    place.classList.toggle("lv-stale", asked !== null && given !== null && given.key !== keyOf());
    const again = active && place.querySelector(`[data-list="${active}"]`);
    if (again) again.focus();
  }

  function row(which, side) {
    const { element, button } = lv.menu;
    const whole = element("div", "lv-compare-row");
    whole.dataset.side = which;
    const isOn = isListed() === (which === "A");
    const isAway = which === "A" && pinned().dump !== lv.state.current.dump;
    const letter = button("lv-compare-letter", which, isAway ? "Open A in its own recording, with B pinned" : `List the matches of ${which}`, () => list(which));
    letter.dataset.list = which;
    letter.setAttribute("aria-pressed", String(isOn));
    whole.append(letter);
    if (!side) {
      const words = which === "B" && !isPut() ? "brush a window, or change threshold, source or recording: the next pattern is B" : "…";
      whole.append(element("span", "lv-compare-words lv-hint", words));
      return whole;
    }
    const cells = [units(side), constraints(side), lv.words.plural(side.n_matches, "match"), lengths(side)];
    if (isAway || side.dump !== lv.state.current.dump) cells.unshift(lv.tokens.show(side.name).text);
    for (const [k, words] of cells.entries()) whole.append(element("span", `lv-compare-words${k === cells.length - 2 ? " lv-strong" : ""}`, words, { title: words }));
    return whole;
  }

  /* "4 units of l1.c: 15, 18, −45, 49 at 0.3" */
  function units({ units: all, n_units: count }) {
    const sources = [...new Set(all.map((one) => one.source))];
    const names = all.slice(0, FEW).map((one) => `${one.side === "low" ? "−" : ""}${one.unit}`).join(", ");
    const cuts = [...new Set(all.map((one) => Math.abs(one.threshold)))].map((value) => lv.scale.thresholdText(value, 0.01));
    const at = cuts.length > 3 ? `${cuts.length} thresholds` : cuts.join(", ");
    return count ? `${lv.words.plural(count, "unit")} of ${sources.map((name) => lv.tokens.show(name).text).join(", ")}: ${names}${count > FEW ? " …" : ""} at ${at}` : "no unit";
  }

  function constraints({ off_before: before, off_after: after }) {
    return `off ${before} before, ${after} after`;
  }

  function lengths({ lengths: span }) {
    if (!span) return "";
    const [least, middle, most] = span;
    return least === most ? `${lv.words.plural(least, "step")} long` : `${least} to ${most} steps, median ${middle}`;
  }

  /* What both share, in a sentence, and what can be done. */
  function foot(known) {
    const { element, button } = lv.menu;
    const whole = element("div", "lv-compare-row lv-compare-foot");
    const words = element("span", "lv-compare-words", "", { role: "status" });
    if (given && given.problem) {
      words.classList.add("lv-warn");
      words.append(`The two cannot be compared: ${given.problem} `, button("lv-link", "Try again", "Ask the server again", () => refresh(true)));
    } else if (known && isPut()) words.textContent = known.both ? shared(known.both) : `Their matches cannot be held against each other: ${known.why}.`;
    const actions = element("span", "lv-compare-actions");
    menu = lv.menu.make(actions, { words: "A's units as B", title: "Look for A's units here, at another threshold or on another source", fill });
    menu.button.classList.add("lv-menu-down");
    actions.append(button("lv-card-close", "×", "Let go of A", drop));
    whole.append(words, actions);
    return whole;
  }

  function shared(both) {
    const { grouped } = lv.scale;
    const one = `${grouped(both.n_first_met)} of A's ${grouped(both.n_first)} matches overlap one of B's`;
    const two = `${grouped(both.n_second_met)} of B's ${grouped(both.n_second)} one of A's`;
    return `${one}, ${two}; ${grouped(both.n_same)} are the same. ${lv.words.plural(both.n_both_steps, "step")} in both, ${grouped(both.n_first_steps)} in A's, ${grouped(both.n_second_steps)} in B's.`;
  }

  /* The same units at another threshold, another source, in the recording that is shown. */
  function fill(panel) {
    const { element, choice } = lv.menu;
    const { units: all } = file().pattern;
    const most = Math.max(-1, ...all.map((one) => one.unit));
    const sources = lv.model.dump.about.sources.filter((one) => one.axis === lv.model.axis.index && one.n_units > most);
    const here = new Set(lv.model.dump.about.sources.map((one) => one.name));
    const own = all.every((one) => here.has(one.source)) ? [["", "their own source"]] : [];
    let source = own.length || !sources.length ? "" : sources[0].name;
    const form = element("form", "lv-panel-row");
    const input = element("input", "lv-input", "", { type: "text", inputmode: "decimal", "aria-label": "Threshold of every unit", title: "Threshold of every unit" });
    input.value = String(all.length ? Math.abs(all[0].threshold) : lv.state.current.threshold);
    form.append(
      element("span", "lv-panel-note", "threshold"),
      input,
      choice("Source of the units", [...own, ...sources.map((one) => [one.name, lv.tokens.show(one.name).text])], source, (name) => (source = name)),
      element("button", "lv-button", "Look", { type: "submit" }),
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const threshold = Number(input.value);
      if (input.value.trim() === "" || !Number.isFinite(threshold) || (!own.length && !source)) return input.select();
      menu.close();
      look(lv.patternedit.moved(file(), threshold, source));
    });
    panel.append(element("p", "lv-panel-head", "A's units as B"), form);
  }

  function look(pattern) {
    lv.state.change({ pattern: JSON.stringify(pattern), start: null, stop: null, lists: null }, "push");
    const [unit] = pattern.pattern.units;
    if (unit && !pattern.pattern.units.some((one) => one.source === lv.state.current.source)) lv.page.openSource(unit.source);
  }

  /* For tests. */
  function shown() {
    return { given, isListed: isListed(), isPending: asked !== null };
  }

  lv.compare = { make, listed, byHand, note, refresh, shown };
})(window);
