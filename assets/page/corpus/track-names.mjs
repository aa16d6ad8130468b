/* The names of the tracks in the gutter: each is cut only where there is no room, tells itself whole when pointed at, and
   when pressed puts its track's heatmap first. Below them, more tracks where there are many. */
(function (root) {
  "use strict";
  const lv = (root.lstmviz = root.lstmviz || {});
  let place = null;
  let made = "";

  function make(mount) {
    place = document.createElement("div");
    place.className = "lv-track-names";
    for (const type of ["pointerdown", "keydown"]) place.addEventListener(type, (event) => event.stopPropagation()); // not a brush
    place.addEventListener("pointermove", (event) => {
      event.stopPropagation();
      lv.state.setHover({ step: null });
      lv.tip.hide();
    });
    place.addEventListener("click", press);
    mount.append(place);
  }

  function draw() {
    const { TRACK } = lv.strip;
    const seen = lv.tracks.visible();
    const hidden = lv.tracks.nHidden();
    const now = JSON.stringify([lv.model.dump.about.uuid, lv.model.axis.index, seen.map((track) => track.index), hidden, lv.tracks.first()]);
    if (now === made) return;
    made = now;
    const rows = seen.map(name);
    if (lv.tracks.isMany()) rows.push(toggle(hidden));
    rows.forEach((row, k) => (row.style.top = `${TRACK.top + k * (TRACK.height + TRACK.gap)}px`));
    const held = document.activeElement && place.contains(document.activeElement) ? document.activeElement.dataset.track : null;
    place.replaceChildren(...rows);
    const again = rows.find((row) => row.dataset.track === held);
    if (again) again.focus();
  }

  function button(words, title, key) {
    const made = document.createElement("button");
    made.type = "button";
    made.className = "lv-track-name";
    made.textContent = words;
    made.title = title;
    made.dataset.track = key;
    return made;
  }

  function name(track) {
    const words = lv.tokens.show(track.name).text;
    const isFirst = track.name === lv.tracks.first();
    const where = lv.tracks.shift(track) ? `, ${lv.tracks.SHIFTED}` : "";
    const made = button(words, `${words}: ${about(track)}${where}. Press to show it ${isFirst ? "in its own place" : "first"} beside the matches.`, String(track.index));
    made.setAttribute("aria-pressed", String(isFirst));
    return made;
  }

  function about(track) {
    if (track.kind === "category") return `one of ${lv.words.plural(track.labels.length, "label")} at each step`;
    return `a number at each step, ${lv.scale.valueText(track.low)} to ${lv.scale.valueText(track.high)}`;
  }

  function toggle(hidden) {
    const made = button(hidden ? `+${hidden} more` : "fewer", hidden ? "Show the other tracks too" : "Show the first tracks only", "more");
    made.classList.add("lv-track-more");
    made.setAttribute("aria-expanded", String(!hidden));
    return made;
  }

  function press(event) {
    const pressed = event.target.closest("[data-track]");
    if (!pressed) return;
    if (pressed.dataset.track === "more") lv.tracks.toggle();
    else lv.tracks.choose(lv.model.tracks.find((track) => String(track.index) === pressed.dataset.track).name);
    lv.strip.resize();
    lv.frame.askAll();
  }

  lv.tracknames = { make, draw };
})(window);
