/* Small drawings as SVG elements. Colours come from classes, so that a theme needs no redraw; text goes to textContent only. */

import { hideTip, showTip } from "./tooltip.mjs";

const SPACE = "http://www.w3.org/2000/svg";

/**
 * An element: tag, class, attributes, and its text or its children.
 * @param {string} tag
 * @param {string} [className]
 * @param {Record<string, string | number>} [attributes]
 * @param {...any} children
 */
export function svgElement(tag, className, attributes, ...children) {
  const node = document.createElementNS(SPACE, tag);
  if (className) node.setAttribute("class", className);
  for (const [name, value] of Object.entries(attributes || {})) node.setAttribute(name, String(value));
  node.append(...children.map((child) => (typeof child === "number" ? String(child) : child)));
  return node;
}

/**
 * A drawing of a size in pixels; `words` describe it for screen readers.
 * @param {number} width
 * @param {number} height
 * @param {string} words
 */
export function svgDrawing(width, height, words) {
  /** @type {Record<string, string | number>} */
  const attributes = { width, height, viewBox: `0 0 ${width} ${height}`, role: "img" };
  if (words) attributes["aria-label"] = words;
  return svgElement("svg", "lv-drawing", attributes);
}

/**
 * @param {string} className
 * @param {number} x
 * @param {number} y
 * @param {number} width
 * @param {number} height
 */
export function svgBar(className, x, y, width, height) {
  return svgElement("rect", className, {
    x: round(x),
    y: round(y),
    width: Math.max(0, round(width)),
    height: Math.max(0, round(height)),
  });
}

/**
 * @param {string} className
 * @param {number} x1
 * @param {number} y1
 * @param {number} x2
 * @param {number} y2
 */
export function svgLine(className, x1, y1, x2, y2) {
  return svgElement("line", className, { x1: round(x1), y1: round(y1), x2: round(x2), y2: round(y2) });
}

/**
 * Words at a point: `anchor` start, middle or end.
 * @param {string} className
 * @param {string} text
 * @param {number} x
 * @param {number} y
 * @param {string} [anchor]
 */
export function svgText(className, text, x, y, anchor) {
  return svgElement(
    "text",
    `lv-svg-words ${className}`,
    { x: round(x), y: round(y), "text-anchor": anchor || "start" },
    text,
  );
}

/** @param {any} value */
function round(value) {
  return Math.round(value * 100) / 100;
}

/**
 * Show the numbers of the part of a drawing that is pointed at: `lines(x, y)` gives those of a point, or null.
 * @param {SVGElement} drawn
 * @param {(x: number, y: number) => string[] | null} lines
 */
export function tellPointed(drawn, lines) {
  drawn.addEventListener("pointermove", (event) => {
    const box = drawn.getBoundingClientRect();
    const numbers = lines(event.clientX - box.left, event.clientY - box.top);
    if (numbers) showTip(event, numbers);
    else hideTip();
  });
  drawn.addEventListener("pointerleave", () => hideTip());
}
