/* The fields of the page and the state, each kept to the other. */
(function (root) {
  "use strict";
  const lv = (root.lstmviz = root.lstmviz || {});
  const sent = {}; // field -> values set from here whose echo has not come back
  const shown = {}; // field -> what it shows

  function make() {
    lv.frame.add("fields", () => {
      const state = lv.state.current;
      for (const name of ["dump", "source", "threshold", "before", "after", "side"]) show(name, state[name]);
      show("step", state.at);
    });
  }

  function show(name, value) {
    if (shown[name] === value) return;
    shown[name] = value;
    (sent[name] = sent[name] || []).push(value);
    dash_clientside.set_props(lv.ids[name], { value });
  }

  /* A field reports a value: take it to the state, unless it only repeats what was set from here. */
  function changed(name, value) {
    const echo = (sent[name] || []).indexOf(value);
    if (echo >= 0) {
      sent[name].splice(0, echo + 1);
      return;
    }
    if (!lv.model.source) return;
    sent[name] = [];
    shown[name] = value;
    TAKE[name](value);
  }

  const TAKE = {
    dump: (uuid) => uuid && uuid !== lv.state.current.dump && lv.page.openDump(uuid),
    source: (name) => name && name !== lv.state.current.source && lv.page.openSource(name),
    step: (value) => isNumber(value) && value !== lv.state.current.at && goTo(value),
    threshold: (value) => isNumber(value) && Math.abs(value) <= lv.url.MAX_THRESHOLD && nudge("threshold", value),
    before: (value) => isNumber(value) && nudge("before", lv.url.clamp(Math.round(value), 0, lv.url.MAX_OFF)),
    side: (value) => lv.urlfields.SIDES.includes(value) && value !== lv.state.current.side && lv.state.change({ side: value }, "settle"),
    after: (value) => isNumber(value) && nudge("after", lv.url.clamp(Math.round(value), 0, lv.url.MAX_OFF)),
  };

  function isNumber(value) {
    return typeof value === "number" && Number.isFinite(value);
  }

  function nudge(name, value) {
    if (value !== lv.state.current[name]) lv.state.nudge({ [name]: value });
  }

  function goTo(step) {
    lv.state.panTo(step, "push");
    lv.frame.ask("fields"); // a number past the end shows where it led
  }

  /* An emptied field gets its number back when it is left. */
  function restore(name) {
    delete shown[name];
    lv.frame.ask("fields");
  }

  lv.fields = { make, changed, restore };
})(window);
