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
    const isQuiet = shown.kind !== "plain" && ground === colours.bg;
    ctx.fillStyle = isQuiet ? colours.dim : colours.ink(ground);
    write(ctx, `${size}px ${colours.mono}`, shown.text, x + cell / 2, y + height / 2 + 0.5, cell - 3);
  }

  /* A text around a point, in so much room. */
  function write(ctx, font, text, x, y, room) {
    ctx.font = font;
    ctx.textAlign = "center";
    ctx.textBaseline = "middle";
    if (measure(ctx, text, font) <= room + 2) ctx.fillText(text, x, y);
    else ctx.fillText(cut(ctx, text, room / SQUEEZE, font), x, y, room);
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

  function measure(ctx, text, font) {
    const key = `${font} ${text}`;
    let width = widths.get(key);
    if (width === undefined) {
      if (widths.size > KEPT) widths.clear();
      width = ctx.measureText(text).width;
      widths.set(key, width);
    }
    return width;
  }

  function cut(ctx, text, room, font) {
    const key = `${font} ${Math.round(room)} ${text}`;
    let short = cuts.get(key);
    if (short === undefined) {
      if (cuts.size > KEPT) cuts.clear();
      short = lv.tokens.fit(text, room, (part) => measure(ctx, part, font));
      cuts.set(key, short);
    }
    return short;
  }

  lv.celltext = { draw, write, least };
})(window);
