/* Further sources of the brush: "+ source" lists those of the same axis, and each one added is a tag with its own side and
   threshold. */
(function (root) {
  "use strict";
  const lv = (root.lstmviz = root.lstmviz || {});
  const SIDES = [
    ["high", "high"],
    ["low", "low"],
    ["both", "both"],
  ];
  let place = null;
  let menu = null;
  let made = "";

  function make() {
    place = document.getElementById(lv.ids.parts);
    menu = lv.menu.make(document.getElementById(lv.ids.unitTools), { words: "+ source", title: "Add another source's units to the pattern", fill });
    lv.frame.add("selection", draw);
  }

  /* Sources of the axis that are not in the brush yet. */
  function free() {
    const { source, parts } = lv.state.current;
    const taken = new Set([source, ...parts.map((part) => part.source)]);
    return lv.model.dump.about.sources.filter((one) => one.axis === lv.model.axis.index && !taken.has(one.name));
  }

  function fill(panel) {
    const { element, button } = lv.menu;
    panel.append(element("p", "lv-panel-note", free().length ? "The same window, more units:" : "Every source of this text is in the brush."));
    for (const source of free()) panel.append(button("lv-panel-item", lv.naming.sourceLabel(source), `Add ${lv.tokens.show(source.name).text}`, () => add(source.name)));
  }

  function add(source) {
    const { side, threshold, parts } = lv.state.current;
    menu.close();
    lv.state.change({ parts: [...parts, { source, side, threshold }] }, "settle");
  }

  function change(source, changes) {
    const parts = lv.state.current.parts.map((part) => (part.source === source ? Object.assign({}, part, changes) : part));
    lv.state.change({ parts }, "settle");
  }

  function remove(source) {
    lv.state.change({ parts: lv.state.current.parts.filter((part) => part.source !== source) }, "settle");
  }

  function draw() {
    const { parts, pattern } = lv.state.current;
    if (!lv.model.source) return;
    menu.button.disabled = Boolean(pattern) || lv.model.dump.about.sources.length < 2;
    const now = JSON.stringify(pattern ? [] : [parts, lv.model.dump.about.uuid]);
    if (now === made) return;
    made = now;
    const tags = pattern ? [] : parts.map(tag);
    place.replaceChildren(...(tags.length ? [lv.menu.element("span", "lv-gutter-label", "and"), ...tags] : []));
  }

  function tag(part) {
    const { element, button, choice } = lv.menu;
    const name = lv.tokens.show(part.source).text;
    const whole = element("span", "lv-part");
    whole.dataset.source = part.source;
    const threshold = element("input", "lv-input lv-part-threshold", "", { type: "number", step: "0.01", "aria-label": `Threshold of ${name}`, title: `Threshold of ${name}` });
    threshold.value = String(part.threshold);
    const take = () => {
      const value = threshold.value.trim() === "" ? NaN : Number(threshold.value);
      if (Number.isFinite(value) && Math.abs(value) <= lv.url.MAX_THRESHOLD) change(part.source, { threshold: value });
      else threshold.value = String(part.threshold);
    };
    threshold.addEventListener("change", take);
    threshold.addEventListener("keydown", (event) => event.stopPropagation());
    whole.append(
      button("lv-part-name", lv.chips.short(part.source), `Plot ${name}`, () => lv.page.openSource(part.source)),
      choice(`Side of ${name}`, SIDES, part.side, (side) => change(part.source, { side })),
      threshold,
      button("lv-chip-out", "×", `Take ${name} out of the brush`, () => remove(part.source)),
    );
    return whole;
  }

  lv.parts = { make };
})(window);
