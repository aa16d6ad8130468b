/* The tokens of a typed text, its brush, and what stands under it: loss, prediction, change. */
(function (root) {
  "use strict";
  const lv = (root.lstmviz = root.lstmviz || {});
  const TOKEN = { top: 5, height: 24 }; // px
  const ROW = { top: 33, height: 16, gap: 3 };
  const WAVE = { height: 2, length: 4 }; // px of the line under a token that the model does not know
  let strip, canvas;

  function make(places) {
    strip = places.strip;
    canvas = lv.theme.canvas(strip, "lv-layer");
  }

  /* The tokens and what stands under them. */
  function draw() {
    const answer = lv.typed.present();
    const rows = lv.typedrows.of(answer);
    const height = `${ROW.top + rows.length * (ROW.height + ROW.gap)}px`;
    if (strip.style.height !== height) strip.style.height = height;
    const ctx = lv.theme.fit(canvas);
    drawNames(ctx, rows);
    if (!answer) return;
    lv.typedview.clipped(ctx, strip.clientHeight, () => {
      const [from, to] = lv.typedview.inView(answer);
      drawTokens(ctx, answer, from, to);
      rows.forEach((row, k) => lv.typedrows.draw(ctx, row, answer, from, to, ROW.top + k * (ROW.height + ROW.gap), ROW.height));
      drawBrush(ctx, answer);
      drawHover(ctx);
    });
  }

  function drawNames(ctx, rows) {
    const colours = lv.theme.colours();
    ctx.font = lv.theme.font();
    ctx.textAlign = "left";
    ctx.textBaseline = "middle";
    ctx.fillStyle = colours.dim;
    const width = (text) => ctx.measureText(text).width;
    const write = (words, middle) => ctx.fillText(lv.tokens.fit(words, lv.geometry.left() - 6, width), 0, middle);
    write("token", TOKEN.top + TOKEN.height / 2);
    rows.forEach((row, k) => write(row.name, ROW.top + k * (ROW.height + ROW.gap) + ROW.height / 2 + 0.5));
  }

  function drawTokens(ctx, answer, from, to) {
    const colours = lv.theme.colours();
    const [wide, ground, difference] = [lv.typedview.cell(), lv.typed.grounds(answer), lv.typeddiff.present()];
    for (let step = from; step < to; step++) {
      const own = ground(step);
      const left = lv.typedview.x(step);
      if (own) {
        ctx.fillStyle = own;
        ctx.fillRect(left, TOKEN.top, wide - 1, TOKEN.height);
      }
      lv.celltext.draw(ctx, answer.shown[step], left, TOKEN.top, wide, TOKEN.height, own || colours.bg);
      if (difference && difference.alignment.kinds[step] !== "same") {
        ctx.fillStyle = colours.hover;
        ctx.fillRect(left, TOKEN.top - 3, wide - 1, 2);
      }
      if (!answer.is_known[step]) wave(ctx, left + 1, TOKEN.top + TOKEN.height - WAVE.height - 1, wide - 3);
    }
  }

  /* Under a token that the model does not know, as a speller marks a word. */
  function wave(ctx, left, top, wide) {
    ctx.strokeStyle = lv.theme.colours().warn;
    ctx.lineWidth = 1.5;
    ctx.beginPath();
    ctx.moveTo(left, top + WAVE.height);
    for (let k = 1; k * WAVE.length <= wide; k++) ctx.lineTo(left + k * WAVE.length, top + (k % 2 ? 0 : WAVE.height));
    ctx.stroke();
  }

  function drawBrush(ctx, answer) {
    const { typed } = lv.state.current;
    if (!typed || typed.text !== answer.text) return;
    ctx.strokeStyle = lv.theme.colours().accent;
    ctx.lineWidth = 2;
    ctx.strokeRect(lv.typedview.x(typed.start) - 0.5, TOKEN.top - 1, lv.typedview.x(typed.stop) - lv.typedview.x(typed.start), TOKEN.height + 2);
  }

  function drawHover(ctx) {
    const step = lv.typed.hovered();
    if (step === null) return;
    ctx.strokeStyle = lv.theme.colours().hover;
    ctx.lineWidth = 1.5;
    ctx.strokeRect(lv.typedview.x(step) - 0.5, TOKEN.top, lv.typedview.cell(), TOKEN.height);
  }

  lv.typedstrip = { make, draw, TOKEN };
})(window);
