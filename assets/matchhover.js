/* Pointing at a cell of a match: the same step is marked in its row's tokens and in every heatmap, with its numbers. */
(function (root) {
  "use strict";
  const lv = (root.lstmviz = root.lstmviz || {});

  function watch(block, first) {
    block.canvas.addEventListener("pointermove", (event) => point(block, first, event));
    block.canvas.addEventListener("pointerleave", () => leave(block));
    block.canvas.addEventListener("click", (event) => open(block, first, event));
    block.links.addEventListener("pointerover", (event) => markRow(block, event.target.dataset.row - first));
    block.links.addEventListener("pointerleave", () => leave(block));
  }

  function leave(block) {
    lv.tip.hide();
    if (block.marks) block.marks.replaceChildren();
  }

  /* The row and cell under the pointer, or null. */
  function find(block, first, event) {
    const answer = lv.matches.answer();
    if (!answer || !answer.rows.length) return null;
    const box = block.canvas.getBoundingClientRect();
    const index = Math.floor((event.clientY - box.top) / lv.matchtable.ROW);
    const row = answer.rows[first + index];
    if (!row) return null;
    const x = event.clientX - box.left;
    const cols = lv.matchtable.columns(answer, block.canvas.clientWidth).list;
    const column = cols.find((candidate) => candidate.n && x >= candidate.left && x < candidate.left + candidate.width);
    const cell = column ? column.from + Math.floor(((x - column.left) / column.width) * column.n) : null;
    return { answer, row, index, cols, cell };
  }

  function point(block, first, event) {
    const found = find(block, first, event);
    if (!found) return leave(block);
    const { answer, row, cell } = found;
    mark(block, found);
    block.canvas.style.cursor = cell === null ? "default" : "pointer";
    if (cell === null) return lv.tip.hide();
    lv.tip.show(event, describe(answer, row, cell));
  }

  function describe(answer, row, cell) {
    const step = row.first + cell;
    if (row.on[cell] === null) return ["outside the sequence"];
    const shown = lv.tokens.show(row.tokens ? row.tokens[cell] : null);
    const lines = [`step ${lv.scale.grouped(step)}`, shown.text, `${row.on[cell]} of ${lv.words.plural(answer.n_units, "unit")} on`];
    for (const track of lv.tracks.ordered().slice(0, 8)) {
      const values = row.tracks && row.tracks[track.name];
      if (values && values[cell] !== null) lines.push(`${lv.tokens.show(track.name).text} ${lv.tracks.text(track, values[cell])}`);
    }
    lines.push(`match: ${lv.words.plural(row.length, "step")}, ${row.n_shared} of ${lv.words.plural(answer.n_units, "unit")}`);
    return lines;
  }

  function mark(block, { cols, index, cell }) {
    const top = index * lv.matchtable.ROW;
    const boxes = [box("lv-row-mark", 0, top, block.canvas.clientWidth)];
    for (const column of cols) {
      const place = cell - column.from;
      if (cell === null || !column.n || place < 0 || place >= column.n) continue;
      const width = column.width / column.n;
      boxes.push(box("lv-cell-mark", column.left + place * width, top, width));
    }
    marks(block).replaceChildren(...boxes);
  }

  function markRow(block, index) {
    if (Number.isNaN(index)) return;
    marks(block).replaceChildren(box("lv-row-mark", 0, index * lv.matchtable.ROW, block.canvas.clientWidth));
  }

  function marks(block) {
    if (!block.marks) {
      block.marks = document.createElement("div");
      block.marks.className = "lv-marks";
      block.element.append(block.marks);
    }
    return block.marks;
  }

  function box(className, left, top, width) {
    const made = document.createElement("div");
    made.className = className;
    made.style.cssText = `left:${left}px;top:${top}px;width:${width}px;height:${lv.matchtable.ROW}px`;
    return made;
  }

  function open(block, first, event) {
    const found = find(block, first, event);
    if (!found || found.cell === null) return;
    lv.state.change(lv.matchtable.placeOf(found.row), "push");
    root.scrollTo({ top: 0, behavior: "smooth" });
  }

  lv.matchhover = { watch };
})(window);
