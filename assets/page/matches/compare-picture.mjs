/* How two patterns' matches overlap, drawn: a bar for each of how many meet the other's, the steps in one and in both, lengths
   beside each other, and the matches in only one of them as a list. */

import { button, element } from "../dom/element.mjs";
import { markedAround } from "../dom/marked-text.mjs";
import { svgBar, svgDrawing, tellPointed } from "../dom/svg.mjs";
import { grouped } from "../lib/scale.mjs";
import { binName, binsBetween, fillBins } from "../lib/shares.mjs";
import { partsAround, showTokens } from "../lib/tokens.mjs";
import { plural } from "../lib/words.mjs";
import { model } from "../store/model.mjs";

const LENGTHS = { width: 132, height: 26, most: 22 }; // px, and bars

/**
 * A pattern's matches as a bar as long as they are many: those that meet one of the other's, and the rest.
 * @param {string} which
 * @param {number} count
 * @param {number} met
 * @param {number} most the longer bar's
 */
export function metBar(which, count, met, most) {
  const whole = element("span", `lv-compare-bar lv-compare-${which}`);
  whole.style.width = `${(100 * count) / Math.max(1, most)}%`;
  whole.append(segment("lv-compare-met", met), segment("lv-compare-alone", count - met));
  return whole;
}

/**
 * @param {string} className
 * @param {number} amount
 */
function segment(className, amount) {
  const part = element("span", className);
  part.style.flexGrow = String(amount);
  return part;
}

/**
 * The steps in A's matches alone, in both, in B's alone: one bar, each with its number.
 * @param {Overlap} both
 */
export function stepsBar(both) {
  const { n_first_steps: first, n_second_steps: second, n_both_steps: shared } = both;
  const parts = [
    ["lv-compare-A", first - shared, "only A"],
    ["lv-compare-both", shared, "both"],
    ["lv-compare-B", second - shared, "only B"],
  ];
  const bar = element("div", "lv-compare-steps");
  const legend = element("div", "lv-compare-told");
  for (const [className, count, words] of parts) {
    bar.append(segment(String(className), Number(count)));
    const entry = element("span", "lv-label-legend-entry");
    entry.append(element("span", `lv-swatch ${className}`), `${words} ${grouped(Number(count))}`);
    legend.append(entry);
  }
  const whole = element("div", "lv-compare-overlap", "", {
    role: "img",
    "aria-label": parts.map(([, count, words]) => `${words}: ${plural(Number(count), "step")}`).join(", "),
  });
  legend.prepend(element("span", "lv-compare-words", "steps"));
  whole.append(legend, bar);
  return whole;
}

/**
 * How long the matches of one are, on the axis of both.
 * @param {string} which
 * @param {Compared} side
 * @param {Compared[]} sides
 */
export function lengthsPicture(which, side, sides) {
  const every = sides.flatMap((one) => one.by_length.map(([length]) => length));
  if (!every.length) return element("span");
  const bins = binsBetween(Math.min(...every), Math.max(...every), LENGTHS.most);
  const counts = fillBins(bins, side.by_length);
  const most = Math.max(1, ...counts);
  const wide = Math.min(14, LENGTHS.width / bins.length);
  const bars = counts.map((count, k) => (count ? `${binName(bins[k])} steps: ${count}` : "")).filter(Boolean);
  const drawn = svgDrawing(
    LENGTHS.width,
    LENGTHS.height,
    `Lengths of ${which}'s matches. ${bars.slice(0, 20).join("; ")}`,
  );
  counts.forEach((count, k) => {
    const tall = count ? Math.max(1.5, (count / most) * (LENGTHS.height - 2)) : 0;
    drawn.append(svgBar(`lv-compare-${which}`, k * wide + 0.5, LENGTHS.height - 1 - tall, wide - 1, tall));
  });
  drawn.append(svgBar("lv-svg-other", 0, LENGTHS.height - 1, bins.length * wide, 1));
  tellPointed(drawn, (x) => {
    const k = Math.floor(x / wide);
    return bins[k] ? [`${binName(bins[k])} steps`, `${plural(counts[k], "match")} of ${which}`] : null;
  });
  return drawn;
}

/**
 * The matches of one that meet none of the other's: a button that lists them.
 * @param {string} which
 * @param {Alone} alone
 * @param {boolean} isOpen
 * @param {() => void} toggle
 */
export function aloneButton(which, alone, isOpen, toggle) {
  const made = button(
    "lv-link lv-compare-only",
    `${grouped(alone.n)} only in ${which}`,
    `Matches of ${which} without a step in one of the other's`,
    toggle,
  );
  made.setAttribute("aria-expanded", String(isOpen));
  made.disabled = alone.n === 0;
  return made;
}

/**
 * @param {string} which
 * @param {Alone} alone
 * @param {(hit: Hit) => void} go null where they are of another recording
 */
export function aloneList(which, alone, go) {
  const whole = element("div", "lv-compare-alones", "", { role: "group", "aria-label": `Matches only in ${which}` });
  for (const one of alone.rows) {
    const row = button("lv-compare-row-of", "", `Go to step ${grouped(one.start)}`, () => go(one));
    row.disabled = go === null;
    row.append(element("span", "lv-list-number", grouped(one.start)), ...around(one));
    whole.append(row);
  }
  const more = alone.n - alone.rows.length;
  if (more > 0) whole.append(element("p", "lv-panel-note", `and ${grouped(more)} more; all with dump.unmet in Python`));
  return whole;
}

/** @param {Hit} one */
function around(one) {
  if (!one.tokens) return [element("span", "", `${plural(one.stop - one.start, "step")} long`)];
  const shown = showTokens(one.tokens, one.unknown);
  return markedAround(partsAround(shown, model.axis, one.start - one.first, one.stop - one.first));
}
