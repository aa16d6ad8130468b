/* A track under the tokens, and the colour of a track's value wherever it is shown. */
(function (root) {
  "use strict";
  const lv = (root.lstmviz = root.lstmviz || {});
  const FEW = 40; // distinct whole numbers that are still told apart as cells; more are drawn as bars

  function isCells(track) {
    return track.kind === "category" || (track.is_integer && track.high - track.low < FEW);
  }

  function isMissing(track, value) {
    return value === null || value === undefined || Number.isNaN(value) || (track.kind === "category" && !(value in track.labels));
  }

  /* The ground of a value: one sequential scale for numbers, a colour each for categories. */
  function colour(track, value) {
    const colours = lv.theme.colours();
    if (isMissing(track, value)) return null;
    if (track.kind === "category") return colours.category(value);
    return colours.sequence(track.high > track.low ? (value - track.low) / (track.high - track.low) : 0);
  }

  /* A value in words. */
  function text(track, value) {
    if (isMissing(track, value)) return "";
    if (track.kind === "category") return lv.tokens.show(track.labels[value]).text;
    return lv.scale.valueText(value);
  }

  function draw(ctx, track, from, to, top, height) {
    const cells = isCells(track);
    const cell = lv.geometry.cell();
    const gap = cell > 6 ? 1 : 0;
    for (let step = from; step < to; step++) {
      const value = lv.model.value(track, step);
      const x = lv.geometry.x(step);
      const ground = colour(track, value);
      if (ground === null) continue;
      if (cells) {
        ctx.fillStyle = ground;
        ctx.fillRect(x, top, cell - gap + (gap ? 0 : 0.5), height);
        label(ctx, text(track, value), x, top, cell, height, ground);
      } else {
        ctx.fillStyle = lv.theme.colours().sequence(0.6);
        const share = track.high > track.low ? (value - track.low) / (track.high - track.low) : 0;
        const tall = Math.max(1, Math.min(1, share) * (height - 1));
        ctx.fillRect(x, top + height - tall, Math.max(1, cell - gap), tall);
      }
    }
  }

  function label(ctx, words, x, top, cell, height, ground) {
    const colours = lv.theme.colours();
    ctx.font = `11px ${colours.sans}`;
    ctx.textAlign = "center";
    ctx.textBaseline = "middle";
    const short = lv.tokens.fit(words, cell - 3, (text) => ctx.measureText(text).width);
    if (!short || (short === "…" && words.length < 3)) return;
    ctx.fillStyle = colours.ink(ground);
    ctx.fillText(short, x + cell / 2, top + height / 2 + 0.5);
  }

  lv.tracks = { draw, colour, text };
})(window);
