/* Where sequences start: dotted lines, and at the top of the plot the number of each and what its tracks say of it. */
(function (root) {
  "use strict";
  const lv = (root.lstmviz = root.lstmviz || {});
  const PAGE = 100; // sequences asked for at once
  const ROOM = 34; // px below which a label says nothing
  const MOST = 220; // px
  const pages = new Map(); // "dump axis page" -> rows by number, or null while they are on their way

  /* Dotted lines between two heights. Step 0 needs none: nothing lies before it. */
  function draw(ctx, top, bottom) {
    ctx.strokeStyle = lv.theme.colours().dim;
    ctx.lineWidth = 1;
    ctx.setLineDash([2, 3]);
    for (const border of seen()) {
      const x = Math.round(lv.geometry.x(border)) - 0.5;
      ctx.beginPath();
      ctx.moveTo(x, top);
      ctx.lineTo(x, bottom);
      ctx.stroke();
    }
    ctx.setLineDash([]);
  }

  function seen() {
    const { at, span } = lv.state.current;
    return lv.model.bordersIn(Math.max(1, at), at + span);
  }

  /* What is said of each sequence that starts in view: [{border, x, text}], as far as there is room up to the next. */
  function labels(ctx) {
    const right = lv.geometry.left() + lv.geometry.width();
    const borders = seen();
    const width = (text) => ctx.measureText(text).width;
    return borders.flatMap((border, k) => {
      const x = lv.geometry.x(border) + 4;
      const room = Math.min(MOST, (k + 1 < borders.length ? lv.geometry.x(borders[k + 1]) : right) - x - 6);
      const words = wordsOf(lv.model.sequenceAt(border));
      return room < ROOM || !words ? [] : [{ border, x, text: lv.tokens.fit(words, room, width) }];
    });
  }

  function drawLabels(ctx) {
    const colours = lv.theme.colours();
    ctx.font = lv.theme.font();
    ctx.textAlign = "left";
    ctx.textBaseline = "middle";
    for (const { x, text } of labels(ctx)) {
      ctx.globalAlpha = 0.85;
      ctx.fillStyle = colours.bg;
      ctx.fillRect(x - 3, 1, ctx.measureText(text).width + 6, 15);
      ctx.globalAlpha = 1;
      ctx.fillStyle = colours.dim;
      ctx.fillText(text, x, 9);
    }
  }

  /* "sequence 3 · Genesis": its number and the labels of the tracks that never change inside it. */
  function wordsOf(number) {
    if (number === null) return "";
    const rows = page(Math.floor(number / PAGE));
    const row = rows && rows.find((one) => one.index === number);
    const said = row ? Object.values(row.labels).filter((value) => value !== null) : [];
    return [`sequence ${lv.scale.grouped(number)}`, ...said.map((value) => (typeof value === "number" ? lv.scale.valueText(value) : lv.tokens.show(value).text))].join(" · ");
  }

  function page(k) {
    const { dump } = lv.state.current;
    const axis = lv.model.axis.index;
    const key = `${dump} ${axis} ${k}`;
    if (pages.has(key)) return pages.get(key);
    pages.set(key, null);
    lv.data.json(`d/${dump}/sequences/${axis}?from=${k * PAGE}&limit=${PAGE}`).then(
      (answer) => {
        pages.set(key, answer.sequences);
        lv.frame.ask("overlay");
      },
      (error) => lv.notice.say("sequences", `What the sequences are called could not be loaded: ${error.message}`),
    );
    return null;
  }

  lv.borders = { draw, drawLabels, labels };
})(window);
