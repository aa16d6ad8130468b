/* What a brush came to, for those who hear the page rather than see it: said once it rests, in one sentence. */
(function (root) {
  "use strict";
  const lv = (root.lstmviz = root.lstmviz || {});
  const REST = 700; // ms without a change
  const MOST = 12; // units and tokens that are named
  let timer = null;
  let said = "";

  function make() {
    lv.frame.add("selection", () => {
      clearTimeout(timer);
      timer = setTimeout(say, REST);
    });
  }

  function say() {
    if (!lv.model.source || lv.start.isShown() || lv.model.chosen === null) return;
    const words = sentence();
    if (words === said) return;
    said = words;
    document.getElementById(lv.ids.said).textContent = words;
  }

  /* "Brushed 6 steps from 249: ( 4 4 4 4 4. 4 units: 15, 18, 45, 49." */
  function sentence() {
    const { start, stop, typed } = lv.state.current;
    if (!lv.url.isPut(lv.state.current)) return said ? "No brush." : "";
    const { chosen, axis } = lv.model;
    const units = chosen.slice(0, MOST).map((one) => lv.chips.words(one)).join(", ") + (chosen.length > MOST ? " and more" : "");
    const found = `${lv.words.plural(chosen.length, "unit")}${chosen.length ? `: ${units}` : ""}.`;
    if (typed) return `Brushed ${lv.words.plural(typed.stop - typed.start, "token")} of your text from ${typed.start}. ${found}`;
    if (start === null) return found;
    const steps = Array.from({ length: Math.min(MOST, stop - start) }, (_, k) => lv.model.shown(start + k));
    const text = axis.has_tokens && steps.every(Boolean) ? `: ${steps.map((one) => one.text).join(" ")}${stop - start > MOST ? " and more" : ""}` : "";
    return `Brushed ${lv.words.plural(stop - start, "step")} from ${lv.scale.grouped(start)}${text}. ${found}`;
  }

  lv.said = { make };
})(window);
