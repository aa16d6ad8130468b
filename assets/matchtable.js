/* Rows of matches: a link to each place, its tokens aligned at the match's start, and a heatmap for each measure. */
(function (root) {
  "use strict";
  const lv = (root.lstmviz = root.lstmviz || {});
  const ROW = 19; // px a row
  const BLOCK = 50; // rows a canvas
  const LINKS = 76; // px for the step numbers
  const GAP = 22; // px between columns
  const HEAT_LEAST = 96; // px; a thinner heatmap tells nothing
  const HEAT_GOOD = 170; // px; text leaves so much to each where it can
  const HEAT_MOST = 420; // px; a wider one only stretches
  let blocks = []; // {element, canvas, links, first}
  let head = null;

  function reset() {
    blocks = [];
    head = null;
    document.getElementById(lv.ids.matchTable).replaceChildren();
  }

  /* Columns from the left: [{name, kind, left, width, from, n, track}], showing cells from .. from + n of each row.
     Text takes what it needs, but leaves the heatmaps a share; they divide what is left. */
  function columns(answer, width) {
    const isWide = width >= 900;
    const nCells = answer.cells || answer.rows[0].on.length;
    const tracks = lv.model.tracks.filter((track) => answer.rows[0].tracks && answer.rows[0].tracks[track.name]);
    const isChars = lv.model.axis.join === "";
    const cell = isChars ? (isWide ? 19 : 15) : 54;
    const room = width - LINKS;
    const heats = 1 + Math.min(tracks.length, Math.max(0, Math.floor((room * 0.4) / (HEAT_LEAST + GAP)) - 1));
    const share = Math.max(room * (isChars ? 0.45 : 0.58), room - heats * (HEAT_GOOD + GAP));
    const n = lv.model.axis.has_tokens ? Math.min(nCells, Math.floor(share / cell)) : 0;
    const from = n < nCells ? Math.max(0, answer.text_before - 3) : 0; // where room is short, less of what was before
    const text = { name: "tokens", kind: "text", left: LINKS, width: n * cell, from, n: Math.min(n, nCells - from) };
    const left = LINKS + (n ? text.width + GAP : 0);
    const wide = Math.min(HEAT_MOST, Math.floor((width - left + GAP) / heats) - GAP);
    const names = [{ name: "matched units", kind: "on" }].concat(tracks.slice(0, heats - 1).map((track) => ({ name: track.name, kind: "track", track })));
    const list = names.map((column, k) => Object.assign(column, { left: left + k * (wide + GAP), width: wide, from: 0, n: nCells }));
    return n ? [text, ...list] : list;
  }

  function draw(answer) {
    const table = document.getElementById(lv.ids.matchTable);
    table.classList.toggle("lv-empty", !answer || !answer.rows || !answer.rows.length);
    if (!answer || !answer.rows || !answer.rows.length) {
      reset();
      table.append(explain(answer));
      return;
    }
    if (!head) table.replaceChildren((head = element("div", "lv-match-head")));
    const cols = columns(answer, table.clientWidth);
    fillHead(cols);
    for (let first = 0; first < answer.rows.length; first += BLOCK) drawBlock(answer, cols, first, table);
  }

  function element(tag, className) {
    const made = document.createElement(tag);
    made.className = className;
    return made;
  }

  function explain(answer) {
    if (lv.state.current.start !== null) return element("p", "");
    const list = element("ol", "lv-how");
    for (const [title, words] of HOW) {
      const item = element("li", "");
      const strong = element("strong", "");
      strong.textContent = title;
      item.append(strong, words);
      list.append(item);
    }
    return list;
  }

  const HOW = [
    ["Brush a span", "Drag over tokens that share something: a phrase, a bracket, a stretch of one value."],
    ["See its units", "Units at or above the threshold through exactly that span turn blue. Off-handles sharpen where they start and end."],
    ["Read the matches", "Every place in the corpus where the same units are on together is listed here, best first. Do they share it too?"],
  ];

  function fillHead(cols) {
    const step = element("span", "");
    step.textContent = "step";
    head.replaceChildren(
      step,
      ...cols.map((column) => {
        const name = element("span", "");
        name.textContent = lv.tokens.show(column.name).text;
        name.style.left = `${column.left}px`;
        name.style.maxWidth = `${column.width}px`;
        return name;
      }),
    );
  }

  function drawBlock(answer, cols, first, table) {
    const rows = answer.rows.slice(first, first + BLOCK);
    let block = blocks[first / BLOCK];
    if (!block) {
      block = { element: element("div", "lv-match-block"), links: element("div", "lv-match-links") };
      block.element.append(block.links);
      block.canvas = lv.theme.canvas(block.element, "lv-layer", "Tokens and heatmaps of the matches; the steps beside them are links.");
      blocks[first / BLOCK] = block;
      table.append(block.element);
      lv.matchhover.watch(block, first);
    }
    if (block.rows !== rows.length) {
      block.rows = rows.length;
      block.element.style.height = `${rows.length * ROW}px`;
    }
    block.links.replaceChildren(...rows.map((row, k) => link(row, first + k)));
    paint(answer, cols, rows, lv.theme.fit(block.canvas));
  }

  /* Where a row's link leads: its place in view, brush and pattern kept. */
  function placeOf(row) {
    const { span } = lv.state.current;
    const at = Math.round((row.start + row.stop) / 2 - span / 2);
    return { at: lv.url.clamp(at, 0, Math.max(0, lv.model.axis.n_steps - span)) };
  }

  function link(row, index) {
    const anchor = element("a", "lv-match-link");
    anchor.textContent = lv.scale.grouped(row.start);
    anchor.dataset.row = index;
    anchor.dataset.testid = "match-link";
    anchor.href = lv.url.format(Object.assign({}, lv.state.current, placeOf(row)));
    anchor.title = "Show this place; brush and pattern are kept";
    anchor.addEventListener("click", (event) => {
      if (event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      lv.state.change(placeOf(row), "push");
      root.scrollTo({ top: 0, behavior: "smooth" });
    });
    return anchor;
  }

  function paint(answer, cols, rows, ctx) {
    const before = answer.text_before;
    const colours = lv.theme.colours();
    for (const column of cols) {
      const cell = column.width / column.n;
      rows.forEach((row, k) => {
        const top = k * ROW;
        for (let c = 0; c < column.n; c++) paintCell(ctx, answer, column, row, column.from + c, column.left + c * cell, top, cell);
      });
      if (column.kind !== "text") continue;
      ctx.fillStyle = colours.text;
      ctx.fillRect(Math.round(column.left + (before - column.from) * cell) - 1.5, 0, 1.5, rows.length * ROW);
    }
  }

  function paintCell(ctx, answer, column, row, c, x, top, cell) {
    const colours = lv.theme.colours();
    const isText = column.kind === "text";
    let ground = null;
    if (column.kind === "track") ground = lv.tracks.colour(column.track, row.tracks[column.track.name][c]);
    else if (row.on[c]) ground = colours.shade(row.on[c] / answer.n_units);
    else if (!isText && row.on[c] !== null) ground = colours.shade(0);
    if (ground) {
      ctx.fillStyle = ground;
      const left = Math.round(x); // whole pixels, so that neighbours neither overlap nor part
      if (isText) ctx.fillRect(x, top + 1, cell - 1, ROW - 2);
      else ctx.fillRect(left, top, Math.round(x + cell) - left, ROW - 1);
    }
    if (!isText) return;
    lv.celltext.draw(ctx, lv.tokens.show(row.tokens ? row.tokens[c] : null), x, top, cell, ROW, ground || colours.bg);
  }

  lv.matchtable = { draw, reset, columns, placeOf, ROW };
})(window);
