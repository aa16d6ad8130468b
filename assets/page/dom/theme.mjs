/* Colours and faces for the canvases, read from the CSS custom properties, so that one style sheet rules both. */

import { ramp, readable } from "../lib/scale.mjs";
import { redrawAll } from "./frame.mjs";
import { typeScale } from "./projector.mjs";

const NAMES = [
  "bg",
  "panel",
  "line",
  "text",
  "dim",
  "accent",
  "low",
  "hover",
  "pinned",
  "warn",
  "unit",
  "band",
  "mono",
  "sans",
];
let /** @type {Colours} */ known = null;

/* {bg, text, accent, ..., shade(0..1), lowShade(0..1), diverge(0..1), sequence(0..1), category(k)} of the present theme. */
export function themeColours() {
  if (known) return known;
  const style = getComputedStyle(document.documentElement);
  /** @param {string} name */
  const read = (name) => style.getPropertyValue(`--lv-${name}`).trim();
  /** @param {string} name */
  const list = (name) => read(name).split(/\s*,\s*/);
  known = /** @type {any} */ (Object.fromEntries(NAMES.map((name) => [name, read(name)])));
  const categories = list("categories");
  known.shade = cached(ramp(list("shade")));
  known.lowShade = cached(ramp(list("low-shade")));
  known.diverge = cached(ramp(list("diverge")));
  known.sequence = cached(ramp(list("sequence")));
  known.category = (k) => categories[((k % categories.length) + categories.length) % categories.length];
  const inks = list("inks");
  const onGround = new Map();
  known.ink = (ground) => {
    if (!onGround.has(ground)) onGround.set(ground, readable(ground, inks[0], inks[1]));
    return onGround.get(ground);
  };
  return known;
}

/**
 * The size of type on a canvas: "11px", or more where a projector shows it.
 * @param {number} size
 */
export function typePx(size) {
  return `${size * typeScale()}px`;
}

/* The type of labels on a canvas. */
export function labelFont() {
  return `${typePx(11)} ${themeColours().sans}`;
}

/**
 * @param {(share: number) => string} ramp
 * @returns {(share: number) => string}
 */
function cached(ramp) {
  const at = Array.from({ length: 65 }, (_, k) => ramp(k / 64));
  return (share) => at[Math.round(Math.max(0, Math.min(1, share)) * 64)];
}

/**
 * A canvas that fills its place; `label` is what a screen reader says of it.
 * @param {HTMLElement} place
 * @param {string} className
 * @param {string} [label]
 */
export function addCanvas(place, className, label) {
  const element = document.createElement("canvas");
  element.className = className;
  if (label) {
    element.setAttribute("role", "img");
    element.setAttribute("aria-label", label);
  } else element.setAttribute("aria-hidden", "true");
  place.append(element);
  return element;
}

/**
 * Match the bitmap to the element and the screen; returns a cleared context in CSS pixels. A size that is known saves the
 * browser a layout of the page.
 * @param {HTMLCanvasElement} element
 * @param {[width: number, height: number]} [size]
 */
export function fitCanvas(element, size) {
  const ratio = window.devicePixelRatio || 1;
  const [width, height] = size || [element.clientWidth, element.clientHeight];
  const [across, down] = [Math.round(width * ratio), Math.round(height * ratio)];
  if (element.width !== across || element.height !== down) {
    element.width = across;
    element.height = down;
  }
  const ctx = element.getContext("2d");
  ctx.setTransform(ratio, 0, 0, ratio, 0, 0);
  ctx.clearRect(0, 0, width, height);
  ctx.direction = "ltr"; // a right-to-left token keeps its own order, and its place
  return ctx;
}

export function watchTheme() {
  const changed = () => {
    known = null;
    redrawAll();
  };
  new MutationObserver(changed).observe(document.documentElement, {
    attributeFilter: ["data-mantine-color-scheme", "data-lv-projector"],
  });
  window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", changed);
  changed();
}
