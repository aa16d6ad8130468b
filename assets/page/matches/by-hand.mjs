/* Match rows hidden and marked by hand: which they are, and the switch that shows hidden ones all the same. */
(function (root) {
  "use strict";
  const lv = (root.lstmviz = root.lstmviz || {});
  const name = (row) => `${row.start}-${row.stop}`;
  const NAMED = { hidden: null, marked: null };
  let sets = { hidden: new Set(), marked: new Set() };
  let isShowing = false; // hidden rows, faded
  let button = null;
  let changes = 0;

  function make() {
    button = lv.menu.button("lv-link lv-hand", "", "", () => {
      isShowing = !isShowing;
      redraw();
    });
    button.hidden = true;
    document.getElementById(lv.ids.matchHand).append(button);
    lv.frame.add("selection", refresh);
    lv.frame.add("matches", tell);
  }

  /* Take up what the state, or the opened pattern, says. */
  function refresh() {
    if (!lv.model.source) return;
    const { hidden, marked } = lv.compare.byHand();
    if (hidden === NAMED.hidden && marked === NAMED.marked) return;
    Object.assign(NAMED, { hidden, marked });
    const now = { hidden: new Set(hidden.map((row) => row.join("-"))), marked: new Set(marked.map((row) => row.join("-"))) };
    const isSame = ["hidden", "marked"].every((one) => now[one].size === sets[one].size && [...now[one]].every((row) => sets[one].has(row)));
    if (isSame) return;
    sets = now;
    redraw();
  }

  function redraw() {
    changes++;
    lv.frame.ask("matches", "matchscroll");
  }

  const isRegion = () => Boolean((lv.matches.answer() || {}).region); // its rows are steps, not matches
  const isHidden = (row) => !isRegion() && sets.hidden.has(name(row));
  const isMarked = (row) => !isRegion() && sets.marked.has(name(row));
  const isShown = (row) => isShowing || !isHidden(row);

  /* How many of the rows that are here are hidden, and marked. */
  function tell() {
    const rows = lv.matches.rows();
    const nHidden = sets.hidden.size ? rows.filter(isHidden).length : 0;
    button.hidden = nHidden === 0;
    button.textContent = isShowing ? `leave out ${nHidden} hidden` : `show ${nHidden} hidden`;
    button.title = isShowing ? "Take the rows hidden by hand out of the list again" : "List the rows hidden by hand too, faded, to bring them back";
    button.setAttribute("aria-pressed", String(isShowing));
  }

  function toggle(list, row) {
    if (isRegion()) return;
    const rows = lv.compare.byHand()[list];
    const rest = rows.filter(([start, stop]) => start !== row.start || stop !== row.stop);
    lv.compare.note({ [list]: rest.length < rows.length ? rest : [...rows, [row.start, row.stop]] });
    refresh();
  }

  const hide = (row) => toggle("hidden", row);
  const mark = (row) => toggle("marked", row);

  lv.byhand = { make, isHidden, isMarked, isShown, hide, mark, key: () => changes, isShowing: () => isShowing };
})(window);
