/* Units taken out, brought back and pinned by hand; filters, bounds and rows by hand. Of the brush, or, where a pattern is
   opened, of its text. */
(function (root) {
  "use strict";
  const lv = (root.lstmviz = root.lstmviz || {});

  const isSame = (one, other) => lv.patternedit.isSame(one, other);
  const less = (list, unit) => list.filter((one) => !isSame(one, unit));

  /* {source, unit, side, threshold} of a unit with the threshold that the brush has for its source, or the plotted one's. */
  function make(source, unit, side) {
    const state = lv.state.current;
    const part = state.parts.find((one) => one.source === source) || state;
    return { source, unit, side, threshold: side === "low" ? -part.threshold + 0 : part.threshold };
  }

  /* Is it in the pattern? Gives it as the pattern has it, or null. */
  function find(unit) {
    return (lv.model.chosen || []).find((one) => isSame(one, unit)) || null;
  }

  function whole({ source, unit, side, threshold }) {
    return { source, unit, side, threshold };
  }

  function edit(change, more) {
    const file = lv.patternfile.opened();
    if (file) lv.state.change(Object.assign({ pattern: JSON.stringify(change(file)) }, more), "settle");
  }

  /* Take a unit out. A pinned one that the brush does not pick is let go; any other is kept in mind, to be brought back. */
  function exclude(unit) {
    const { pattern, pinned, excluded } = lv.state.current;
    const one = find(unit);
    if (!one) return;
    const out = pattern ? whole(one) : { source: one.source, unit: one.unit, side: one.side };
    const kept = !pattern && one.isPinned && !one.isPicked ? less(excluded, one) : [...less(excluded, one), out];
    if (pattern) edit((file) => lv.patternedit.without(file, one), { excluded: kept });
    else lv.state.change({ pinned: less(pinned, one), excluded: kept }, "settle");
    lv.state.setHover({ unit: null });
  }

  /* Take out a unit on whichever sides it is in the pattern. */
  function excludeUnit(source, unit) {
    for (const one of (lv.model.chosen || []).filter((other) => other.source === source && other.unit === unit)) exclude(one);
  }

  /* Bring an excluded unit back. */
  function include(unit) {
    const { pattern, excluded } = lv.state.current;
    const gone = excluded.find((one) => isSame(one, unit));
    const back = Object.assign(make(unit.source, unit.unit, unit.side), gone);
    if (pattern) edit((file) => lv.patternedit.withUnit(file, back), { excluded: less(excluded, unit) });
    else lv.state.change({ excluded: less(excluded, unit) }, "settle");
  }

  /* Keep a unit whatever the brush says. */
  function pin(unit) {
    const { pattern, pinned, excluded } = lv.state.current;
    const one = whole(Object.assign(make(unit.source, unit.unit, unit.side), unit));
    if (pattern) edit((file) => lv.patternedit.withUnit(file, one), { excluded: less(excluded, one) });
    else lv.state.change({ pinned: [...less(pinned, one), one], excluded: less(excluded, one) }, "settle");
  }

  /* Pin a unit, or let go of its pin. All units of an opened pattern are kept anyway. */
  function togglePin(unit) {
    const { pattern, pinned } = lv.state.current;
    if (pinned.some((one) => isSame(one, unit))) lv.state.change({ pinned: less(pinned, unit) }, "settle");
    else if (!pattern || !find(unit)) pin(find(unit) || unit);
  }

  /* The filters and bounds that hold now: of the opened pattern, or of the brush. */
  function limits() {
    const file = lv.state.current.pattern && lv.patternfile.opened();
    if (!file) return lv.state.current;
    const { filters, min_length: minLength, max_length: maxLength } = file.pattern;
    return { filters: filters || [], minLength: minLength || 1, maxLength: maxLength === undefined ? null : maxLength };
  }

  /* Change them: {filters, minLength, maxLength}, each only where it is given. */
  function limit(changes) {
    if (lv.state.current.pattern) edit((file) => lv.patternedit.limited(file, changes));
    else lv.state.change(changes, "settle");
  }

  /* The match rows hidden and marked by hand: {hidden, marked}, each a list of [start, stop]. */
  function byHand() {
    const file = lv.state.current.pattern && lv.patternfile.opened();
    if (!file) return lv.state.current;
    const notes = file.notes && file.notes.dump === lv.state.current.dump ? file.notes : {};
    return { hidden: notes.hidden || [], marked: notes.marked || [] };
  }

  /* Change them: {hidden, marked}, each only where it is given. */
  function note(rows) {
    if (lv.state.current.pattern) edit((file) => lv.patternedit.noted(file, rows, lv.state.current.dump));
    else lv.state.change(rows, "settle");
  }

  lv.pick = { make, find, exclude, excludeUnit, include, pin, togglePin, limits, limit, byHand, note };
})(window);
