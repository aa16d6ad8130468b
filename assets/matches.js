/* The answer of the match engine: its counts in words, its rows in blocks of one canvas each. */
(function (root) {
  "use strict";
  const lv = (root.lstmviz = root.lstmviz || {});
  const LATE = 300; // ms; longer than that, the wait is shown
  const ASK_AFTER = 4000; // ms; longer than that, the page looks whether the server is still there
  const NOTHING = { error: null, ms: 0, n_units: 0, counts: [], rows: [], complete: true };
  let counts, note, table, more;
  let answer = null; // the last one that fitted its question
  let timers = [];
  const line = lv.asking.line((data) => dash_clientside.set_props(lv.ids.selection, { data }));

  function make() {
    counts = document.getElementById(lv.ids.counts);
    note = document.getElementById(lv.ids.matchNote);
    table = document.getElementById(lv.ids.matchTable);
    more = document.getElementById(lv.ids.more);
    more.addEventListener("click", () => lv.state.change({ rows: lv.state.current.rows + lv.url.ROWS }, "settle"));
    lv.frame.add("matches", () => lv.matchtable.draw(answer));
  }

  /* Put a question to the match engine, or keep it until the one before is answered; what takes long is said. */
  function ask(question) {
    stopTimers();
    if (!isAsked(question)) {
      line.forget();
      lv.summary.clear();
      return show(question, NOTHING);
    }
    timers.push(setTimeout(() => wait("Searching …"), LATE), setTimeout(probe, ASK_AFTER));
    line.ask(question);
  }

  function isAsked({ start, pattern, pinned }) {
    return start !== null || Boolean(pattern) || pinned.length > 0;
  }

  function stopTimers() {
    timers.forEach(clearTimeout);
    timers = [];
  }

  function wait(words) {
    say(words, "lv-waiting");
    table.classList.add("lv-stale");
  }

  /* Nothing came for long: is the server slow, or gone? */
  async function probe() {
    const waited = line.wanted();
    if (!waited) return;
    try {
      await lv.data.json(`d/${waited.dump}/about.json`, { cache: "no-store" });
      if (line.wanted() === waited) {
        wait("Still searching …");
        timers.push(setTimeout(probe, ASK_AFTER));
      }
    } catch (error) {
      if (line.wanted() === waited) lost(error.message);
    }
  }

  /* An answer from the server. One to an older question is dropped. */
  function take(given) {
    const question = given && line.take(given.key);
    if (!question) return;
    stopTimers();
    if (given.error) return fail(given.error);
    show(question, given);
    lv.summary.ask(question);
  }

  function show(question, given) {
    const isMore = answer && sameQuestion(answer.question, question);
    table.classList.remove("lv-stale");
    answer = Object.assign({ question }, given);
    if (!isMore) lv.matchtable.reset();
    tell();
    lv.frame.ask("matches", "strip");
  }

  function sameQuestion(one, other) {
    return lv.url.key(Object.assign({}, one, { rows: 0 })) === lv.url.key(Object.assign({}, other, { rows: 0 }));
  }

  /* The question did not reach the server, or came back broken. */
  function lost(words) {
    if (line.lose()) fail(words);
  }

  function fail(words) {
    stopTimers();
    answer = null;
    lv.summary.clear();
    table.classList.remove("lv-stale");
    say(`No matches: ${words}`, "lv-warn");
    const again = document.createElement("button");
    again.type = "button";
    again.className = "lv-link";
    again.textContent = "Try again";
    again.addEventListener("click", () => lv.state.publish(true));
    counts.append(" ", again);
    lv.matchtable.reset();
    lv.frame.ask("matches", "strip");
    more.replaceChildren();
  }

  function tell() {
    const isPut = isAsked(answer.question);
    more.replaceChildren();
    if (!isPut || !answer.n_units) {
      say(isPut ? "nothing to look for: no unit is selected" : "", "");
      return;
    }
    const words = lv.words.counts(answer);
    const strong = document.createElement("strong");
    strong.textContent = words.strong;
    say("", "");
    counts.append(strong, " " + words.rest);
    offerMore();
  }

  function offerMore() {
    const total = answer.counts.reduce((sum, level) => sum + level[1], 0);
    const left = answer.complete === false ? lv.url.ROWS : total - answer.rows.length;
    if (answer.rows.length < answer.question.rows || left <= 0 || answer.rows.length >= lv.url.MAX_ROWS) return;
    const button = document.createElement("button");
    button.type = "button";
    button.className = "lv-button";
    button.dataset.testid = "more";
    button.textContent = `Show ${Math.min(left, lv.url.ROWS)} more`;
    more.append(button);
  }

  function say(words, className) {
    counts.className = `lv-counts ${className}`;
    counts.replaceChildren(words);
  }

  /* Tracks that the table has no room for are named, with what to do. */
  function noteHidden(hidden) {
    const names = hidden.map((track) => lv.tokens.show(track.name).text);
    const remedy = document.createElement("span");
    remedy.textContent = ": press a name above";
    note.replaceChildren(...(names.length ? [`${lv.words.plural(names.length, "track")} not shown`, remedy] : []));
    note.title = names.length ? `No room for ${names.slice(0, 12).join(", ")}${names.length > 12 ? " …" : ""}. Press a track's name under the tokens to show it here first.` : "";
  }

  const rows = () => (answer && answer.rows) || [];
  lv.matches = { make, ask, take, lost, noteHidden, rows, answer: () => answer, isPending: () => line.wanted() !== null };
})(window);
