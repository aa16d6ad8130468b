/* Where a step or a value lies on the plot and the strip, in CSS pixels of their canvases. */
(function (root) {
  "use strict";
  const lv = (root.lstmviz = root.lstmviz || {});
  const LEFT = 56; // px for the y axis and the names of rows
  const RIGHT = 10; // px, so that the last token's outline is not cut
  const PAD = 10; // px above and below the lines

  function width() {
    return Math.max(1, lv.plot.place().clientWidth - LEFT - RIGHT);
  }

  function cell() {
    return width() / lv.state.current.span;
  }

  /* Left edge of a step's cell. */
  function x(step) {
    return LEFT + (step - lv.state.current.at) * cell();
  }

  /* The step under x, also outside the view. */
  function stepAt(px) {
    return Math.floor(lv.state.current.at + (px - LEFT) / cell());
  }

  /* The nearest border between two steps. */
  function edgeAt(px) {
    return Math.round(lv.state.current.at + (px - LEFT) / cell());
  }

  function range() {
    const { low, high } = lv.model.source;
    return high > low ? [low, high] : [low - 1, low + 1];
  }

  /* Height of a value that is already in the view of the source. */
  function y(value) {
    const [low, high] = range();
    const height = lv.plot.place().clientHeight - 2 * PAD;
    const share = (value - low) / (high - low);
    return PAD + (1 - Math.max(-0.02, Math.min(1.02, share))) * height;
  }

  function valueAt(py) {
    const [low, high] = range();
    const height = lv.plot.place().clientHeight - 2 * PAD;
    return low + (1 - (py - PAD) / height) * (high - low);
  }

  /* A recorded value as the source's view shows it. */
  function viewed(value) {
    return lv.model.source.view === "tanh" ? Math.tanh(value) : value;
  }

  lv.geometry = { LEFT, RIGHT, PAD, width, cell, x, stepAt, edgeAt, range, y, valueAt, viewed };
})(window);
