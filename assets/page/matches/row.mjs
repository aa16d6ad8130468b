/* The parts of a match row that are not drawn: the link to its place, the buttons that mark and hide it, the headings of groups. */

import { element, targetOf } from "../dom/element.mjs";
import { redraw } from "../dom/frame.mjs";
import { actOnKey } from "../lib/keys.mjs";
import { groupWords } from "../lib/listing.mjs";
import { BRUSHED } from "../lib/match-list.mjs";
import { grouped } from "../lib/scale.mjs";
import { showToken } from "../lib/tokens.mjs";
import { formatAddress } from "../lib/url.mjs";
import { plural } from "../lib/words.mjs";
import { matchAnswer, matchList } from "../store/matches.mjs";
import { state } from "../store/state.mjs";
import { hideRow, isRowHidden, isRowMarked, markRow } from "./by-hand.mjs";
import { brushRow, laidItems, openRow, placeOfRow } from "./layout.mjs";

/**
 * Refill a block's column of links; the keyboard focus stays where it was.
 * @param {Block} block
 */
export function fillRows(block) {
  const active = /** @type {HTMLElement} */ (document.activeElement);
  const held = active && block.links.contains(active) ? nameOf(active) : null;
  block.links.replaceChildren(
    ...block.items.map((item) => (item.kind === "row" ? row(item, block.top) : heading(item, block.top))),
  );
  const again = held && block.links.querySelector(held);
  if (again) again.focus({ preventScroll: true });
}

/** @param {HTMLElement} element */
function nameOf(element) {
  if (element.dataset.group !== undefined) return `[data-group="${element.dataset.group}"]`;
  const whole = element.closest("[data-place]");
  if (!whole) return null;
  return `[data-place="${whole.dataset.place}"] ${element.dataset.act ? `[data-act="${element.dataset.act}"]` : "a"}`;
}

/**
 * @param {RowItem} item
 * @param {number} from
 */
function row({ row: match, place, top }, from) {
  if (place === BRUSHED) return brushedRow(match, top - from);
  const [isMarked, isHidden] = [isRowMarked(match), isRowHidden(match)];
  const whole = element("div", `lv-match-row${isMarked ? " lv-marked" : ""}${isHidden ? " lv-hidden-row" : ""}`);
  whole.style.top = `${top - from}px`;
  whole.dataset.place = String(place);
  const step = grouped(match.start);
  /**
   * @param {string} name
   * @param {string} sign
   * @param {string} words
   * @param {boolean} isOn
   */
  const act = (name, sign, words, isOn) =>
    element("button", `lv-match-act lv-match-${name}`, sign, {
      type: "button",
      tabindex: "-1",
      title: words,
      "aria-label": `${words}: step ${step}`,
      ...(name === "brush" ? {} : { "aria-pressed": String(isOn) }),
      "data-act": name,
    });
  const link = element("a", "lv-match-link", step, {
    title: `Show this place; brush and pattern are kept. M marks it, B brushes it, Delete hides it${isMarked ? ". Marked" : ""}`,
    "data-row": place,
    "data-testid": "match-link",
  });
  link.href = formatAddress(Object.assign({}, state, placeOfRow(match)));
  whole.append(
    act("mark", isMarked ? "★" : "☆", isMarked ? "Unmark this match (M)" : "Mark this match (M)", isMarked),
    link,
    act("brush", "⇤⇥", "Brush this match (B): what else is on here", false),
    act(
      "hide",
      isHidden ? "↺" : "×",
      isHidden ? "Bring this match back (Delete)" : "Hide this match (Delete)",
      isHidden,
    ),
  );
  return whole;
}

/**
 * The brush's own place, above the matches.
 * @param {Row} match
 * @param {number} top
 */
function brushedRow(match, top) {
  const whole = element("div", "lv-brushed-row");
  whole.style.top = `${top}px`;
  whole.dataset.place = String(BRUSHED);
  const link = element("a", "lv-match-link", grouped(match.start), {
    title: "The brush itself, to compare the matches with",
    "data-row": BRUSHED,
    "data-testid": "brushed-link",
  });
  link.href = formatAddress(Object.assign({}, state, placeOfRow(match)));
  whole.append(element("span", "lv-brushed-sign", "brush"), link);
  return whole;
}

/**
 * @param {GroupItem} item
 * @param {number} from
 */
function heading({ group, isFolded, top }, from) {
  const words = groupWords(matchAnswer().question.group, group.name);
  const made = element("button", "lv-match-group", "", {
    type: "button",
    "aria-expanded": String(!isFolded),
    "data-group": group.index,
    title: isFolded ? "Show its matches" : "Fold its matches away",
  });
  made.style.top = `${top - from}px`;
  made.append(
    element("span", "lv-match-group-name", showToken(words).text),
    element("span", "lv-match-group-count", plural(group.n, "match")),
  );
  return made;
}

/** @param {HTMLElement} element */
function matchOf(element) {
  const whole = element.closest("[data-place]");
  return whole ? matchList().row(Number(whole.dataset.place)) : null;
}

let /** @type {{ focusRow: (place: number) => void, focusItem: (item: Item) => void }} */ table = null; // {focusRow, focusItem}: what puts the keyboard on a row

/**
 * One listener for all rows.
 * @param {HTMLElement} room
 * @param {{ focusRow: (place: number) => void, focusItem: (item: Item) => void }} given
 */
export function watchRows(room, given) {
  table = given;
  room.addEventListener("click", press);
  room.addEventListener("keydown", key);
}

/** @type {Record<string, (match: Row) => void>} */
const ACTS = { hide: hideRow, mark: markRow, brush: brushRow };

/** @param {MouseEvent} event */
function press(event) {
  const group = targetOf(event).closest("[data-group]");
  if (group) return fold(Number(group.dataset.group));
  const match = matchOf(targetOf(event));
  if (!match) return;
  const act = targetOf(event).closest("[data-act]");
  if (act) return ACTS[act.dataset.act](match);
  if (!targetOf(event).closest("a") || event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  openRow(match);
}

/** @param {number} index */
function fold(index) {
  const list = matchList();
  list.fold(index, !list.isFolded(index));
  redraw("matches");
  if (laidItems().next !== null) redraw("matchscroll"); // rows of an opened group may be missing
}

/** @param {KeyboardEvent} event */
function key(event) {
  const match = matchOf(targetOf(event));
  if (!match && targetOf(event).dataset.group === undefined) return;
  const acts = { down: () => step(targetOf(event), 1), up: () => step(targetOf(event), -1) };
  const place = match ? Number(targetOf(event).closest("[data-place]").dataset.place) : BRUSHED;
  if (place !== BRUSHED) {
    const hide = () => {
      hideRow(match);
      table.focusRow(place);
    };
    Object.assign(acts, { hide, mark: () => markRow(match), brush: () => brushRow(match) });
  }
  if (actOnKey("row", event, acts)) event.stopPropagation();
}

/**
 * To the next row or heading, down or up.
 * @param {HTMLElement} element
 * @param {number} by
 */
function step(element, by) {
  const { items } = laidItems();
  const isHere =
    element.dataset.group !== undefined
      ? (/** @type {Item} */ item) => item.kind === "group" && String(item.group.index) === element.dataset.group
      : (/** @type {Item} */ item) =>
          item.kind === "row" && String(item.place) === element.closest("[data-place]").dataset.place;
  const next = items[items.findIndex(isHere) + by];
  if (next) table.focusItem(next);
  else if (by > 0) document.querySelector("[data-testid=more]")?.focus();
}
