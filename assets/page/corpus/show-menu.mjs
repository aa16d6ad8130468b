/* "show": what is shown under and over the lines: the mask, the bars, the text of one unit, and which tracks in which order. */

import { button, choiceList, element, tickBox } from "../dom/element.mjs";
import { onFrame, redrawAll } from "../dom/frame.mjs";
import { ids } from "../dom/ids.mjs";
import { makeMenu } from "../dom/menu.mjs";
import { showToken } from "../lib/tokens.mjs";
import { model } from "../store/model.mjs";
import { changeState, state } from "../store/state.mjs";
import { trackLook, visibleTracks } from "../store/tracks.mjs";
import { fillBesideMenu } from "./beside-menu.mjs";
import { trackGrip } from "./track-drag.mjs";

const LOOKS = [
  ["", "as usual"],
  ["heat", "heat strip"],
  ["line", "line"],
  ["bars", "bars"],
];
const LEAST_RUNS = [1, 2, 3, 5, 8];
let /** @type {Menu} */ menu = null;

export function makeShowMenu() {
  menu = makeMenu(document.getElementById(ids.show), {
    words: "show",
    title: "What is shown with the lines, and which tracks",
    fill,
  });
  menu.button.classList.add("lv-menu-down");
  onFrame("selection", mark);
}

function mark() {
  const { mask, bars, leastRun, view, tracks, beside } = state;
  const isOther = mask || bars || leastRun > 1;
  menu.button.classList.toggle("lv-menu-on", isOther || beside !== null || view === "text" || tracks !== null);
}

/** @param {Changes} changes */
function set(changes) {
  changeState(changes, "settle");
  redrawAll();
}

/** @param {HTMLElement} panel */
function fill(panel) {
  panel.append(
    element("p", "lv-panel-head", "With the lines"),
    tickBox("Mask: fade steps where few of the units are on", state.mask, (mask) => set({ mask })),
    tickBox("Bars: where each unit is on", state.bars, (bars) => set({ bars })),
    tickBox("Text coloured by one unit, in place of the lines", state.view === "text", (isText) =>
      set({ view: isText ? "text" : "lines" }),
    ),
    leastRunChoice(),
  );
  fillBesideMenu(panel);
  if (!model.tracks.length) return;
  const list = element("div", "lv-track-list");
  panel.append(element("p", "lv-panel-head", "Tracks, from the top"), list);
  fillTracks(list);
}

/* Short runs left out of the lines: what is on for a moment only hides what stays. */
function leastRunChoice() {
  const offers = LEAST_RUNS.map((n) => [String(n), n === 1 ? "all runs" : `runs of ${n} steps or more`]);
  if (!LEAST_RUNS.includes(state.leastRun)) offers.push([String(state.leastRun), `runs of ${state.leastRun} or more`]);
  const row = element("label", "lv-panel-row", "Lines show");
  row.append(
    choiceList("Which runs of a unit its line shows", offers, String(state.leastRun), (value) =>
      set({ leastRun: Number(value) }),
    ),
  );
  return row;
}

/**
 * The tracks that are shown come first, in their order; the others follow.
 * @param {HTMLElement} list
 */
function fillTracks(list) {
  const seen = visibleTracks();
  const rest = model.tracks.filter((track) => !seen.includes(track));
  list.replaceChildren(
    ...seen.map((track, k) => row(list, track, k, seen)),
    ...rest.map((track) => row(list, track, -1, seen)),
  );
}

/**
 * @param {HTMLElement} list
 * @param {Track} track
 * @param {number} at
 * @param {Track[]} seen
 */
function row(list, track, at, seen) {
  const words = showToken(track.name).text;
  const names = seen.map((one) => one.name);
  const isSeen = at >= 0;
  /**
   * @param {string[]} changed
   * @param {string} focused
   */
  const put = (changed, focused) => {
    set({ tracks: changed });
    fillTracks(list);
    const again = [...list.querySelectorAll("[data-track]")].find((one) => one.dataset.track === track.name);
    const target = again && (again.querySelector(`${focused}:not(:disabled)`) || again.querySelector("input"));
    if (target) target.focus();
  };
  const whole = element("div", "lv-panel-row");
  whole.dataset.track = track.name;
  const box = tickBox(words, isSeen, (isOn) =>
    put(isOn ? [...names, track.name] : names.filter((name) => name !== track.name), "input"),
  );
  box.classList.add("lv-grow");
  const grip = isSeen ? trackGrip(whole, words, (order) => put(order, "input")) : element("span", "lv-grip-room");
  whole.append(grip, box);
  if (track.kind === "number" && isSeen) {
    const look = trackLook(track) || "";
    whole.append(
      choiceList(`How ${words} is drawn`, LOOKS, look, (value) => {
        const looks = Object.assign({}, state.looks, { [track.name]: value });
        if (!value) delete looks[track.name];
        set({ looks, tracks: names });
      }),
    );
  }
  /** @param {number} by */
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
