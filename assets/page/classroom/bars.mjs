/* The histogram of a question's answers. */

import { element } from "../dom/element.mjs";
import { barRows, SURE } from "../lib/classroom.mjs";
import { plural } from "../lib/words.mjs";

/**
 * A bar for each answer, darker where people were surer; `isTold`: the right one is marked.
 * @param {ClassBar[]} bars
 * @param {boolean} isTold
 */
export function histogram(bars, isTold) {
  const list = element("ul", "lv-class-bars");
  for (const row of barRows(bars)) {
    const item = element("li", "");
    const isRight = isTold && row.isRight;
    const words = element("span", "lv-class-bar-text", row.text);
    if (isRight) words.prepend(element("span", "lv-class-right", "✓ right: "));
    const track = element("span", "lv-class-bar-track", "", { "aria-hidden": "true" });
    for (const { sure, count, share } of row.parts) {
      const part = element("span", "lv-class-bar-part", "", {
        title: `${count} ${sure < 0 ? "did not say how sure" : SURE[sure]}`,
      });
      part.style.width = `${100 * share}%`;
      part.dataset.sure = String(sure);
      track.append(part);
    }
    item.append(words, track, element("span", "lv-class-bar-count", `${row.n} · ${row.percent} %`));
    list.append(item);
  }
  return list;
}

/* What the shades of the bars mean. */
export function legend() {
  const line = element("p", "lv-class-legend");
  for (const sure of [2, 1, 0, -1]) {
    const swatch = element("span", "lv-class-bar-part", "", { "aria-hidden": "true" });
    swatch.dataset.sure = String(sure);
    const entry = element("span", "lv-class-legend-entry", sure < 0 ? "not said" : SURE[sure]);
    entry.prepend(swatch);
    line.append(entry);
  }
  return line;
}

/**
 * @param {number} n
 * @param {number} all
 */
export const answeredWords = (n, all) => `${n} of ${plural(all, "student")} answered`;
