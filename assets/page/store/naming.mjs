/* What the header and the bars say of the present recording and source: names whole, what is missing, what cannot be done. */
(function (root) {
  "use strict";
  const lv = (root.lstmviz = root.lstmviz || {});
  const ROOM = { dump: 52, source: 104 }; // px of a field beside its name: padding, the word before it, the arrow
  const LEAST = { dump: 150, source: 160 }; // px
  const MOST = 460; // px; wider names are cut, and whole in the tooltip
  let pen = null;

  /* Say everything anew: another recording or another source is shown. */
  function show() {
    const { dump, source, axis } = lv.model;
    field("dump", "Recording", dump.about.name, shownName(dump.about.uuid));
    field("source", "Source of the states", source.name, sourceLabel(source));
    document.getElementById(lv.ids.cutShort).hidden = dump.about.is_complete !== false;
    document.getElementById(lv.ids.cutShort).title = "The recording did not end in order: it holds the steps up to where it was cut short.";
    dash_clientside.set_props(lv.ids.threshold, { step: lv.geometry.step() });
    offerSearch(axis);
    noteSource(source);
  }

  function shownName(uuid) {
    return label(lv.page.dumps.find((one) => one.uuid === uuid));
  }

  /* A recording as its list has it. */
  function label(card) {
    const name = lv.tokens.show(card.name).text;
    return card.detail ? `${name} · ${card.detail}` : name;
  }

  function sourceLabel(source) {
    const name = lv.tokens.show(source.name).text;
    return source.view === "tanh" ? `${name} · tanh` : name;
  }

  /* A field is as wide as what it shows, as far as there is room, and tells it whole when pointed at. */
  function field(name, what, whole, label) {
    const input = document.getElementById(lv.ids[name]);
    input.title = `${what}: ${lv.tokens.show(whole).text}`;
    pen = pen || document.createElement("canvas").getContext("2d");
    pen.font = `${lv.theme.px(12)} ${lv.theme.colours().sans}`;
    const type = lv.projector.type();
    const wide = Math.ceil(pen.measureText(label).width) + ROOM[name] * type;
    document.documentElement.style.setProperty(`--lv-${name}-width`, `${lv.url.clamp(wide, LEAST[name] * type, MOST * type)}px`);
  }

  function offerSearch(axis) {
    const disabled = !axis.has_tokens;
    dash_clientside.set_props(lv.ids.search, { disabled, placeholder: disabled ? "No text to search: steps of numbers" : "Search the text" });
    for (const name of ["hitBack", "hitNext"]) dash_clientside.set_props(lv.ids[name], { disabled });
  }

  function noteSource({ n_units: units, n_nan: nan }) {
    const words = [lv.words.plural(units, "unit")];
    if (nan) words.push(`${lv.words.plural(nan, "NaN value")}: neither on nor off`);
    const place = document.getElementById(lv.ids.selectNote);
    place.textContent = place.title = words.join(" · ");
    place.classList.toggle("lv-warn", Boolean(nan));
  }

  lv.naming = { show, label, sourceLabel };
})(window);
