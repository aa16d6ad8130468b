/* "+ pin": keep a unit in the pattern by its number, or by a press on its line while the panel is open. */
(function (root) {
  "use strict";
  const lv = (root.lstmviz = root.lstmviz || {});
  let menu = null;
  let side = "high";

  function make() {
    menu = lv.menu.make(document.getElementById(lv.ids.unitTools), {
      words: "+ pin",
      title: "Keep a unit in the pattern, whatever the brush says",
      fill,
      onClose: () => lv.frame.ask("overlay"),
    });
  }

  function offer() {
    menu.button.disabled = !lv.model.source;
  }

  function fill(panel) {
    const { element, button, choice } = lv.menu;
    const { source, side: now } = lv.state.current;
    side = now === "low" ? "low" : "high";
    let from = source;
    const sources = lv.model.dump.about.sources.filter((one) => one.axis === lv.model.axis.index);
    const number = element("input", "lv-input", "", { type: "text", inputmode: "numeric", "aria-label": "Unit number", placeholder: "unit" });
    const told = element("p", "lv-panel-note", "or press its line in the plot");
    const add = () => {
      const nUnits = lv.model.sourceOf(from).n_units;
      const unit = /^\d{1,9}$/.test(number.value.trim()) ? Number(number.value) : -1;
      if (unit < 0 || unit >= nUnits) {
        told.textContent = `${from} has units 0 to ${nUnits - 1}`;
        told.className = "lv-panel-note lv-warn";
        return;
      }
      lv.pick.pin(lv.pick.make(from, unit, side));
      number.value = "";
      told.textContent = `unit ${unit} is pinned`;
      told.className = "lv-panel-note";
    };
    number.addEventListener("keydown", (event) => event.key === "Enter" && add());
    const row = element("div", "lv-panel-row");
    row.append(number);
    if (sources.length > 1) row.append(choice("Its source", sources.map((one) => [one.name, lv.chips.short(one.name)]), source, (name) => (from = name)));
    const sides = [
      ["high", "on high"],
      ["low", "on low"],
    ];
    row.append(choice("Which side", sides, side, (value) => (side = value)), button("lv-button", "Pin", "Pin this unit", add));
    panel.append(row, told);
  }

  lv.pinning = { make, offer, isOpen: () => menu !== null && menu.isOpen() };
})(window);
