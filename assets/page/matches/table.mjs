/* The table of matches: headings that colour the tokens, and of the long list of rows only the blocks about the window. */
(function (root) {
  "use strict";
  const lv = (root.lstmviz = root.lstmviz || {});
  let table, head, room;
  let live = new Map(); // place of a block in the list -> {element, canvas, links, items, top}
  let known = { key: null, items: [], blocks: [], height: 0, next: null };
  let used = { version: null, range: null }; // cells that the rows use

  function make() {
    table = document.getElementById(lv.ids.matchTable);
    head = lv.menu.element("div", "lv-match-head");
    room = lv.menu.element("div", "lv-match-room");
    lv.matchrow.watch(room);
    root.addEventListener("scroll", () => lv.frame.ask("matchscroll"), { passive: true });
    lv.frame.add("matches", draw);
    lv.frame.add("matchscroll", () => {
      sync(false);
      lv.matches.scrolled();
    });
  }

  function reset() {
    live = new Map();
    used = { version: null, range: null };
    room.replaceChildren();
    table.replaceChildren();
  }

  /* The items that are shown, in blocks; worked out anew only where something changed. */
  function laid() {
    const list = lv.matches.list();
    const key = `${list.version()} ${lv.byhand.key()}`;
    if (known.list !== list || known.key !== key) {
      const found = list.laid(lv.byhand.isShown);
      known = Object.assign({ list, key, blocks: lv.matchlist.blocks(found.items) }, found);
    }
    return known;
  }

  /* {list, hidden}: see columns.js. */
  function columns() {
    const answer = lv.matches.answer();
    const list = lv.matches.list();
    if (used.version !== list.version()) used = { version: list.version(), range: lv.columns.used(list.rows()) };
    const [first] = list.rows();
    const mode = lv.colouring.mode();
    return lv.columns.layout({
      width: table.clientWidth,
      used: used.range,
      before: answer.text_before,
      nUnits: answer.n_units,
      isChars: lv.model.axis.join === "",
      hasTokens: lv.model.axis.has_tokens,
      unit: mode.kind === "unit" ? lv.colouring.words(lv.state.current.colour) : null,
      tracks: lv.tracks.ordered().filter((track) => first.tracks && first.tracks[track.name]),
    });
  }

  function draw() {
    const answer = lv.matches.answer();
    const isEmpty = !answer || !lv.matches.list().size();
    table.classList.toggle("lv-empty", isEmpty);
    if (isEmpty) {
      reset();
      table.append(lv.matchhow.explain());
      lv.matchtools.noteHidden([]);
      return;
    }
    if (room.parentElement !== table) table.replaceChildren(head, room);
    const { list: cols, hidden } = columns();
    lv.matchtools.noteHidden(hidden);
    fillHead(cols);
    room.style.height = `${laid().height}px`;
    sync(true);
  }

  const HINTS = {
    shared: "How many of the selected units are on through the whole match; a line divides the numbers",
    text: "Aligned where each match starts; a rule marks where it ends",
    on: "How many of the selected units are on at each step",
    unit: "The activation of the unit at each step",
  };

  function fillHead(cols) {
    const { element } = lv.menu;
    const { colour } = lv.state.current;
    const names = cols.map((column) => {
      const words = lv.tokens.show(column.name).text;
      const name = element("span", "");
      name.style.left = `${column.left}px`;
      name.style.maxWidth = `${Math.max(column.width, lv.columns.HEAD)}px`;
      const own = lv.colouring.ofColumn(column);
      if (own === null) {
        name.textContent = words;
        name.title = HINTS[column.kind] || words;
        return name;
      }
      const isOn = own === colour;
      const hint = `${HINTS[column.kind] || words}${column.track && lv.tracks.shift(column.track) ? `; ${lv.tracks.SHIFTED}` : ""}. Press to colour the tokens by ${isOn ? "nothing" : "it"}.`;
      const button = element("button", "lv-match-name", words, { type: "button", title: hint, "aria-pressed": String(isOn) });
      button.addEventListener("click", () => lv.colouring.choose(isOn ? "" : own));
      name.append(button);
      return name;
    });
    const held = document.activeElement && head.contains(document.activeElement) ? document.activeElement.textContent : null;
    head.replaceChildren(element("span", "lv-match-step", "step"), ...names);
    const again = [...head.querySelectorAll("button")].find((button) => button.textContent === held);
    if (again) again.focus();
  }

  /* Make the blocks about the window, and let go of the others; `isAnew` draws those that are there once more. */
  function sync(isAnew) {
    if (room.parentElement !== table || !lv.matches.answer()) return;
    const { blocks } = laid();
    const { top } = room.getBoundingClientRect();
    const [first, end] = lv.matchlist.around(blocks, -top, root.innerHeight - top);
    for (const [k, block] of live) {
      const isKept = k < blocks.length && ((k >= first && k < end) || block.element.contains(document.activeElement));
      if (isKept) continue;
      block.element.remove();
      live.delete(k);
    }
    const cols = columns().list;
    const stay = [...live.keys()];
    for (let k = first; k < end; k++) if (!live.has(k)) live.set(k, add(k));
    for (const [k, block] of live) if (isAnew || !stay.includes(k)) fill(block, blocks[k], cols, blocks[k - 1]);
    needValues(blocks.slice(first, end));
  }

  function add(k) {
    const block = { element: lv.menu.element("div", "lv-match-block"), links: lv.menu.element("div", "lv-match-links") };
    block.canvas = lv.theme.canvas(block.element, "lv-layer", "Tokens and heatmaps of the matches; the steps beside them are links.");
    block.element.append(block.links);
    const after = [...live.keys()].filter((other) => other > k).sort((a, b) => a - b)[0];
    room.insertBefore(block.element, after === undefined ? null : live.get(after).element); // Tab goes down the rows
    lv.matchhover.watch(block);
    return block;
  }

  function fill(block, { top, height, items }, cols, before) {
    Object.assign(block, { top, items });
    block.element.style.top = `${top}px`;
    block.element.style.height = `${height}px`;
    lv.matchrow.fill(block);
    lv.matchpaint.paint(lv.theme.fit(block.canvas), lv.matches.answer(), cols, block, before && before.items.at(-1));
  }

  /* Rows that are seen and were asked for while another unit coloured them are asked for once more. */
  function needValues(blocks) {
    if (lv.colouring.mode().kind !== "unit" || lv.matches.isPending()) return;
    const { colour } = lv.state.current;
    const items = blocks.flatMap((block) => block.items);
    const stale = items.find((item) => item.kind === "row" && item.row.colour !== colour);
    if (stale) lv.matches.askPage(stale.place);
  }

  /* Put the keyboard on the row at a place of the list, or on the one after it that is shown. */
  function focus(place) {
    const { items } = laid();
    const item = items.find((one) => one.kind === "row" && one.place >= place) || items.at(-1);
    if (item) focusItem(item);
  }

  function focusItem(item) {
    draw(); // rows that have just come have no element yet
    const y = room.getBoundingClientRect().top + item.top;
    const roof = head.getBoundingClientRect().bottom;
    if (y < roof) root.scrollBy(0, y - roof - 4 * item.height);
    else if (y + item.height > root.innerHeight) root.scrollBy(0, y - root.innerHeight + 5 * item.height);
    sync(false);
    const target = room.querySelector(item.kind === "row" ? `[data-place="${item.place}"] a` : `[data-group="${item.group.index}"]`);
    if (target) target.focus({ preventScroll: true });
  }

  /* Where a row's link leads: its place in view, brush and pattern kept. */
  function placeOf(row) {
    const { span } = lv.state.current;
    const at = Math.round((row.start + row.stop) / 2 - span / 2);
    return { at: lv.url.clamp(at, 0, Math.max(0, lv.model.axis.n_steps - span)) };
  }

  function open(row) {
    lv.state.change(placeOf(row), "push");
    root.scrollTo({ top: 0, behavior: "smooth" });
  }

  lv.matchtable = { make, reset, laid, columns, focus, focusItem, placeOf, open };
})(window);
