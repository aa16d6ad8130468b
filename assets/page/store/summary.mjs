/* What the matches have in common: asked of the server once their rows are there, kept for the parts that draw it.
   They add a part named "summary" to lv.frame and read lv.summary.answer(): null until the first one has come. */
(function (root) {
  "use strict";
  const lv = (root.lstmviz = root.lstmviz || {});
  const ASKED_BY = ["minLength", "maxLength", "hidden"]; // beside the pattern; order and groups change nothing in it
  const line = lv.asking && lv.asking.line((data) => dash_clientside.set_props(lv.ids.summaryAsked, { data }));
  let answer = null;
  let key = null; // of the question that was put last

  /* Put a selection's question, unless it is the one that was put last. */
  function ask(question) {
    const next = keyOf(question);
    if (next === key) return;
    key = next;
    line.ask(Object.assign({}, question, { key }));
    lv.frame.ask("summary");
  }

  function keyOf(question) {
    return JSON.stringify([lv.url.patternKey(question), ...ASKED_BY.map((name) => question[name] || null), lv.url.regionKey(question)]);
  }

  /* Nothing is selected: there is nothing to sum up. */
  function clear() {
    key = answer = null;
    line.forget();
    lv.frame.ask("summary");
  }

  /* An answer from the server; `error` in it is the reason in words. One to an older question is dropped. */
  function take(given) {
    if (!given || !line.take(given.key)) return;
    answer = given;
    if (given.error) key = null; // the same question may be put again
    lv.frame.ask("summary");
  }

  /* The question did not reach the server, or came back broken. */
  function lost(words) {
    if (!line.lose()) return;
    key = null;
    answer = { error: words };
    lv.frame.ask("summary");
  }

  lv.summary = { ask, clear, take, lost, keyOf, answer: () => answer, isPending: () => line.wanted() !== null };
  if (root.dash_clientside) {
    const callbacks = Object.assign({}, root.dash_clientside.lstmviz, {
      summary(data) {
        take(data);
        return root.dash_clientside.no_update;
      },
    });
    root.dash_clientside = Object.assign({}, root.dash_clientside, { lstmviz: callbacks });
  }
})(window);
