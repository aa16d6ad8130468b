/* The answer of the match engine: its counts in words, its rows in blocks of one canvas each. */
(function (root) {
  "use strict";
  const lv = (root.lstmviz = root.lstmviz || {});
  const LATE = 300; // ms; longer than that, the wait is shown
  const ASK_AFTER = 4000; // ms; longer than that, the page looks whether the server is still there
  const MOST_ROWS = 2000; // rows that the server gives in one answer
  let counts, table, more;
  let answer = null; // the last one that fitted its question
  let expected = null; // the question whose answer is awaited
  let timers = [];

  function make() {
    counts = document.getElementById(lv.ids.counts);
    table = document.getElementById(lv.ids.matchTable);
    more = document.getElementById(lv.ids.more);
    more.addEventListener("click", () => lv.state.change({ rows: lv.state.current.rows + lv.state.ROWS }, "settle"));
    lv.frame.add("matches", () => lv.matchtable.draw(answer));
  }

  /* A question is on its way; what takes long is said. */
  function expect(selection) {
    expected = selection;
    timers.forEach(clearTimeout);
    timers = [setTimeout(() => wait("Searching …"), LATE), setTimeout(probe, ASK_AFTER)];
  }

  function wait(words) {
    say(words, "lv-waiting");
    table.classList.add("lv-stale");
  }

  /* Nothing came for long: is the server slow, or gone? */
  async function probe() {
    const waited = expected;
    try {
      await lv.data.json(`d/${waited.dump}/about.json`, { cache: "no-store" });
      if (expected === waited) {
        wait("Still searching …");
        timers.push(setTimeout(probe, ASK_AFTER));
      }
    } catch (error) {
      if (expected === waited) fail(error.message);
    }
  }

  /* An answer from the server. One to an older question is dropped. */
  function take(given) {
    if (!given || !expected || given.key !== expected.key) return;
    const isMore = answer && answer.question && sameQuestion(answer.question, expected);
    const question = expected;
    expected = null;
    timers.forEach(clearTimeout);
    table.classList.remove("lv-stale");
    if (given.error) return fail(given.error);
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
    if (expected) fail(words);
  }

  function fail(words) {
    timers.forEach(clearTimeout);
    expected = null;
    answer = null;
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
    const isAsked = answer.question.start !== null;
    more.replaceChildren();
    if (!isAsked || !answer.n_units) {
      say(isAsked ? "nothing to look for: no unit is selected" : "", "");
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
    const left = answer.complete === false ? lv.state.ROWS : total - answer.rows.length;
    if (answer.rows.length < answer.question.rows || left <= 0 || answer.rows.length >= MOST_ROWS) return;
    const button = document.createElement("button");
    button.type = "button";
    button.className = "lv-button";
    button.dataset.testid = "more";
    button.textContent = `Show ${Math.min(left, lv.state.ROWS)} more`;
    more.append(button);
  }

  function say(words, className) {
    counts.className = `lv-counts ${className}`;
    counts.replaceChildren(words);
  }

  lv.matches = { make, expect, take, lost, rows: () => (answer && answer.rows) || [], answer: () => answer, isPending: () => expected !== null };
})(window);
