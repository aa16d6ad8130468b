/* The names of the tracks in the gutter: each is cut only where there is no room, is shown whole when pointed at, and puts
   its track's heatmap first when pressed. Below them, a press shows more tracks where there are many. */

import { focusedIn, targetOf } from "../dom/element.mjs";
import { redrawAll } from "../dom/frame.mjs";
import { hideTip } from "../dom/tooltip.mjs";
import { valueText } from "../lib/scale.mjs";
import { showToken } from "../lib/tokens.mjs";
import { SHIFTED, trackShift } from "../lib/tracks.mjs";
import { plural } from "../lib/words.mjs";
import { model } from "../store/model.mjs";
import { setHover } from "../store/state.mjs";
import {
  chooseFirstTrack,
  firstTrack,
  hasManyTracks,
  nHiddenTracks,
  toggleTracks,
  visibleTracks,
} from "../store/tracks.mjs";
import { tracksRevision } from "../store/tracks-revision.mjs";

const ROW = 18; // px of a name
let /** @type {HTMLElement} */ place = null;
let drawnKey = "";

/** @param {HTMLElement} mount */
export function makeTrackNames(mount) {
  place = document.createElement("div");
  place.className = "lv-track-names";
  for (const type of ["pointerdown", "keydown"]) place.addEventListener(type, (event) => event.stopPropagation()); // not a brush
  place.addEventListener("pointermove", (event) => {
    event.stopPropagation();
    setHover({ step: null });
    hideTip();
  });
  place.addEventListener("click", press);
  mount.append(place);
}

/** @param {{ rows: { track: Track, top: number, height: number }[], end: number }} places */
export function drawTrackNames({ rows: places, end }) {
  const seen = visibleTracks();
  const hidden = nHiddenTracks();
  const now = JSON.stringify([
    model.dump.about.uuid,
    model.axis.index,
    seen.map((track) => track.index),
    hidden,
    firstTrack(),
    places.map(({ top }) => top),
    end,
    tracksRevision(),
  ]);
  if (now === drawnKey) return;
  drawnKey = now;
  const rows = seen.map(name);
  if (hasManyTracks()) rows.push(toggle(hidden));
  rows.forEach((row, k) => {
    const { top, height } = places[k] || { top: end, height: ROW };
    row.style.top = `${top + (height - ROW) / 2}px`;
  });
  const held = focusedIn(place)?.dataset.track;
  place.replaceChildren(...rows);
  const again = rows.find((row) => row.dataset.track === held);
  if (again) again.focus();
}

/**
 * @param {string} words
 * @param {string} title
 * @param {string} key
 */
function button(words, title, key) {
  const made = document.createElement("button");
  made.type = "button";
  made.className = "lv-track-name";
  made.textContent = words;
  made.title = title;
  made.dataset.track = key;
  return made;
}

/** @param {Track} track */
function name(track) {
  const words = showToken(track.name).text;
  const isFirst = track.name === firstTrack();
  const where = trackShift(track) ? `, ${SHIFTED}` : "";
  const made = button(
    words,
    `${words}: ${about(track)}${where}. Press to show it ${isFirst ? "in its own place" : "first"} beside the matches.`,
    String(track.index),
  );
  made.setAttribute("aria-pressed", String(isFirst));
  return made;
}

/** @param {Track} track */
function about(track) {
  if (track.kind === "category") return `one of ${plural(track.labels.length, "label")} at each step`;
  return `a number at each step, ${valueText(track.low)} to ${valueText(track.high)}`;
}

/** @param {number} hidden */
function toggle(hidden) {
  const made = button(
    hidden ? `+${hidden} more` : "fewer",
    hidden ? "Show the other tracks too" : "Show the first tracks only",
    "more",
  );
  made.classList.add("lv-track-more");
  made.setAttribute("aria-expanded", String(!hidden));
  return made;
}

/** @param {MouseEvent} event */
function press(event) {
  const pressed = targetOf(event).closest("[data-track]");
  if (!pressed) return;
  if (pressed.dataset.track === "more") toggleTracks();
  else chooseFirstTrack(model.tracks.find((track) => String(track.index) === pressed.dataset.track).name);
  redrawAll();
}
