/* The rows under a typed text's tokens: what each token cost, what was predicted in its place, and what an edit changed. */
(function (root) {
  "use strict";
  const lv = (root.lstmviz = root.lstmviz || {});

  /* The rows of an answer: {name, kind: "bars" | "label" | "before" | "change", track}. As many for every text, so that
     nothing jumps. */
  function of(answer) {
    const tracks = answer ? answer.tracks : [];
    const named = (name) => tracks.find((track) => track.name === name);
    const loss = named("loss");
    const chance = tracks.find((track) => track.kind === "number" && !track.group);
    const first = loss || chance;
    return [
      { name: first ? lv.tokens.show(first.name.replace(/^predicted_/, "")).text : lv.typed.task() === "label" ? "" : "loss", kind: "bars", track: first },
      { name: "top1", kind: "label", track: named("top1"), sure: named("p1") },
      { name: "before", kind: "before" },
      { name: "change", kind: "change" },
    ];
  }

  /* A track's value over a token: one that speaks of the next token stands over that one. */
  function value(track, step) {
    const at = track.concerns === "next" ? step - 1 : step;
    return at < 0 ? null : track.values[at];
  }

  function draw(ctx, row, answer, from, to, top, height) {
    if (row.kind === "before" || row.kind === "change") drawDifference(ctx, row, from, to, top, height);
    else if (row.track) (row.kind === "bars" ? drawBars : drawLabels)(ctx, row, from, to, top, height);
  }

  /* How high a bar can go: as in the corpus, or further where the text has more. */
  function most(track) {
    const known = lv.model.tracks.find((one) => one.name === track.name);
    return Math.max(track.high, known ? known.high : 0, 1e-9);
  }

  function drawBars(ctx, { track }, from, to, top, height) {
    const high = most(track);
    ctx.fillStyle = lv.theme.colours().sequence(0.6);
    for (let step = from; step < to; step++) {
      const one = value(track, step);
      if (one !== null) bar(ctx, step, one / high, top, height);
    }
  }

  function bar(ctx, step, share, top, height) {
    const tall = Math.max(1, Math.min(1, share) * (height - 1));
    ctx.fillRect(lv.typedview.x(step), top + height - tall, lv.typedview.cell() - 1, tall);
  }

  function drawLabels(ctx, { track, sure }, from, to, top, height) {
    const wide = lv.typedview.cell();
    for (let step = from; step < to; step++) {
      const one = value(track, step);
      if (one === null || !(one in track.labels)) continue;
      const p = sure ? value(sure, step) || 0 : 1;
      const ground = lv.theme.colours().sequence(lv.url.clamp(p, 0, 1) * 0.9);
      ctx.fillStyle = ground;
      ctx.fillRect(lv.typedview.x(step), top, wide - 1, height);
      write(ctx, lv.tokens.show(track.labels[one]).text, step, top, height, lv.theme.colours().ink(ground));
    }
  }

  function write(ctx, words, step, top, height, colour) {
    const wide = lv.typedview.cell();
    ctx.fillStyle = colour;
    lv.celltext.write(ctx, lv.theme.font(), words, lv.typedview.x(step) + wide / 2, top + height / 2 + 0.5, wide - 3);
  }

  /* What stood there before, where it is another; how far the units moved. */
  function drawDifference(ctx, row, from, to, top, height) {
    const difference = lv.typeddiff.present();
    const colours = lv.theme.colours();
    if (!difference) return row.kind === "before" ? hint(ctx, top, height) : null;
    const { kinds, pairs, gone } = difference.alignment;
    for (let step = from; step < to; step++) {
      if (row.kind === "change") {
        ctx.fillStyle = colours.hover;
        const by = difference.change[step];
        if (by === by && by > 0) bar(ctx, step, by / difference.scale, top, height);
      } else if (kinds[step] === "changed") write(ctx, difference.answer.shown[pairs[step]].text, step, top, height, colours.dim);
      else if (kinds[step] === "new") write(ctx, "+", step, top, height, colours.hover);
    }
    if (row.kind !== "before") return null;
    for (const [place] of gone) {
      ctx.fillStyle = colours.hover;
      ctx.beginPath(); // a wedge between two tokens: some were taken out
      ctx.moveTo(lv.typedview.x(place), top + 3);
      ctx.lineTo(lv.typedview.x(place) - 4, top + height - 3);
      ctx.lineTo(lv.typedview.x(place) + 4, top + height - 3);
      ctx.fill();
    }
    return null;
  }

  function hint(ctx, top, height) {
    ctx.font = lv.theme.font();
    ctx.textAlign = "left";
    ctx.textBaseline = "middle";
    ctx.fillStyle = lv.theme.colours().dim;
    ctx.fillText("edit a token of the text: what changes is drawn here", lv.typedview.x(0) + 2, top + height / 2 + 0.5);
  }

  /* What is known of a token, each a line: {step, ...}. */
  function describe(answer, step) {
    const found = [`token ${lv.scale.grouped(step)} of your text`, answer.shown[step].text];
    if (!answer.is_known[step]) found.push(answer.has_unknown ? "unknown to the model: read as its unknown token" : "unknown to the model: not read, no states");
    const count = lv.typed.countOn(answer, step);
    if (count) found.push(count);
    const by = (name) => answer.tracks.find((track) => track.name === name);
    const guesses = [1, 2, 3].map((k) => [by(`top${k}`), by(`p${k}`)]).filter(([top, p]) => top && p);
    const said = guesses.map(([top, p]) => [value(top, step), value(p, step), top]).filter(([label]) => label !== null && label >= 0);
    if (said.length) found.push(`predicted ${said.map(([label, p, top]) => `${lv.tokens.show(top.labels[label]).text} ${lv.scale.valueText(p)}`).join(" · ")}`);
    for (const track of answer.tracks) {
      const one = value(track, step);
      if (track.kind === "number" && !/^p\d+$/.test(track.name) && one !== null) found.push(`${lv.tokens.show(track.name).text} ${lv.scale.valueText(one)}`);
    }
    return [...found, ...changed(step)];
  }

  function changed(step) {
    const difference = lv.typeddiff.present();
    if (!difference) return [];
    const { kinds, pairs } = difference.alignment;
    const by = difference.change[step];
    if (kinds[step] === "new") return ["not there before"];
    const was = kinds[step] === "changed" ? [`before: ${difference.answer.shown[pairs[step]].text}`] : [];
    return by === by ? [...was, `changed by ${lv.scale.valueText(by)} on average over ${difference.words}`] : was;
  }

  lv.typedrows = { of, draw, describe, value };
})(window);
