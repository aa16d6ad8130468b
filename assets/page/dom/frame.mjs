/* One redraw an animation frame, whatever happened in between. Parts draw in the order they were added. */
(function (root) {
  "use strict";
  const lv = (root.lstmviz = root.lstmviz || {});
  const parts = []; // {names, draw}
  const asked = new Set();
  const brushed = []; // the last times from a brush's event to its drawing done, ms
  let waiting = false;
  let brushedAt = null;

  /* A part, drawn when its name is asked for, or any of several. */
  function add(name, draw) {
    parts.push({ names: [].concat(name), draw });
  }

  function ask(...names) {
    for (const name of names) asked.add(name);
    if (!waiting) {
      waiting = true;
      root.requestAnimationFrame(run);
    }
  }

  function askAll() {
    ask(...parts.flatMap((part) => part.names));
  }

  function run() {
    waiting = false;
    const names = new Set(asked);
    asked.clear();
    for (const part of parts) {
      if (!part.names.some((name) => names.has(name)) || part.names.includes("start") !== lv.start.isShown()) continue; // what is not seen is not drawn
      try {
        part.draw(); // one part that fails does not take the others along
      } catch (error) {
        lv.notice.failed("drawing the page", error);
      }
    }
    if (brushedAt !== null) noteBrush();
  }

  /* Start the clock of a brush: from the pointer's event to the end of the drawing it causes. */
  function markBrush() {
    if (brushedAt === null) brushedAt = performance.now();
  }

  function noteBrush() {
    if (brushed.length >= 500) {
      brushed.length = 0;
      performance.clearMeasures("lstmviz-brush");
    }
    brushed.push(performance.now() - brushedAt);
    performance.measure("lstmviz-brush", { start: brushedAt });
    brushedAt = null;
  }

  lv.frame = { add, ask, askAll, markBrush, brushed };
})(window);
