/* The sizes of the page's parts: what depends on one is drawn anew where it is another than that of the last drawing. */

import { onFrame, redraw, redrawAll } from "./frame.mjs";
import { ids } from "./ids.mjs";

/* What is drawn into each part; all of the page depends on how wide they are. */
const DRAWN = {
  plot: ["base", "overlay"],
  strip: ["strip", "overlay"],
  units: ["units"],
  matchTable: ["matches"],
};

/* To be called before other parts of a frame are made: a size counts as drawn with as the frame begins. */
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
