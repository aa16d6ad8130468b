/* Which matches are kept: filters by track and length, each a tag that takes it away, and the panel that adds one. */

import { button, choiceList, element, tickBox } from "../dom/element.mjs";
import { onFrame } from "../dom/frame.mjs";
import { ids } from "../dom/ids.mjs";
import { makeMenu } from "../dom/menu.mjs";
import { filterWords } from "../lib/enrichment.mjs";
import { boundsWords } from "../lib/length-bars.mjs";
import { grouped, valueText } from "../lib/scale.mjs";
import { showToken } from "../lib/tokens.mjs";
import { changeLimits, presentLimits } from "../store/edits.mjs";
import { model } from "../store/model.mjs";

const MOST = 200; // labels offered at once
let /** @type {Menu} */ menu;
let /** @type {HTMLElement} */ tags;
let /** @type {string} */ drawnKey;
let /** @type {string} */ chosen = null; // name of the track in the panel

export function makeFilters() {
  const place = document.getElementById(ids.matchFilter);
  menu = makeMenu(place, { words: "filter", title: "Which matches are kept", fill });
  menu.button.classList.add("lv-menu-down");
  tags = element("span", "lv-tags", "", { role: "group", "aria-label": "Filters" });
  place.append(tags);
  onFrame("selection", draw);
}

function draw() {
  if (!model.source) return;
  const { filters, minLength, maxLength } = presentLimits();
  const now = JSON.stringify([filters, minLength, maxLength]);
  if (now === drawnKey) return;
  drawnKey = now;
  const shownTags = filters.map((filter, k) =>
    tag(
      filterWords(filter, valueText),
      () => changeLimits({ filters: filters.filter((_, other) => other !== k) }),
      filter.track,
    ),
  );
  const length = boundsWords({ minLength, maxLength });
  if (length) shownTags.push(tag(length, () => changeLimits({ minLength: 1, maxLength: null }), null));
  tags.replaceChildren(...shownTags);
  menu.button.classList.toggle("lv-menu-on", shownTags.length > 0);
}

/**
 * "depth 2 to 4 ×": pressed, its panel; the cross takes it away.
 * @param {string} words
 * @param {() => void} away
 * @param {string} track
 */
function tag(words, away, track) {
  const shown = showToken(words).text;
  const whole = element("span", "lv-tag");
  const name = button("lv-tag-name", shown, `Only matches with ${shown}. Press to change it`, () => {
    chosen = track;
    menu.open();
  });
  const cross = button("lv-chip-out", "×", `Drop the filter ${shown}`, () => {
    away();
    draw();
    (tags.querySelector("button") || menu.button).focus();
  });
  whole.append(name, cross);
  return whole;
}

/** @param {HTMLElement} panel */
function fill(panel) {
  panel.classList.add("lv-filter-panel");
  panel.append(element("p", "lv-panel-head", "Length, in steps"), lengthRow());
  const { tracks } = model;
  if (!tracks.length) return;
  if (!tracks.some((track) => track.name === chosen)) chosen = tracks[0].name;
  const body = element("div", "lv-filter-body");
  const options = tracks.map((track) => [track.name, showToken(track.name).text]);
  const choice = choiceList("Track to filter by", options, chosen, (name) => {
    chosen = name;
    show(body);
  });
  const row = element("div", "lv-panel-row");
  row.append(element("span", "lv-panel-note", "every step of a match has"), choice);
  panel.append(element("p", "lv-panel-head", "Track"), row, body);
  show(body);
}

/**
 * @param {string} words
 * @param {string | number} value
 * @param {string} placeholder
 */
function field(words, value, placeholder) {
  const input = element("input", "lv-input", "", {
    type: "text",
    inputmode: "decimal",
    "aria-label": words,
    title: words,
    placeholder,
  });
  input.value = value === null || value === undefined ? "" : String(value);
  return input;
}

function lengthRow() {
  const { minLength, maxLength } = presentLimits();
  const [from, to] = [
    field("Shortest match", minLength > 1 ? minLength : null, "1"),
    field("Longest match", maxLength, "any"),
  ];
  return range(from, to, () => {
    /** @param {HTMLInputElement} input */
    const read = (input) =>
      /^\d{1,9}$/.test(input.value.trim()) && Number(input.value) > 0 ? Number(input.value) : null;
    const [least, most] = [read(from) || 1, read(to)];
    changeLimits({ minLength: least, maxLength: most === null ? null : Math.max(least, most) });
  });
}

/**
 * Two ends and a button; Enter in an end is the button, too.
 * @param {HTMLInputElement} from
 * @param {HTMLInputElement} to
 * @param {() => void} act
 */
function range(from, to, act) {
  const form = element("form", "lv-panel-row");
  form.append(
    from,
    element("span", "lv-panel-note", "to"),
    to,
    element("button", "lv-button", "Apply", { type: "submit" }),
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    act();
    menu.close();
  });
  return form;
}

/** @param {HTMLElement} body */
function show(body) {
  const track = model.tracks.find((one) => one.name === chosen);
  const filter = presentLimits().filters.find((one) => one.track === chosen) || { track: chosen };
  body.replaceChildren(...(track.kind === "category" ? labels(track, new Set(filter.labels)) : numbers(track, filter)));
}

/** @param {Filter} filter */
function put(filter) {
  const rest = presentLimits().filters.filter((one) => one.track !== chosen);
  changeLimits({ filters: filter ? [...rest, filter] : rest });
}

/**
 * @param {Track} track
 * @param {Filter} filter
 */
function numbers(track, filter) {
  const text = valueText;
  const [from, to] = [
    field(`Least ${showToken(track.name).text}`, filter.low, text(track.low)),
    field(`Most ${showToken(track.name).text}`, filter.high, text(track.high)),
  ];
  /** @param {HTMLInputElement} input */
  const read = (input) => {
    const value = input.value.trim() === "" ? NaN : Number(input.value);
    return Number.isFinite(value) ? value : undefined;
  };
  const act = () => {
    const [low, high] = [read(from), read(to)];
    if (low === undefined && high === undefined) return put(null);
    const /** @type {Record<string, number>} */ ends =
        low !== undefined && high !== undefined && low > high ? { low: high, high: low } : { low, high };
    for (const end of ["low", "high"]) if (ends[end] === undefined) delete ends[end];
    put(Object.assign({ track: track.name }, ends));
  };
  return [range(from, to, act)];
}

/**
 * Labels to tick; a field narrows them down where they are many.
 * @param {Track} track
 * @param {Set<string>} on
 */
function labels(track, on) {
  const list = element("div", "lv-pick-list");
  /** @param {string} part */
  const fillList = (part) => {
    const wanted = track.labels.filter((label) => showToken(label).text.toLowerCase().includes(part.toLowerCase()));
    const ticks = wanted.slice(0, MOST).map((label) =>
      tickBox(showToken(label).text, on.has(label), (isOn) => {
        if (isOn) on.add(label);
        else on.delete(label);
        put(on.size ? { track: track.name, labels: track.labels.filter((one) => on.has(one)) } : null);
      }),
    );
    list.replaceChildren(...ticks);
    if (wanted.length > MOST)
      list.append(element("p", "lv-panel-note", `${grouped(wanted.length - MOST)} more: type a part of one above`));
  };
  fillList("");
  if (track.labels.length <= 12) return [list];
  const part = field("Part of a label", "", "part of a label");
  part.classList.add("lv-wide-input");
  part.addEventListener("input", () => fillList(part.value));
  return [part, list];
}
