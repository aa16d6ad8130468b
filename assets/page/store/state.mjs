/* The one truth of the page: what is shown and what is selected. Everything else is drawn or derived from it. */
(function (root) {
  "use strict";
  const lv = (root.lstmviz = root.lstmviz || {});
  const current = Object.assign({ dump: null, source: null, at: 0, span: 60 }, lv.urlfields && lv.urlfields.BASE);
  const hover = { unit: null, source: null, side: null, step: null }; // source null: the one that is plotted
  let published = null;
  let pause = null; // running while a nudge may be followed by another

  /* Change parts of the state and redraw. `how`: "live" while a gesture lasts, "settle" when it rests, "push" when
     it also is a place to come back to, "restore" when the address itself asked for it. */
  function change(changes, how) {
    const before = Object.assign({}, current);
    Object.assign(current, instead(changes), changes);
    if (lv.url.LISTS.some((name) => current[name] !== before[name])) current.rows = changes.rows || lv.url.ROWS;
    const moved = ["dump", "source", "at", "span"].some((name) => current[name] !== before[name]);
    if (moved) lv.frame.ask("base");
    lv.frame.ask("overlay", "strip", "units", "fields", "pattern", "selection");
    if (how === "live") lv.history.later();
    else if (how === "push") lv.history.push();
    else lv.history.settle();
    if (how === "live") return;
    lv.undo.note();
    publish();
  }

  /* What gives way to a change: of a brush on the corpus, one on a typed text and an opened pattern there is one at most,
     and either brush takes the place of a region of the map. */
  function instead({ start, typed, pattern }) {
    if (typed) return { start: null, stop: null, pattern: null, lasso: null };
    if (start !== undefined && start !== null) return { pattern: null, typed: null, lasso: null };
    return pattern ? { typed: null } : {};
  }

  /* The same, resting once nothing came for a moment: for wheels, keys and typing. */
  function nudge(changes) {
    change(changes, "live");
    clearTimeout(pause);
    pause = setTimeout(() => {
      pause = null;
      change({}, "settle");
    }, 220);
  }

  /* Put the question to the match engine if it is a new one. */
  function publish(again) {
    const key = lv.url.key(current);
    if (key === published && !again) return;
    published = key;
    lv.matches.ask(Object.assign({ key }, current));
  }

  function setHover(changes) {
    if (changes.unit !== undefined) changes = Object.assign({ source: null, side: null }, changes);
    if (Object.keys(changes).every((name) => hover[name] === changes[name])) return;
    Object.assign(hover, changes);
    lv.frame.ask("overlay", "strip", "units");
  }

  /* Move the view; a whole number of steps, inside the axis. */
  function panTo(at, how) {
    const axis = lv.model.axis;
    const inside = lv.url.clamp(Math.round(at), 0, Math.max(0, axis.n_steps - current.span));
    if (how) change({ at: inside }, how);
    else nudge({ at: inside });
  }

  /* Show `factor` times as many steps, keeping the step at `share` of the width where it is. */
  function zoom(factor, share) {
    const axis = lv.model.axis;
    const { MIN_SPAN, MAX_SPAN, clamp } = lv.url;
    const most = lv.url.limits(lv.model.source).span;
    let span = Math.round(current.span * factor);
    if (span === current.span) span += factor > 1 ? 1 : -1;
    if (span > most && most < Math.min(MAX_SPAN, axis.n_steps)) lv.notice.say("limit", lv.words.viewLimit(most, lv.model.source.n_units));
    else lv.notice.clear("limit");
    span = clamp(span, Math.min(MIN_SPAN, axis.n_steps, most), Math.min(most, axis.n_steps));
    const anchor = current.at + current.span * share;
    const at = clamp(Math.round(anchor - span * share), 0, Math.max(0, axis.n_steps - span));
    nudge({ at, span });
  }

  /* Press a unit, or let go of it: its line stays in the hover colour, and what is known of it is shown beside the page.
     Who shows it adds a part to lv.frame and reads lv.state.held: {source, unit} or null. */
  function hold(source, unit) {
    const { held } = current;
    const isSame = held !== null && held.source === source && held.unit === unit;
    const next = isSame || unit === null ? null : { source, unit };
    change({ held: next, colour: lv.colouring.held(next) }, "settle"); // and the matches are coloured by it
  }

  lv.state = {
    get held() {
      return current.held;
    },
    hold,
    isResting: () => pause === null,
    current,
    hover,
    change,
    nudge,
    publish,
    setHover,
    panTo,
    zoom,
  };
})(window);
