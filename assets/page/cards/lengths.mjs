/* How long the matches are: those with all units on above, all that were found below; a press or a drag keeps some lengths. */
(function (root) {
  "use strict";
  const lv = (root.lstmviz = root.lstmviz || {});
  const SIZE = { strict: 46, axis: 16, fuzzy: 30 }; // px
  const HINT = "Brush some tokens: how long their matches are.";
  let card, chart, fields, said, clear;
  let whole = { key: null, answer: null }; // the last answer for any length: so what is left out still has its bars
  let drag = null; // {from, to}: bars
  let made = "";
  let bars = [];
  let cell = 1;

  function make() {
    card = lv.aside.card(lv.ids.lengths, "Match length");
    chart = lv.menu.element("div", "lv-lengths-chart");
    chart.addEventListener("pointerdown", down);
    chart.addEventListener("pointermove", move);
    chart.addEventListener("pointerup", up);
    chart.addEventListener("pointercancel", up);
    chart.addEventListener("pointerleave", () => lv.tip.hide());
    said = lv.aside.hint("");
    clear = lv.menu.button("lv-link", "any length", "Keep matches of any length", () => lv.pick.limit({ minLength: 1, maxLength: null }));
    fields = row();
    for (const name of ["selection", "summary", "lengths"]) lv.frame.add(name, draw);
  }

  /* The same bounds as numbers, for keys. */
  function row() {
    const { element } = lv.menu;
    const made = element("div", "lv-lengths-fields");
    const field = (label) => element("input", "lv-input", "", { type: "text", inputmode: "numeric", "aria-label": label, title: label });
    const [from, to] = [field("Shortest match, in steps"), field("Longest match, in steps; empty: any")];
    to.placeholder = "any";
    const take = () => {
      const read = (text) => (/^\d{1,9}$/.test(text.trim()) && Number(text) > 0 ? Number(text) : null);
      const [minLength, maxLength] = [read(from.value) || 1, read(to.value)];
      lv.pick.limit({ minLength, maxLength: maxLength === null ? null : Math.max(minLength, maxLength) });
      made.fill();
    };
    made.fill = () => {
      const { minLength, maxLength } = lv.pick.limits();
      from.value = String(minLength);
      to.value = maxLength === null ? "" : String(maxLength);
    };
    for (const input of [from, to]) {
      input.addEventListener("change", take);
      input.addEventListener("keydown", (event) => event.key !== "Escape" && event.stopPropagation());
    }
    made.append(element("span", "", "keep"), from, element("span", "", "to"), to, element("span", "", "steps"), clear);
    return made;
  }

  /* What the lengths are counted for, whatever bounds hold. */
  function wholeKey(question) {
    const { pattern } = question;
    if (!pattern) return lv.url.patternKey(question);
    try {
      const file = lv.patternedit.limited(JSON.parse(pattern), { minLength: 1, maxLength: null });
      return lv.url.patternKey(Object.assign({}, question, { pattern: JSON.stringify(file) }));
    } catch (error) {
      return lv.url.patternKey(question);
    }
  }

  /* The answer whose lengths are shown: the one for any length where it is known. */
  function answer() {
    const now = lv.summary.answer();
    if (!now || now.error) return null;
    const isAny = lv.lengthbars.words(lv.pick.limits()) === "";
    const key = wholeKey(lv.state.current);
    if (isAny && now.key === lv.summary.keyOf(lv.state.current)) whole = { key, answer: now };
    return whole.key === key ? whole.answer : now;
  }

  function draw() {
    if (!lv.model.source) return;
    const missing = lv.aside.noSummary(HINT);
    const given = missing ? null : answer();
    const bounds = lv.pick.limits();
    const { minLength, maxLength } = bounds;
    const now = JSON.stringify([missing && missing.textContent, given && given.key, minLength, maxLength, lv.state.current.shared, drag, card.width(), lv.svg.type()]);
    if (now === made) return;
    made = now;
    if (given && given.is_region) return card.body.replaceChildren(lv.aside.hint("The rows are single steps: those of the region on the map."));
    if (missing) return card.body.replaceChildren(missing, ...(minLength > 1 || maxLength !== null ? [fields] : []));
    bars = lv.lengthbars.bars(given.lengths, given.n_units, lv.state.current.shared || 1);
    if (fields.parentElement !== card.body || chart.parentElement !== card.body) card.body.replaceChildren(chart, said, fields);
    fields.fill();
    clear.hidden = minLength === 1 && maxLength === null;
    const picked = drag ? lv.lengthbars.bounds(bars, drag.from, drag.to) : bounds;
    said.textContent = sentence(given, picked);
    chart.replaceChildren(...(bars.length ? [paint(given, picked)] : []));
  }

  function sentence(given, picked) {
    if (!bars.length) return "No match is as long as that.";
    const strict = lv.words.plural(lv.lengthbars.total(bars, "strict"), "match");
    const words = [`Above: ${strict} with all units on.`];
    if (given.complete) words.push(`Below: ${lv.scale.grouped(lv.lengthbars.total(bars, "fuzzy"))} with any.`);
    else words.push("Others are not counted in a corpus as long as this.");
    const kept = lv.lengthbars.words(picked);
    if (kept) words.push(`Kept: ${kept}.`);
    return words.join(" ");
  }

  function paint(given, picked) {
    const wide = card.width();
    const under = SIZE.strict + SIZE.axis * lv.svg.type();
    const tall = under + (given.complete ? SIZE.fuzzy : 0);
    cell = Math.min(26, wide / bars.length);
    const drawn = lv.svg.drawing(wide, tall, aria(given));
    const most = { strict: Math.max(1, ...bars.map((bar) => bar.strict)), fuzzy: Math.max(1, ...bars.map((bar) => bar.fuzzy)) };
    const every = labelEvery();
    bars.forEach((bar, k) => {
      const shut = lv.lengthbars.isIn(bar, picked) ? "" : " lv-svg-shut";
      const high = (name, room) => (bar[name] ? Math.max(1.5, (bar[name] / most[name]) * room) : 0);
      const strict = high("strict", SIZE.strict);
      drawn.append(lv.svg.bar(`lv-svg-strict${shut}`, k * cell + 0.5, SIZE.strict - strict, cell - 1, strict));
      if (given.complete) drawn.append(lv.svg.bar(`lv-svg-fuzzy${shut}`, k * cell + 0.5, under, cell - 1, high("fuzzy", SIZE.fuzzy)));
      if (every[k]) drawn.append(lv.svg.words("", lv.scale.grouped(bar.from), (k + 0.5) * cell, SIZE.strict + 12 * lv.svg.type(), "middle"));
    });
    return drawn;
  }

  /* Which bars have room for their number: the first, and each that is far enough from the one before. */
  function labelEvery() {
    let free = -1;
    return bars.map((bar, k) => {
      const half = lv.scale.grouped(bar.from).length * 3.6 * lv.svg.type();
      const at = Math.max(half, (k + 0.5) * cell);
      if (at - half < free) return false;
      free = at + half + 6;
      return true;
    });
  }

  function aria(given) {
    const some = bars.slice(0, 20).map((bar) => `${lv.shares.binName(bar)} steps: ${bar.strict}${given.complete ? ` of ${bar.fuzzy}` : ""}`);
    return `Lengths of the matches with all units on${given.complete ? ", of all that were found" : ""}. ${some.join("; ")}`;
  }

  function barAt(event) {
    const k = Math.floor((event.clientX - chart.getBoundingClientRect().left) / cell);
    return lv.url.clamp(k, 0, bars.length - 1);
  }

  function down(event) {
    if (event.button !== 0 || !bars.length) return;
    const k = barAt(event);
    drag = { from: k, to: k };
    chart.setPointerCapture(event.pointerId);
    lv.tip.hide();
    lv.frame.ask("lengths");
  }

  function move(event) {
    if (!bars.length) return;
    const k = barAt(event);
    if (drag) {
      drag = { from: drag.from, to: k };
      lv.frame.ask("lengths");
      return;
    }
    const bar = bars[k];
    lv.tip.show(event, [`${lv.shares.binName(bar)} step${bar.to === 1 ? "" : "s"}`, `${lv.words.plural(bar.strict, "match")} with all units on`, `${lv.scale.grouped(bar.fuzzy)} with any`, "press or drag to keep only these"]);
  }

  function up(event) {
    if (!drag) return;
    const picked = lv.lengthbars.bounds(bars, drag.from, drag.to);
    const { minLength, maxLength } = lv.pick.limits();
    const isSame = picked.minLength === minLength && picked.maxLength === maxLength; // pressed once more: any length again
    drag = null;
    if (event.type === "pointerup") lv.pick.limit(isSame ? { minLength: 1, maxLength: null } : picked);
    lv.frame.ask("lengths");
  }

  /* For tests: bars, and where each is in the window. */
  function shown() {
    const box = chart.getBoundingClientRect();
    return { bars, x: bars.map((_, k) => box.left + (k + 0.5) * cell), y: box.top + SIZE.strict / 2, words: said.textContent };
  }

  lv.lengths = { make, shown };
})(window);
