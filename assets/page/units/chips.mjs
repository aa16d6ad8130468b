/* A chip for each unit of the pattern: point to see its line, press to hold it, × or Delete to take it out, P to pin it. */
(function (root) {
  "use strict";
  const lv = (root.lstmviz = root.lstmviz || {});
  const MOST = 2000; // chips ever made
  const AROUND = { chip: 38, pin: 14, out: 27, gap: 4 }; // px of a chip beside its words, and between chips
  const OTHERS = 150; // px kept for the buttons after the chips
  let list, place, pen;
  let isOpen = false;
  let isOutOpen = false;
  let made = null; // what the chips show now

  function make() {
    place = document.getElementById(lv.ids.units);
    list = document.getElementById(lv.ids.chips);
    list.addEventListener("pointerover", (event) => hover(event.target));
    list.addEventListener("pointerleave", () => lv.state.setHover({ unit: null }));
    list.addEventListener("focusin", (event) => hover(event.target));
    list.addEventListener("focusout", () => lv.state.setHover({ unit: null }));
    list.addEventListener("click", press);
    list.addEventListener("keydown", key);
  }

  /* The unit of a chip: {source, unit, side}, or null. */
  function unitOf(element) {
    const chip = element && element.closest && element.closest("[data-unit]");
    return chip ? { source: chip.dataset.source, unit: Number(chip.dataset.unit), side: chip.dataset.side } : null;
  }

  function hover(element) {
    lv.state.setHover(unitOf(element) || { unit: null });
  }

  function press(event) {
    const act = event.target.closest("[data-act]");
    const unit = unitOf(event.target);
    if (!act) return;
    if (act.dataset.act === "all") isOpen = !isOpen;
    else if (act.dataset.act === "outs") isOutOpen = !isOutOpen;
    else if (unit) ACTS[act.dataset.act](unit);
    lv.frame.ask("units");
  }

  const ACTS = { hold, out: (unit) => lv.pick.exclude(unit), back: (unit) => lv.pick.include(unit), pin: (unit) => lv.pick.togglePin(unit) };

  /* Hold a unit; one of another source brings that source's lines. */
  function hold({ source, unit }) {
    if (source === lv.state.current.source) return lv.state.hold(source, unit);
    lv.state.change({ held: { source, unit }, colour: lv.colouring.held({ source, unit }) }, "live");
    return lv.page.openSource(source);
  }

  function key(event) {
    const unit = unitOf(event.target);
    if (unit) lv.keys.act("chip", event, { out: () => takeOut(unit, event.target.closest(".lv-chip")) });
  }

  /* Take a chip's unit out; the keyboard goes on from the chip that takes its place. */
  function takeOut(unit, chip) {
    const chips = [...list.querySelectorAll(".lv-chip")];
    const at = chips.indexOf(chip);
    ACTS.out(unit);
    draw();
    const next = list.querySelectorAll(".lv-chip .lv-chip-name")[Math.max(0, Math.min(at, chips.length - 2))];
    if (next) next.focus();
  }

  /* P: pin, or let go of, the unit that is pointed at or held. */
  function pinKey() {
    const { hover: at, held, current } = lv.state;
    const unit = unitOf(document.activeElement) || (at.unit !== null ? { source: at.source || current.source, unit: at.unit, side: at.side } : held);
    if (!unit) return;
    const known = (lv.model.chosen || []).find((one) => one.source === unit.source && one.unit === unit.unit && (!unit.side || one.side === unit.side));
    lv.pick.togglePin(known || lv.pick.make(unit.source, unit.unit, unit.side || (current.side === "low" ? "low" : "high")));
  }

  /* "−11" for a unit on low, with the source where it is not the one that is plotted. */
  function words({ source, unit, side }) {
    const name = `${side === "low" ? "−" : ""}${unit}`;
    return source === lv.state.current.source ? name : `${short(source)} ${name}`;
  }

  function short(source) {
    const names = lv.model.dump.about.sources.filter((one) => one.axis === lv.model.axis.index).map((one) => one.name);
    return lv.tokens.show(lv.words.shortName(source, names)).text;
  }

  function draw() {
    if (lv.model.chosen === null) return mark(); // while states load, the chips of before stay
    const units = lv.model.chosen;
    const outs = lv.state.current.excluded;
    const shown = isOpen ? units.slice(0, MOST) : units.slice(0, fits(units));
    const now = JSON.stringify([lv.state.current.source, shown.map((one) => [one.source, one.unit, one.side, one.isPinned, one.threshold]), units.length, outs, isOpen, isOutOpen]);
    if (now !== made) {
      made = now;
      place.classList.toggle("lv-open", isOpen || (isOutOpen && outs.length > 0));
      const focused = unitOf(document.activeElement);
      const chips = shown.map(chip);
      if (shown.length < units.length || isOpen) chips.push(textButton("all", isOpen ? "fewer" : `all ${lv.scale.grouped(units.length)}`, isOpen));
      if (outs.length) chips.push(textButton("outs", `${outs.length} taken out`, isOutOpen), ...(isOutOpen ? outs.map(outChip) : []));
      list.replaceChildren(...chips);
      refocus(focused);
    }
    mark();
  }

  function refocus(unit) {
    if (!unit) return;
    const again = [...list.querySelectorAll(".lv-chip")].find((one) => lv.patternedit.isSame(unitOf(one), unit));
    if (again) again.querySelector("button").focus();
  }

  /* How many chips stand in one row beside what follows them. */
  function fits(units) {
    pen = pen || document.createElement("canvas").getContext("2d");
    pen.font = `600 ${lv.theme.px(12)} ${lv.theme.colours().sans}`;
    const room = (list.clientWidth || 900) - OTHERS;
    let wide = 0;
    for (let k = 0; k < units.length; k++) {
      wide += pen.measureText(words(units[k])).width + AROUND.chip + AROUND.gap + (units[k].isPinned ? AROUND.pin : 0);
      const isLast = k === units.length - 1;
      if (wide > room + (isLast && !lv.state.current.excluded.length ? OTHERS : 0)) return Math.max(1, k);
    }
    return units.length;
  }

  function chip(one) {
    const { source, unit, side, threshold, isPinned } = one;
    const whole = lv.menu.element("span", `lv-chip lv-${side}${isPinned ? " lv-pinned" : ""}`);
    Object.assign(whole.dataset, { source, unit, side });
    const said = `unit ${unit} of ${lv.tokens.show(source).text}, on ${side}${isPinned ? ", pinned" : ""}`;
    const sign = side === "low" ? "≤" : "≥";
    const own = `on where it is ${sign} ${lv.scale.thresholdText(threshold, 0.01)}`;
    const name = lv.menu.element("button", "lv-chip-name", words(one), {
      type: "button",
      title: `${said}: ${own}. Press to hold it, P to pin it, Delete to take it out`,
      "aria-label": said,
      "data-act": "hold",
      "data-testid": "chip",
    });
    const out = lv.menu.element("button", "lv-chip-out", "×", { type: "button", title: `Take unit ${unit} out`, "aria-label": `Take ${said} out`, "data-act": "out", tabindex: "-1" });
    const pin = lv.menu.element("button", "lv-chip-pin", "", { type: "button", title: "Let go of the pin (P)", "aria-label": `Let go of the pin of ${said}`, "data-act": "pin", tabindex: "-1" });
    whole.append(...(isPinned ? [pin] : []), name, out);
    return whole;
  }

  function outChip(one) {
    const whole = lv.menu.element("span", "lv-chip lv-out");
    Object.assign(whole.dataset, { source: one.source, unit: one.unit, side: one.side });
    const name = lv.menu.element("button", "lv-chip-name", words(one), {
      type: "button",
      title: `Bring unit ${one.unit} back`,
      "aria-label": `Bring unit ${one.unit} of ${lv.tokens.show(one.source).text}, on ${one.side}, back`,
      "data-act": "back",
      "data-testid": "chip-out",
    });
    whole.append(name);
    return whole;
  }

  function textButton(act, text, isExpanded) {
    return lv.menu.element("button", "lv-chip-all", text, { type: "button", "data-act": act, "aria-expanded": String(isExpanded) });
  }

  function mark() {
    const { hover: at, held, current } = lv.state;
    for (const one of list.querySelectorAll(".lv-chip")) {
      const unit = unitOf(one);
      const isAt = at.unit === unit.unit && (at.source || current.source) === unit.source;
      const isHeld = held !== null && held.unit === unit.unit && held.source === unit.source;
      one.classList.toggle("lv-hovered", isAt || (at.unit === null && isHeld));
      one.classList.toggle("lv-held", isHeld);
      one.querySelector(".lv-chip-name").setAttribute("aria-pressed", String(isHeld));
    }
  }

  lv.chips = { make, draw, words, short, hold, pinKey };
})(window);
