/* Undo and redo of the selection: a stack of states at rest. Where the page looks (pans, zooms, rows) is no step of it. */
(function (root) {
  "use strict";
  const lv = (root.lstmviz = root.lstmviz || {});
  const MOST = 200; // states kept
  const LOOKS = ["tracks", "looks", "view", "mask", "bars", "mapOf", "mapMethod", "mapColour", "lasso", "beside", "colour", "versus", "lists", "text", "was"]; // what is shown beside the selection itself

  /* A stack over snapshots that are told apart by their text. Pure. */
  function stack() {
    let done = []; // texts; the last one is the present
    let undone = [];

    function note(text) {
      if (done.at(-1) === text) return;
      done.push(text);
      if (done.length > MOST) done.shift();
      undone = [];
    }

    function back() {
      if (done.length < 2) return null;
      undone.push(done.pop());
      return done.at(-1);
    }

    function forth() {
      if (!undone.length) return null;
      done.push(undone.pop());
      return done.at(-1);
    }

    return { note, back, forth, canBack: () => done.length > 1, canForth: () => undone.length > 0 };
  }

  const steps = stack();
  let told = ""; // what the buttons were last told

  function names() {
    return [...lv.url.QUESTION, ...lv.url.LISTED, ...LOOKS];
  }

  /* The present state is at rest. */
  function note() {
    if (!lv.state.current.dump) return;
    steps.note(JSON.stringify(Object.fromEntries(names().map((name) => [name, lv.state.current[name]]))));
    tell();
  }

  function tell() {
    const now = [steps.canBack(), steps.canForth()].join();
    if (now === told) return;
    told = now;
    dash_clientside.set_props(lv.ids.undo, { disabled: !steps.canBack() });
    dash_clientside.set_props(lv.ids.redo, { disabled: !steps.canForth() });
  }

  async function go(text) {
    if (text === null) return;
    const { dump, ...values } = JSON.parse(text);
    const { at, span, held, source, start } = lv.state.current;
    if (dump === lv.state.current.dump) Object.assign(values, values.source === source ? { held } : {}, { at, span });
    if (values.start !== null && values.start !== start && (values.stop <= at || values.start >= at + span)) {
      values.at = Math.max(0, Math.round((values.start + values.stop - span) / 2)); // bring back what is undone into view
    }
    await lv.page.show(dump, values, "settle", []);
    tell();
  }

  const undo = () => go(steps.back());
  const redo = () => go(steps.forth());

  /* Ctrl+Z and Ctrl+Shift+Z (or Ctrl+Y); a field keeps its own undo. */
  function make() {
    document.addEventListener("keydown", (event) => {
      if (lv.start.isShown() || (event.target.closest && event.target.closest("input, textarea, [contenteditable]"))) return;
      lv.keys.act("history", event, { undo, redo });
    });
    tell();
  }

  lv.undo = { make, note, undo, redo, stack };
  if (typeof module !== "undefined") module.exports = { stack };
})(typeof window !== "undefined" ? window : globalThis);
