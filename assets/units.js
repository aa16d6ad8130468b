/* The row under the strip: a chip for each selected unit, or the sentence that says why there is none. */
(function (root) {
  "use strict";
  const lv = (root.lstmviz = root.lstmviz || {});
  const CHIP = 50; // px of a chip and its gap
  const MOST = 2000; // chips ever made
  let list, message, place, back;
  let isOpen = false;
  let made = null; // what the chips show now

  function make() {
    place = document.getElementById(lv.ids.units);
    list = document.getElementById(lv.ids.chips);
    message = document.getElementById(lv.ids.message);
    list.addEventListener("pointerover", (event) => hover(event.target));
    list.addEventListener("pointerleave", () => lv.state.setHover({ unit: null }));
    list.addEventListener("focusin", (event) => hover(event.target));
    list.addEventListener("focusout", () => lv.state.setHover({ unit: null }));
    list.addEventListener("click", press);
    back = document.getElementById(lv.ids.toBrush);
    back.addEventListener("click", () => {
      const { start, stop, span } = lv.state.current;
      lv.state.panTo((start + stop - span) / 2, "settle");
    });
    lv.frame.add("units", draw);
  }

  function unitOf(element) {
    const chip = element.closest("[data-unit]");
    return chip ? Number(chip.dataset.unit) : null;
  }

  function hover(element) {
    lv.state.setHover({ unit: unitOf(element) });
  }

  /* A press keeps a unit's line in the hover colour until the next press. */
  function press(event) {
    if (event.target.closest("[data-all]")) {
      isOpen = !isOpen;
      lv.frame.ask("units");
      return;
    }
    const unit = unitOf(event.target);
    if (unit !== null) lv.state.hold(lv.state.current.source, unit);
  }

  function draw() {
    lv.model.refresh();
    if (!lv.model.source) return;
    const units = lv.model.units;
    const words = sentence(units);
    message.textContent = words.text;
    message.className = `lv-message ${words.kind}`;
    if (units !== null) fill(words.text ? [] : units); // while states load, the chips of before stay
    mark();
    offerBrush();
  }

  /* A way back to a window that is out of view. */
  function offerBrush() {
    const { start, stop, at, span } = lv.state.current;
    const isAway = start !== null && (stop <= at || start >= at + span);
    back.hidden = !isAway;
    if (isAway) back.textContent = `${start < at ? "←" : "→"} brush at ${lv.scale.grouped(start)}`;
  }

  function sentence(units) {
    const state = lv.state.current;
    if (state.pattern) return lv.patternfile.sentence();
    if (state.start === null && !state.pinned.length) {
      return { kind: "lv-hint", text: `Drag over the ${lv.model.axis.has_tokens ? "tokens" : "steps"}: the units that are on through exactly that window appear here.` };
    }
    if (units === null) {
      const isLate = lv.model.since !== null && performance.now() - lv.model.since > 300;
      return { kind: "lv-hint", text: isLate && !made ? "Loading the states of the window …" : "" };
    }
    if (lv.model.problem) return { kind: "lv-warn", text: lv.model.problem };
    if (!lv.model.chosen.length) return { kind: "lv-warn", text: lv.words.noUnits(state, lv.model.nMissing, lv.model.nLooked) };
    return { kind: "", text: "" };
  }

  function fill(units) {
    const fits = Math.max(4, Math.floor((list.clientWidth || 900) / CHIP) - 2);
    const isLong = units.length > fits + 1;
    const shown = isLong && !isOpen ? units.slice(0, fits) : units.slice(0, MOST);
    const now = `${shown.join()}|${units.length}|${isOpen && isLong}`;
    if (now === made) return;
    made = now;
    place.classList.toggle("lv-open", isOpen && isLong);
    const chips = shown.map(chip);
    if (isLong) chips.push(toggle(units.length));
    list.replaceChildren(...chips);
  }

  function chip(unit) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "lv-chip";
    button.dataset.unit = unit;
    button.dataset.testid = "chip";
    button.setAttribute("aria-label", `unit ${unit}`);
    button.title = `unit ${unit}: point to see its line, press to keep it`;
    button.textContent = String(unit);
    return button;
  }

  function toggle(count) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "lv-chip-all";
    button.dataset.all = "";
    button.setAttribute("aria-expanded", String(isOpen));
    button.textContent = isOpen ? "fewer" : `all ${lv.scale.grouped(count)}`;
    return button;
  }

  function mark() {
    const { unit } = lv.state.hover;
    const held = lv.state.held && lv.state.held.source === lv.state.current.source ? lv.state.held.unit : null;
    for (const button of list.querySelectorAll(".lv-chip")) {
      const own = Number(button.dataset.unit);
      button.classList.toggle("lv-hovered", own === unit || (unit === null && own === held));
      button.setAttribute("aria-pressed", String(own === held));
    }
  }

  lv.units = { make };
})(window);
