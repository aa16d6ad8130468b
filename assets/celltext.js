/* One token in one cell of a canvas: centred, squeezed a little if it is long, then cut. Never wider than its cell. */
(function (root) {
  "use strict";
  const lv = (root.lstmviz = root.lstmviz || {});
  const SQUEEZE = 0.72; // narrowest share of its own width that a word stays readable at
  const LEAST = { char: 6.5, more: 7, word: 26 }; // px a cell: one character, each one more, and enough for any word to be cut
  const leasts = new WeakMap();
  const KEPT = 20000; // widths and cuts remembered
  const widths = new Map();
  const cuts = new Map();

  function draw(ctx, shown, x, y, cell, height, ground) {
    if (cell < LEAST.char * lv.projector.type() || !shown.text) return;
    const colours = lv.theme.colours();
    const size = Math.round((cell < 9 * lv.projector.type() ? 11 : 13) * lv.projector.type());
    ctx.font = `${size}px ${colours.mono}`;
    ctx.textAlign = "center";
    ctx.textBaseline = "middle";
    const isQuiet = shown.kind !== "plain" && ground === colours.bg;
    ctx.fillStyle = isQuiet ? colours.dim : colours.ink(ground);
    const room = cell - 3;
    const width = (text) => measure(ctx, text, size);
    const own = width(shown.text);
    const middle = y + height / 2 + 0.5;
    if (own <= room + 2) ctx.fillText(shown.text, x + cell / 2, middle);
    else ctx.fillText(cut(shown.text, room / SQUEEZE, size, width), x + cell / 2, middle, room);
  }

  /* The thinnest cell in which text like this reads: below it, no token of the row is written, rather than some. */
  function least(tokens) {
    if (!leasts.has(tokens)) {
      const lengths = tokens.map((shown) => shown.text.length).sort((a, b) => a - b);
      const typical = lengths.length ? lengths[Math.floor(lengths.length * 0.75)] : 1;
      leasts.set(tokens, Math.min(LEAST.word, LEAST.char + LEAST.more * Math.max(0, typical - 1)));
    }
    return leasts.get(tokens) * lv.projector.type();
  }

  function measure(ctx, text, size) {
    const key = size + text;
    let width = widths.get(key);
    if (width === undefined) {
      if (widths.size > KEPT) widths.clear();
      width = ctx.measureText(text).width;
      widths.set(key, width);
    }
    return width;
  }

  function cut(text, room, size, width) {
    const key = `${size} ${Math.round(room)} ${text}`;
    let short = cuts.get(key);
    if (short === undefined) {
      if (cuts.size > KEPT) cuts.clear();
      short = lv.tokens.fit(text, room, width);
      cuts.set(key, short);
    }
    return short;
  }

  lv.celltext = { draw, least };
})(window);
