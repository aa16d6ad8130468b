/* What the page's words mean, each with a small picture, and what its colours stand for: a part of the help. */

import { element } from "../dom/element.mjs";
import { svgElement } from "../dom/svg.mjs";
import { themeColours } from "../dom/theme.mjs";
import { basePath } from "../store/request.mjs";

const [WIDE, TALL] = [132, 56]; // px of a picture
const CUT = 24; // px from its top to the threshold
const LINE = [44, 40, 12, 10, 12, 11, 42, 46]; // px: a unit's value at eight steps
const OTHER = [18, 14, 16, 12, 15, 13, 12, 16];

const CONCEPTS = [
  [
    "Unit",
    "One number of the network's state. Its value at every step of the text is a line over it.",
    "glossary.html#networks-and-text",
    pictureUnit,
  ],
  [
    "Threshold",
    "A unit is on where its value is at least this (high), or at most minus this (low).",
    "matching.html#on",
    pictureThreshold,
  ],
  [
    "Brush and off",
    "A brush selects the units that are on through exactly its steps: on at each, and off just before and after, as far as the handles say.",
    "matching.html#pattern",
    pictureOff,
  ],
  [
    "Match",
    "Another place where units of the pattern are on together, for as long as they are.",
    "matching.html#match",
    pictureMatch,
  ],
  [
    "Rank",
    "Matches that share more of the units come first; of equals, those where fewer other units are on as well.",
    "matching.html#other-orders-and-groups",
    pictureRank,
  ],
];

/** @returns {HTMLElement[]} */
export function concepts() {
  const cards = CONCEPTS.map(([name, words, page, picture]) => {
    const card = element("figure", "lv-concept");
    const drawn = svgElement("svg", "", {
      viewBox: `0 0 ${WIDE} ${TALL}`,
      width: WIDE,
      height: TALL,
      "aria-hidden": "true",
    });
    /** @type {(drawn: Element) => void} */ (picture)(drawn);
    const caption = element("figcaption", "");
    caption.append(element("strong", "", `${name}. `), `${words} `, docLink(/** @type {string} */ (page), "More"));
    card.append(drawn, caption);
    return card;
  });
  const all = element("div", "lv-concepts");
  all.append(...cards);
  return [all, colourLegend()];
}

/**
 * A link to a page of the documentation, which comes with the program.
 * @param {string} page
 * @param {string} words
 */
export function docLink(page, words) {
  return element("a", "lv-doc-link", words, { href: `${basePath()}docs/${page}`, target: "_blank", rel: "noopener" });
}

/** @param {number} k */
const x = (k) => 8 + k * 17;

/**
 * @param {Element} drawn
 * @param {number[]} values
 * @param {string} colour
 * @param {number} width
 */
function line(drawn, values, colour, width) {
  const points = values.map((y, k) => `${x(k)},${y}`).join(" ");
  drawn.append(svgElement("polyline", "", { points, fill: "none", stroke: colour, "stroke-width": width }));
}

/**
 * @param {Element} drawn
 * @param {number} from
 * @param {number} to
 * @param {string} colour
 */
function band(drawn, from, to, colour) {
  const left = x(from) - 8;
  drawn.append(svgElement("rect", "", { x: left, y: 0, width: x(to) - 8 - left, height: TALL, fill: colour }));
}

/** @param {Element} drawn */
function threshold(drawn) {
  const { text } = themeColours();
  drawn.append(
    svgElement("line", "", {
      x1: 0,
      x2: WIDE,
      y1: CUT,
      y2: CUT,
      stroke: text,
      "stroke-dasharray": "3 3",
      "stroke-width": 1,
    }),
  );
}

/** @param {Element} drawn */
function pictureUnit(drawn) {
  const { unit } = themeColours();
  line(drawn, LINE, unit, 1.5);
  line(drawn, OTHER, unit, 0.7);
}

/** @param {Element} drawn */
function pictureThreshold(drawn) {
  const { accent } = themeColours();
  threshold(drawn);
  line(drawn, LINE, accent, 1.5);
}

/** @param {Element} drawn */
function pictureOff(drawn) {
  const { accent, unit, band: ground } = themeColours();
  band(drawn, 2, 6, ground);
  threshold(drawn);
  line(drawn, OTHER, unit, 1);
  line(drawn, LINE, accent, 1.8);
}

/** @param {Element} drawn */
function pictureMatch(drawn) {
  const { accent, band: ground } = themeColours();
  band(drawn, 1, 3, ground);
  band(drawn, 5, 7, ground);
  threshold(drawn);
  line(drawn, [42, 12, 11, 44, 45, 10, 13, 42], accent, 1.8);
  line(drawn, [46, 16, 15, 48, 40, 15, 18, 46], accent, 1);
}

/** @param {Element} drawn */
function pictureRank(drawn) {
  const { accent, line: pale } = themeColours();
  [4, 4, 3, 1].forEach((on, row) => {
    for (let k = 0; k < 4; k++)
      drawn.append(
        svgElement("rect", "", {
          x: 8 + k * 18,
          y: 4 + row * 13,
          width: 15,
          height: 10,
          rx: 2,
          fill: k < on ? accent : pale,
        }),
      );
  });
}

function colourLegend() {
  const { accent, low, hover, unit, pinned, sequence, category } = themeColours();
  const meanings = [
    [accent, "selected, and on high"],
    [low, "selected, and on low"],
    [hover, "pointed at or highlighted"],
    [unit, "other units"],
    [pinned, "A, a pattern that is pinned; B, the present one, is blue"],
    [sequence(0.6), "numbers: the darker, the more; of predictions, the likelier"],
    [category(0), "labels: a colour each"],
  ];
  const row = element("p", "lv-colour-legend", "", { "aria-label": "What colours mean" });
  for (const [colour, words] of meanings) {
    const entry = element("span", "lv-label-legend-entry");
    const swatch = element("span", "lv-swatch");
    swatch.style.background = colour;
    entry.append(swatch, words);
    row.append(entry);
  }
  return row;
}
