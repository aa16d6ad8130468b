/* Where a step or a value lies on the plot and the strip, in CSS pixels of their canvases. */
(function (root) {
  "use strict";
  const lv = (root.lstmviz = root.lstmviz || {});
  const LEAST = 56; // px of the gutter that holds the y axis and the names of rows
  const NAMES = { most: 190, share: 0.15 }; // px, and share of the width, that names may widen it to
  const KNOB = 16; // px between the axis' numbers and the lines: the threshold's handle
  const RIGHT = 10; // px, so that the last token's outline is not cut
  const PAD = 10; // px above and below the lines
  let tall = 240;
  let pen = null;
  let known = { key: "", left: LEAST };

  /* The gutter: as wide as the axis' numbers and, as far as there is room, the names of the tracks. */
  function left() {
    const { source, dump } = lv.model;
    if (!source) return LEAST;
    const names = lv.tracks.visible().map((track) => lv.tokens.show(track.name).text);
    const key = JSON.stringify([dump.about.uuid, source.index, lv.plot.width(), height(), names, lv.projector.type()]);
    if (key !== known.key) {
      known = { key, left: measure(names, lv.plot.width()) };
      document.documentElement.style.setProperty("--lv-gutter", `${known.left}px`);
    }
    return known.left;
  }

  function measure(names, room) {
    pen = pen || document.createElement("canvas").getContext("2d");
    const { px } = lv.theme;
    const { sans } = lv.theme.colours();
    const widest = (font, texts) => {
      pen.font = `${font} ${sans}`;
      return Math.max(0, ...texts.map((text) => pen.measureText(text).width));
    };
    const values = ticks();
    const [low, high] = range();
    const numbers = widest(px(11), values.map((value) => lv.axis.text(value, values)));
    const handle = widest(`600 ${px(12)}`, [low, high].map((end) => lv.scale.thresholdText(lv.axis.snap(end - end / 9, step()), step())));
    const named = Math.min(widest(px(11), names) + 10, NAMES.most, NAMES.share * room);
    return Math.ceil(Math.max(LEAST, numbers + KNOB, Math.min(handle, 80) + KNOB, named));
  }

  /* Height of the plot; while the text stands in its place, the one it had. */
  function height() {
    tall = lv.plot.place().clientHeight || tall;
    return tall;
  }

  function width() {
    return Math.max(1, lv.plot.width() - left() - RIGHT);
  }

  function cell() {
    return width() / lv.state.current.span;
  }

  /* Left edge of a step's cell. */
  function x(at) {
    return left() + (at - lv.state.current.at) * cell();
  }

  /* The step under x, also outside the view. */
  function stepAt(px) {
    return Math.floor(lv.state.current.at + (px - left()) / cell());
  }

  /* The nearest border between two steps. */
  function edgeAt(px) {
    return Math.round(lv.state.current.at + (px - left()) / cell());
  }

  function range() {
    const { low, high } = lv.model.source;
    return high > low ? [low, high] : [low - 1, low + 1];
  }

  function ticks() {
    const [low, high] = range();
    return lv.axis.ticks(low, high, Math.max(2, Math.min(4, height() / 50)));
  }

  /* By how much a drag or a key changes the threshold. */
  function step() {
    return lv.axis.dragStep(...range(), lv.model.source.view);
  }

  /* Height of a value that is already in the view of the source. */
  function y(value) {
    const [low, high] = range();
    const tall = height() - 2 * PAD;
    const share = (value - low) / (high - low);
    return PAD + (1 - Math.max(-0.02, Math.min(1.02, share))) * tall;
  }

  function valueAt(py) {
    const [low, high] = range();
    const tall = height() - 2 * PAD;
    return low + (1 - (py - PAD) / tall) * (high - low);
  }

  /* A recorded value as the source's view shows it. */
  function viewed(value) {
    return lv.model.source.view === "tanh" ? Math.tanh(value) : value;
  }

  lv.geometry = { left, RIGHT, PAD, KNOB, width, cell, x, stepAt, edgeAt, range, ticks, step, y, valueAt, viewed };
})(window);
