/* The address says what the page shows: replaced while something moves, pushed when a step worth going back to is done. */
(function (root) {
  "use strict";
  const lv = (root.lstmviz = root.lstmviz || {});
  const PAUSE = 250; // ms between replacements: browsers refuse more than about 100 in 30 s
  let settled = null; // what the present entry of the history should go back to
  let timer = null;

  function later() {
    if (timer === null) timer = setTimeout(replaceNow, PAUSE);
  }

  function replaceNow() {
    clearTimeout(timer);
    timer = null;
    write("replaceState", lv.url.format(lv.state.current));
  }

  /* The present state is at rest: the entry of the history is this. */
  function settle() {
    replaceNow();
    settled = lv.url.format(lv.state.current);
  }

  /* A new entry. What was replaced since the last rest (a brush half drawn) is put back first. */
  function push() {
    clearTimeout(timer);
    timer = null;
    const query = lv.url.format(lv.state.current);
    if (settled !== null && settled !== query) {
      write("replaceState", settled);
      write("pushState", query);
    }
    settled = query;
  }

  /* The address without a selection: that of the start page. */
  function leave(isNew) {
    clearTimeout(timer);
    timer = null;
    if (isNew && root.location.search + root.location.hash) write("pushState", "");
    settled = "";
  }

  function write(verb, query) {
    try {
      root.history[verb](null, "", root.location.pathname + query);
    } catch (error) {
      later(); // the browser's limit on changes of the address; once more after a pause
    }
  }

  lv.history = { later, settle, push, leave };
})(window);
