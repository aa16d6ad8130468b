/* Rows of matches: a link to each place, its tokens aligned at the match's start, and a heatmap for each measure. */
(function (root) {
  "use strict";
  const lv = (root.lstmviz = root.lstmviz || {});
  const ROW = 19; // px a row
  const BLOCK = 50; // rows a canvas
  let blocks = []; // {element, canvas, links, first}
  let head = null;

  function reset() {
    blocks = [];
    head = null;
    document.getElementById(lv.ids.matchTable).replaceChildren();
  }

  const spans = new WeakMap(); // answer -> cells that its rows use

  /* {list, hidden}: see columns.js. */
  function columns(answer, width) {
    if (!spans.has(answer)) spans.set(answer, lv.columns.used(answer.rows));
    const known = answer.rows[0].tracks || {};
    return lv.columns.layout({
      width,
      used: spans.get(answer),
      before: answer.text_before,
      nUnits: answer.n_units,
      isChars: lv.model.axis.join === "",
      hasTokens: lv.model.axis.has_tokens,
      tracks: lv.tracks.ordered().filter((track) => known[track.name]),
    });
  }

  function draw(answer) {
    const table = document.getElementById(lv.ids.matchTable);
    table.classList.toggle("lv-empty", !answer || !answer.rows || !answer.rows.length);
    if (!answer || !answer.rows || !answer.rows.length) {
      reset();
      table.append(explain(answer));
      lv.matches.noteHidden([]);
      return;
    }
    if (!head) table.replaceChildren((head = element("div", "lv-match-head")));
    const { list: cols, hidden } = columns(answer, table.clientWidth);
    lv.matches.noteHidden(hidden);
    fillHead(cols);
    for (let first = 0; first < answer.rows.length; first += BLOCK) drawBlock(answer, cols, first, table);
  }

  function element(tag, className) {
    const made = document.createElement(tag);
    made.className = className;
    return made;
  }

  function explain(answer) {
    if (lv.state.current.start !== null || lv.state.current.pattern || lv.state.current.pinned.length) return element("p", "");
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

  const HINTS = {
    shared: "How many of the selected units are on through the whole match; a line divides the numbers",
    text: "Aligned where each match starts; a rule marks where it ends",
    on: "How many of the selected units are on at each step",
  };

  function fillHead(cols) {
    const step = element("span", "");
    step.textContent = "step";
    head.replaceChildren(
      step,
      ...cols.map((column) => {
        const name = element("span", "");
        name.textContent = lv.tokens.show(column.name).text;
        name.style.left = `${column.left}px`;
        name.style.maxWidth = `${Math.max(column.width, lv.columns.HEAD)}px`;
        name.title = HINTS[column.kind] || name.textContent;
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
    paint(answer, cols, rows, lv.theme.fit(block.canvas), answer.rows[first - 1]);
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

  function paint(answer, cols, rows, ctx, above) {
    for (const column of cols) {
      if (column.kind === "shared") {
        rows.forEach((row, k) => paintShared(ctx, answer, column, row, k * ROW));
        continue;
      }
      const cell = column.width / column.n;
      rows.forEach((row, k) => {
        const top = k * ROW;
        for (let c = 0; c < column.n; c++) paintCell(ctx, answer, column, row, column.from + c, column.left + c * cell, top, cell);
      });
      if (column.kind !== "track") paintEnds(ctx, answer, column, rows, cell);
    }
    paintLevels(ctx, answer, [above, ...rows], cols.at(-1));
  }

  /* "4/4": how many of the pattern's units the match shares. */
  function paintShared(ctx, answer, column, row, top) {
    const colours = lv.theme.colours();
    const isFull = row.n_shared === answer.n_units;
    ctx.font = `${isFull ? 600 : 400} 11px ${colours.sans}`;
    ctx.textAlign = "left";
    ctx.textBaseline = "middle";
    ctx.fillStyle = isFull ? colours.text : colours.dim;
    ctx.fillText(`${row.n_shared}/${answer.n_units}`, column.left, top + ROW / 2 + 0.5, column.width);
  }

  /* A rule where all matches start, and one where each ends, as far as it is in view. */
  function paintEnds(ctx, answer, column, rows, cell) {
    const before = answer.text_before;
    const thick = column.kind === "text" ? 1.5 : 1;
    ctx.fillStyle = lv.theme.colours().text;
    ctx.fillRect(Math.round(column.left + (before - column.from) * cell) - thick, 0, thick, rows.length * ROW);
    rows.forEach((row, k) => {
      const end = before + row.length - column.from;
      if (end <= column.n) ctx.fillRect(Math.round(column.left + end * cell) - (column.kind === "text" ? 1 : 0), k * ROW, thick, ROW - (thick === 1 ? 1 : 0));
    });
  }

  /* A line across, wherever the next matches share fewer units than the ones above: strong where full matches end. */
  function paintLevels(ctx, answer, rows, last) {
    ctx.fillStyle = lv.theme.colours().dim;
    for (let k = 1; k < rows.length; k++) {
      if (!rows[k - 1] || rows[k - 1].n_shared === rows[k].n_shared) continue;
      ctx.globalAlpha = rows[k - 1].n_shared === answer.n_units ? 1 : 0.35;
      ctx.fillRect(0, (k - 1) * ROW - 1, last.left + last.width, 1);
    }
    ctx.globalAlpha = 1;
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
