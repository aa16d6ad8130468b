/* Draws a part of the page anew once its size is no longer that of the last drawing. */

import { onFrame, redraw, redrawAll } from "./frame.mjs";
import { ids } from "./ids.mjs";

/* What is drawn into each part. A new height redraws these, a new width the whole page. */
const DRAWN = {
  plot: ["base", "overlay"],
  strip: ["strip", "overlay"],
  units: ["units"],
  matchTable: ["matches"],
};

/* To be called before the others' onFrame: the size that is noted is the one a frame begins with. */
export function watchSizes() {
  for (const [name, parts] of Object.entries(DRAWN)) watchSize(document.getElementById(ids[name]), parts);
}

/**
 * @param {HTMLElement} place
 * @param {string[]} parts
 */
function watchSize(place, parts) {
  let [width, height] = [0, 0];
  onFrame(parts, () => ([width, height] = [place.clientWidth, place.clientHeight]));
  new ResizeObserver(() => {
    if (place.clientWidth !== width) redrawAll();
    else if (place.clientHeight !== height) redraw(...parts);
  }).observe(place);
}
