/* "show": what stands under and over the lines: the mask, the bars, the text of one unit, and which tracks in which order. */
(function (root) {
  "use strict";
  const lv = (root.lstmviz = root.lstmviz || {});
  const LOOKS = [
    ["", "as usual"],
    ["heat", "heat strip"],
    ["line", "line"],
    ["bars", "bars"],
  ];
  let menu = null;

  function make() {
    menu = lv.menu.make(document.getElementById(lv.ids.show), { words: "show", title: "What is shown with the lines, and which tracks", fill });
    menu.button.classList.add("lv-menu-down");
    lv.frame.add("selection", mark);
  }

  function mark() {
    const { mask, bars, view, tracks, beside } = lv.state.current;
    menu.button.classList.toggle("lv-menu-on", mask || bars || beside !== null || view === "text" || tracks !== null);
  }

  function set(changes) {
    lv.state.change(changes, "settle");
    lv.frame.askAll();
  }

  function fill(panel) {
    const { element, tick } = lv.menu;
    const state = lv.state.current;
    panel.append(
      element("p", "lv-panel-head", "With the lines"),
      tick("Mask: fade steps where few of the units are on", state.mask, (mask) => set({ mask })),
      tick("Bars: where each unit is on", state.bars, (bars) => set({ bars })),
      tick("Text coloured by one unit, in place of the lines", state.view === "text", (isText) => set({ view: isText ? "text" : "lines" })),
    );
    lv.beside.fill(panel);
    if (!lv.model.tracks.length) return;
    const list = element("div", "lv-track-list");
    panel.append(element("p", "lv-panel-head", "Tracks, from the top"), list);
    fillTracks(list);
  }

  /* The tracks that are shown come first, in their order; the others follow. */
  function fillTracks(list) {
    const seen = lv.tracks.visible();
    const rest = lv.model.tracks.filter((track) => !seen.includes(track));
    list.replaceChildren(...seen.map((track, k) => row(list, track, k, seen)), ...rest.map((track) => row(list, track, -1, seen)));
  }

  function row(list, track, at, seen) {
    const { element, tick, choice, button } = lv.menu;
    const words = lv.tokens.show(track.name).text;
    const names = seen.map((one) => one.name);
    const isSeen = at >= 0;
    const put = (changed, focused) => {
      set({ tracks: changed });
      fillTracks(list);
      const again = [...list.querySelectorAll("[data-track]")].find((one) => one.dataset.track === track.name);
      const target = again && (again.querySelector(`${focused}:not(:disabled)`) || again.querySelector("input"));
      if (target) target.focus();
    };
    const whole = element("div", "lv-panel-row");
    whole.dataset.track = track.name;
    const box = tick(words, isSeen, (isOn) => put(isOn ? [...names, track.name] : names.filter((name) => name !== track.name), "input"));
    box.classList.add("lv-grow");
    const grip = isSeen ? lv.trackdrag.grip(whole, words, (order) => put(order, "input")) : element("span", "lv-grip-room");
    whole.append(grip, box);
    if (track.kind === "number" && isSeen) {
      const look = lv.tracks.look(track) || "";
      whole.append(choice(`How ${words} is drawn`, LOOKS, look, (value) => {
        const looks = Object.assign({}, lv.state.current.looks, { [track.name]: value });
        if (!value) delete looks[track.name];
        set({ looks, tracks: names });
      }));
    }
    const move = (by) => {
      const to = [...names];
      [to[at], to[at + by]] = [to[at + by], to[at]];
      put(to, by < 0 ? ".lv-up" : ".lv-down");
    };
    const up = button("lv-arrow lv-up", "↑", `Move ${words} up`, () => move(-1));
    const down = button("lv-arrow lv-down", "↓", `Move ${words} down`, () => move(1));
    up.disabled = at <= 0;
    down.disabled = !isSeen || at === seen.length - 1;
    whole.append(up, down);
    return whole;
  }

  lv.show = { make };
})(window);
