/* The match engine's answers: asked for, taken up, told in words when they fail. Their rows come page by page into one list. */
(function (root) {
  "use strict";
  const lv = (root.lstmviz = root.lstmviz || {});
  const LATE = 300; // ms; longer than that, the wait is shown
  const ASK_AFTER = 4000; // ms; longer than that, the page looks whether the server is still there
  const MOST = 20000; // rows that one page keeps: about 80 MB
  const NOTHING = { error: null, ms: 0, n_units: 0, counts: [], rows: [], complete: true, offset: 0, n_listed: 0 };
  let table, more, moreButton;
  let answer = null; // the last one that fitted its question, without its rows
  let list = null; // its rows and those that were asked for later
  let problem = null; // why the last page of rows did not come
  let timers = [];
  let nPages = 0;
  const line = lv.asking.line((data) => dash_clientside.set_props(lv.ids.selection, { data }));

  function make() {
    table = document.getElementById(lv.ids.matchTable);
    more = document.getElementById(lv.ids.more);
    moreButton = lv.menu.button("lv-button", "Show more", "List the next matches", () => askPage());
    moreButton.dataset.testid = "more";
    list = lv.matchlist.list();
    for (const part of ["matchcounts", "matchtools", "matchfilter", "byhand", "compare", "matchtable"]) lv[part].make();
  }

  /* Put a question to the match engine, or keep it until the one before is answered; what takes long is said. */
  function ask(whole) {
    stopTimers();
    const question = lv.compare.listed(whole);
    if (!isAsked(question)) {
      line.forget();
      lv.summary.clear();
      return show(Object.assign({ whole }, question), NOTHING);
    }
    const rows = answer && listKey(answer.question) === listKey(question) ? lv.url.ROWS : question.rows;
    timers.push(setTimeout(() => wait("Searching …"), LATE), setTimeout(probe, ASK_AFTER));
    line.ask(Object.assign({}, question, { whole, rows, offset: 0 }));
  }

  function isAsked(question) {
    return Boolean(question.lasso) || lv.url.isPut(question);
  }

  /* Names the list that a question asks for, whichever of its rows are hidden, marked or coloured. */
  function listKey(question) {
    const pattern = question.pattern && lv.patternedit.bare(question.pattern);
    return lv.url.key(Object.assign({}, question, { hidden: [], marked: [], colour: "", pattern }));
  }

  /* Ask for the next rows, or for those from `place` on anew. One request at a time. */
  function askPage(place) {
    const offset = place === undefined ? lv.matchtable.laid().next : place;
    if (offset === null || !answer || line.wanted() !== null || list.size() >= MOST) return;
    problem = null;
    const question = Object.assign({}, answer.question, { key: `${answer.question.key}#${++nPages}`, offset, rows: lv.url.ROWS, isPage: true });
    timers.push(setTimeout(() => offerMore(), LATE));
    line.ask(question);
  }

  function stopTimers() {
    timers.forEach(clearTimeout);
    timers = [];
  }

  function wait(words) {
    lv.matchcounts.say(words, "lv-waiting");
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
    if (given.error) return question.isPage ? failPage(given.error) : fail(given.error);
    if (question.isPage) return addPage(question, given);
    show(question, given);
    if (isAsked(question.whole)) lv.summary.ask(question.whole);
    else lv.summary.clear();
  }

  function show(question, given) {
    const isSame = answer && listKey(answer.question) === listKey(question);
    table.classList.remove("lv-stale");
    problem = null;
    answer = Object.assign({ question }, given);
    delete answer.rows;
    if (!isSame) {
      list = lv.matchlist.list();
      lv.matchtable.reset();
    }
    list.put(coloured(question, given), question.rows);
    document.documentElement.classList.toggle("lv-region", Boolean(answer.region));
    lv.matchcounts.draw();
    lv.compare.refresh();
    lv.frame.ask("matches", "strip");
    offerMore();
  }

  /* Each row knows by which unit its values were asked for. */
  function coloured(question, given) {
    for (const row of given.rows) row.colour = question.colour;
    return given;
  }

  function addPage(question, given) {
    const before = list.size();
    const hadFocus = document.activeElement === moreButton;
    list.put(coloured(question, given), question.rows);
    if (list.size() > before) {
      lv.state.current.rows = Math.min(lv.url.MAX_ROWS, list.size());
      lv.history.settle();
    }
    lv.frame.ask("matches", "strip");
    offerMore();
    if (hadFocus && list.size() > before) lv.matchtable.focus(given.offset);
  }

  /* The question did not reach the server, or came back broken. */
  function lost(words) {
    const question = line.lose();
    if (question) (question.isPage ? failPage : fail)(words);
  }

  function failPage(words) {
    stopTimers();
    problem = words;
    offerMore();
  }

  function fail(words) {
    stopTimers();
    answer = null;
    list = lv.matchlist.list();
    document.documentElement.classList.remove("lv-region");
    lv.summary.clear();
    table.classList.remove("lv-stale");
    const again = lv.menu.button("lv-link", "Try again", "Ask the server again", () => lv.state.publish(true));
    lv.matchcounts.say(`No matches: ${words}`, "lv-warn", again);
    lv.matchtable.reset();
    lv.frame.ask("matches", "strip");
    more.replaceChildren();
  }

  /* What follows the rows: a button for the next ones, or why there are none. */
  function offerMore() {
    const next = answer ? lv.matchtable.laid().next : null;
    if (next === null || !list.size()) return more.replaceChildren();
    if (list.size() >= MOST) {
      return more.replaceChildren(lv.menu.element("p", "lv-card-note", `The first ${lv.scale.grouped(MOST)} matches are listed. Filter or fold groups to see others; the export has them all.`));
    }
    const total = list.total();
    const left = total === null ? lv.url.ROWS : Math.min(lv.url.ROWS, total - next);
    moreButton.textContent = line.wanted() ? "Loading …" : problem ? "Try again" : `Show ${left} more`;
    const words = problem ? lv.menu.element("span", "lv-warn lv-more-note", `The next matches could not be loaded: ${problem}`) : null;
    if (moreButton.parentElement !== more) more.replaceChildren(moreButton);
    while (more.lastChild !== moreButton) more.lastChild.remove();
    if (words) more.append(words);
  }

  /* The end of the rows comes into view: load the next ones. */
  function scrolled() {
    if (!moreButton.isConnected || problem || line.wanted()) return;
    if (moreButton.getBoundingClientRect().top < root.innerHeight + 500) askPage();
  }

  lv.matches = {
    make,
    ask,
    askPage,
    take,
    lost,
    scrolled,
    list: () => list,
    rows: () => (list ? list.rows() : []),
    answer: () => answer,
    isPending: () => line.wanted() !== null,
  };
})(window);
