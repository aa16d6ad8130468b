/* What stands in the place of the matches where there are none: how one gets some. */
(function (root) {
  "use strict";
  const lv = (root.lstmviz = root.lstmviz || {});
  const HOW = [
    ["Brush a span", "Drag over tokens that share something: a phrase, a bracket, a stretch of one value."],
    ["See its units", "Units at or above the threshold through exactly that span turn blue. Off-handles sharpen where they start and end."],
    ["Read the matches", "Every place in the corpus where the same units are on together is listed here, best first. Do they share it too?"],
  ];

  function explain() {
    if (lv.url.isPut(lv.state.current)) return lv.menu.element("p");
    const list = lv.menu.element("ol", "lv-how");
    for (const [title, words] of HOW) {
      const item = lv.menu.element("li");
      item.append(lv.menu.element("strong", "", title), words);
      list.append(item);
    }
    return list;
  }

  lv.matchhow = { explain };
})(window);
