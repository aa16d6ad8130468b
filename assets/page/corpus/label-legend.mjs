/* What the colours of labels mean, under the tracks: of those whose cells are too narrow for their labels. */

import { element } from "../dom/element.mjs";
import { onFrame } from "../dom/frame.mjs";
import { ids } from "../dom/ids.mjs";
import { themeColours } from "../dom/theme.mjs";
import { showToken } from "../lib/tokens.mjs";
import { model } from "../store/model.mjs";
import { trackColour, visibleTracks } from "../store/tracks.mjs";
import { tracksRevision } from "../store/tracks-revision.mjs";
import { areLabelsWhole } from "./track.mjs";

const MOST = 12; // labels of a track; the colours of more repeat
let /** @type {HTMLElement} */ place = null;
let drawnKey = "";

export function makeLabelLegend() {
  place = document.getElementById(ids.labelLegend);
  onFrame("strip", draw);
}

function draw() {
  const tracks = model.source ? visibleTracks().filter(needsLegend) : [];
  const names = tracks.map((track) => track.name);
  const now = JSON.stringify([model.dump?.about.uuid, themeColours().bg, names, tracksRevision()]);
  if (now === drawnKey) return;
  drawnKey = now;
  place.replaceChildren(...tracks.map(line));
}

/** @param {Track} track */
function needsLegend(track) {
  return track.kind === "category" && !track.group && track.labels.length <= MOST && !areLabelsWhole(track);
}

/** @param {Track} track */
function line(track) {
  const row = element("div", "lv-label-legend-row");
  row.append(element("span", "lv-label-legend-name", showToken(track.name).text));
  track.labels.forEach((label, k) => {
    const entry = element("span", "lv-label-legend-entry");
    const swatch = element("span", "lv-swatch");
    swatch.style.background = trackColour(track, k);
    entry.append(swatch, showToken(label).text);
    row.append(entry);
  });
  return row;
}
