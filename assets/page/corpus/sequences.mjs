/* The sequences of the recording, listed with their labels; typed words filter them, a press goes there. */

import { button, element } from "../dom/element.mjs";
import { onFrame } from "../dom/frame.mjs";
import { ids } from "../dom/ids.mjs";
import { makeMenu } from "../dom/menu.mjs";
import { virtualList } from "../dom/virtual-list.mjs";
import { questionLine } from "../lib/questions.mjs";
import { grouped, valueText } from "../lib/scale.mjs";
import { joinedText, showToken } from "../lib/tokens.mjs";
import { plural } from "../lib/words.mjs";
import { model } from "../store/model.mjs";
import { getJson } from "../store/request.mjs";
import { state } from "../store/state.mjs";
import { tracksQuery } from "../store/tracks-revision.mjs";
import { panTo } from "../store/view.mjs";

const ROW = 28; // px
const PAUSE = 200; // ms without a key before the server is asked
let /** @type {Menu} */ menu;
let /** @type {ReturnType<typeof virtualList>} */ list;
let /** @type {HTMLElement} */ count;
let /** @type {HTMLInputElement} */ input;
let /** @type {number} */ present = null; // index of the sequence in the middle of the view
let query = "";
let /** @type {ReturnType<typeof setTimeout>} */ timer = null;
const finding = questionLine();

export function makeSequences() {
  menu = makeMenu(document.getElementById(ids.minimap), {
    words: "sequences",
    title: "Every sequence, with its labels: go to one",
    fill,
  });
  menu.whole.classList.add("lv-sequences");
  menu.button.classList.add("lv-menu-down");
  menu.panel.classList.add("lv-sequences-panel");
  input = element("input", "lv-input lv-grow", "", {
    type: "search",
    placeholder: "A number, a label or a text",
    "aria-label": "Find sequences by number, label or text",
    spellcheck: "false",
    autocomplete: "off",
  });
  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(() => find(input.value.trim()), PAUSE);
  });
  input.addEventListener("keydown", (event) => {
    if (event.key !== "ArrowDown" && event.key !== "Enter") return;
    event.preventDefault();
    list.focus();
  });
  count = element("p", "lv-panel-note", "", { role: "status" });
  list = virtualList({ height: ROW, label: "Sequences", load, fill: row, pick: go, onTotal: showTotal });
  onFrame("selection", offer);
}

function offer() {
  const n = model.axis ? model.axis.n_sequences : 0;
  menu.whole.hidden = n < 2;
  const words = plural(n, "sequence");
  if (menu.button.textContent !== words) menu.button.textContent = words;
}

/** @param {HTMLElement} panel */
function fill(panel) {
  input.value = query = "";
  count.textContent = "";
  panel.append(input, count, list.element);
  find("");
}

/** @param {string} text */
async function find(text) {
  query = text;
  const { at, span } = state;
  const middle = Math.min(model.axis.n_steps - 1, at + Math.floor(span / 2));
  /** @param {AbortSignal} signal */
  const come = async (signal) => {
    const here = await ask(`limit=1&step=${middle}`, signal);
    present = here.at;
    await list.reset(here.at || 0);
  };
  const reply = await finding.ask(come, sayLooking);
  if (reply?.error) showTotal(0, reply.error.message);
}

function sayLooking() {
  count.textContent = "Looking …";
}

/**
 * @param {string} more
 * @param {AbortSignal} signal
 */
function ask(more, signal) {
  const asked = [more, query && `q=${encodeURIComponent(query)}`, tracksQuery()].filter(Boolean).join("&");
  return getJson(`d/${state.dump}/sequences/${model.axis.index}?${asked}`, { signal });
}

/**
 * @param {number} from
 * @param {number} limit
 * @param {AbortSignal} signal
 */
async function load(from, limit, signal) {
  const { total, sequences } = await ask(`from=${from}&limit=${limit}`, signal);
  return { total, rows: sequences };
}

/**
 * @param {number} total
 * @param {string} problem
 */
function showTotal(total, problem) {
  count.classList.toggle("lv-warn", Boolean(problem));
  const n = model.axis.n_sequences;
  if (problem)
    count.replaceChildren(
      `The sequences could not be listed: ${problem} `,
      button("lv-link", "Try again", "Ask the server again", () => find(query)),
    );
  else if (query)
    count.textContent = total
      ? `${grouped(total)} of ${plural(n, "sequence")}`
      : "No sequence has that number, label or text.";
  else count.textContent = plural(n, "sequence");
}

/**
 * @param {HTMLElement} item
 * @param {Sequence} one
 * @param {number} place
 */
function row(item, one, place) {
  const isPresent = place === present;
  item.classList.toggle("lv-list-here", isPresent);
  item.setAttribute("aria-selected", String(isPresent));
  const labels = Object.entries(one.labels)
    .filter(([, value]) => value !== null)
    .map(([name, value]) => {
      const label = element("span", "lv-list-label");
      const text = typeof value === "number" ? valueText(value) : showToken(value).text;
      label.append(element("span", "lv-list-track", `${showToken(name).text} `), element("bdi", "", text));
      return label;
    });
  const texts = (one.tokens || []).map((token) => showToken(token).text);
  const tokens = joinedText(texts, model.axis);
  const length = plural(one.stop - one.start, "step");
  item.replaceChildren(
    element("span", "lv-list-number", grouped(one.index)),
    ...labels,
    element("bdi", "lv-list-text", tokens),
    element("span", "lv-list-steps", length),
  );
  item.setAttribute(
    "aria-label",
    `sequence ${one.index}, ${length} from step ${one.start}${labels.map((label) => `, ${label.textContent}`).join("")}${tokens ? `: ${tokens}` : ""}`,
  );
  item.title = `Go to sequence ${one.index}, which begins at step ${grouped(one.start)}`;
}

/** @param {Sequence} one */
function go(one) {
  menu.close();
  panTo(one.start, "push");
}

/* For tests. */
export function inspectSequences() {
  return { isOpen: menu.isOpen(), words: count.textContent, rows: list.rows(), present };
}
