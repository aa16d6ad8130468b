/* A track under the tokens, and the colour of a track's value wherever it is shown. */
(function (root) {
  "use strict";
  const lv = (root.lstmviz = root.lstmviz || {});
  const FIRST = 4; // tracks shown where there are many
  const CUT_LEAST = 30; // px of a cell in which a label that is squeezed or cut still tells something
  const FEW = 40; // distinct whole numbers that are still told apart as cells; more are drawn as bars

  const SHIFTED = "drawn over the token it speaks of, one step after the one it was recorded at";

  let chosen = { axis: null, name: null }; // whose heatmap comes first beside the matches

  /* Are there so many that the rest waits behind a button? One more row than the button's own is shown at once. */
  function isMany() {
    return rowed().length > FIRST + 1;
  }

  /* The tracks that have a row under the tokens. */
  function visible() {
    const names = lv.state.current.tracks;
    if (names) return names.map((name) => lv.model.tracks.find((track) => track.name === name)).filter(Boolean);
    return isMany() ? foremost() : rowed();
  }

  /* Those shown where there are many: the corpus's own, then of the model's predictions the likeliest and what it paid. */
  function foremost() {
    const isFurther = (track) => weight(track) !== null && !/top1$/.test(track.name);
    return ownFirst(rowed()).filter((track) => !isFurther(track)).slice(0, FIRST);
  }

  /* Tracks, or what is said of them by name: what the corpus says before what the model predicts, else in their order. */
  function ownFirst(tracks) {
    const guesses = new Set(lv.model.tracks.filter((track) => track.group).map((track) => track.name));
    return [...tracks].sort((a, b) => guesses.has(a.name) - guesses.has(b.name));
  }

  /* Show every track, or the first ones only. */
  function toggle() {
    const rest = rowed().filter((track) => !visible().includes(track));
    const tracks = rest.length ? [...visible(), ...rest].map((track) => track.name) : null;
    lv.state.change({ tracks }, "settle");
  }

  /* Put a track's heatmap first, or back into its place. */
  function choose(name) {
    chosen = { axis: lv.model.axis, name: name === first() ? null : name };
  }

  function first() {
    return chosen.axis === lv.model.axis ? chosen.name : null;
  }

  /* The tracks in the order of their heatmaps. */
  function ordered() {
    const name = first();
    const shown = visible();
    const all = [...shown, ...rowed().filter((track) => !shown.includes(track))];
    return name === null ? all : all.sort((a, b) => (b.name === name) - (a.name === name));
  }

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

  /* How many steps after the one that it was recorded at a value is drawn: one, where it speaks of the next token. */
  function shift(track) {
    return track.concerns === "next" ? 1 : 0;
  }

  /* A track's value in cell `c` of a match row, drawn where it belongs; null outside the sequence. */
  function inRow(track, row, c) {
    const values = row.tracks && row.tracks[track.name];
    const at = c - shift(track);
    const isIn = values && at >= 0 && row.on[c] !== null && row.on[at] !== null;
    return isIn ? values[at] : null;
  }

  const weights = new WeakMap(); // track -> its probabilities, or null

  /* The track of probabilities that belongs to one of predictions: "p1" to "top1" of the same group; null where none does. */
  function weight(track) {
    if (!weights.has(track)) {
      const [, before, k] = (track.group && track.kind === "category" && track.name.match(/^(.*)top(\d+)$/)) || [];
      const isIts = (other) => other.group === track.group && other.kind === "number" && other.name === `${before}p${k}`;
      weights.set(track, (k !== undefined && lv.model.tracks.find(isIts)) || null);
    }
    return weights.get(track);
  }

  /* The tracks that have rows of their own: probabilities show in the colours of their predictions, unless they are asked for. */
  function rowed() {
    const sure = new Set(lv.model.tracks.map(weight));
    return lv.model.tracks.filter((track) => !sure.has(track));
  }

  /* How many tracks have no row now. */
  function nHidden() {
    const seen = visible();
    return rowed().filter((track) => !seen.includes(track)).length;
  }

  /* The ground of a track at a place; `valueOf(track)` gives its value there. Predictions are as deep as they are likely. */
  function ground(track, valueOf) {
    const value = valueOf(track);
    const sure = weight(track);
    if (sure === null || isMissing(track, value)) return colour(track, value);
    return lv.theme.colours().sequence(lv.url.clamp(valueOf(sure) || 0, 0, 1) * 0.9);
  }

  /* A value in words. */
  function text(track, value) {
    if (isMissing(track, value)) return "";
    if (track.kind === "category") return lv.tokens.show(track.labels[value]).text;
    return lv.scale.valueText(value);
  }

  /* How a track of numbers is drawn, where not as usual. */
  function lookOf({ name }) {
    const { looks } = lv.state.current;
    return Object.hasOwn(looks, name) ? looks[name] : undefined; // a track may be called constructor
  }

  function draw(ctx, track, from, to, top, height) {
    const look = track.kind === "number" ? lookOf(track) : undefined;
    if (look === "line") return drawLine(ctx, track, from, to, top, height);
    const cells = look ? look === "heat" : isCells(track);
    const cell = lv.geometry.cell();
    const isLabelled = isCells(track) && cells && hasLabels(ctx, track, cell);
    const gap = cell > 6 ? 1 : 0;
    for (let step = from; step < to; step++) {
      const value = lv.model.value(track, step);
      const x = lv.geometry.x(step);
      const own = ground(track, (one) => lv.model.value(one, step));
      if (own === null) continue;
      if (cells) {
        ctx.fillStyle = own;
        ctx.fillRect(x, top, cell - gap + (gap ? 0 : 0.5), height);
        if (isLabelled) label(ctx, text(track, value), x, top, cell, height, own);
      } else {
        ctx.fillStyle = lv.theme.colours().sequence(0.6);
        const share = track.high > track.low ? (value - track.low) / (track.high - track.low) : 0;
        const tall = Math.max(1, Math.min(1, share) * (height - 1));
        ctx.fillRect(x, top + height - tall, Math.max(1, cell - gap), tall);
      }
    }
  }

  /* Its values as a line, from its least to its greatest; broken where there is none and at borders. */
  function drawLine(ctx, track, from, to, top, height) {
    const borders = new Set(lv.model.bordersIn(from, to));
    const [low, high] = [track.low, track.high > track.low ? track.high : track.low + 1];
    ctx.strokeStyle = lv.theme.colours().sequence(0.75);
    ctx.lineWidth = 1.5;
    ctx.beginPath();
    let isJoined = false;
    for (let step = Math.max(0, from - 1); step < Math.min(lv.model.axis.n_steps, to + 1); step++) {
      const value = lv.model.value(track, step);
      const isHere = !isMissing(track, value);
      if (isHere) {
        const y = top + 1 + (1 - (value - low) / (high - low)) * (height - 3);
        if (isJoined && !borders.has(step)) ctx.lineTo(lv.geometry.x(step + 0.5), y);
        else ctx.moveTo(lv.geometry.x(step + 0.5) - 1, y), ctx.lineTo(lv.geometry.x(step + 0.5), y);
      }
      isJoined = isHere;
    }
    ctx.stroke();
  }

  const widths = new WeakMap(); // track -> px of its widest label

  /* Are the labels of a track's cells written? All of them are, whole or cut, or none. */
  function hasLabels(ctx, track, cell) {
    ctx.font = lv.theme.font();
    if (!widths.has(track)) widths.set(track, Math.max(0, ...labels(track).map((words) => ctx.measureText(words).width)));
    return widths.get(track) <= cell - 2 || (track.kind === "category" && cell >= CUT_LEAST * lv.projector.type());
  }

  function labels(track) {
    if (track.kind === "category") return track.labels.slice(0, 1000).map((words) => lv.tokens.show(words).text);
    return Array.from({ length: track.high - track.low + 1 }, (_, k) => lv.scale.valueText(track.low + k));
  }

  function label(ctx, words, x, top, cell, height, ground) {
    ctx.fillStyle = lv.theme.colours().ink(ground);
    lv.celltext.write(ctx, lv.theme.font(), words, x + cell / 2, top + height / 2 + 0.5, cell - 3);
  }

  lv.tracks = { draw, colour, ground, text, look: lookOf, shift, inRow, weight, nHidden, SHIFTED, isMany, visible, toggle, choose, first, ordered, ownFirst };
})(window);
