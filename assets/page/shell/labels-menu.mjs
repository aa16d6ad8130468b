/* "labels": tracks of one's own: save what was found as a track, add a ready-made one, paint by hand, rename, remove, undo. */

import { startPainting } from "../corpus/painter.mjs";
import { presentHits } from "../corpus/search.mjs";
import { button, choiceList, element } from "../dom/element.mjs";
import { ids } from "../dom/ids.mjs";
import { makeMenu } from "../dom/menu.mjs";
import { showToken } from "../lib/tokens.mjs";
import { askedFields, hasQuestion } from "../lib/url.mjs";
import { plural } from "../lib/words.mjs";
import { addedTracks, askTracks, changeTracks, tracksChanged } from "../store/added-tracks.mjs";
import { model } from "../store/model.mjs";
import { state } from "../store/state.mjs";

let /** @type {Menu} */ menu;
let /** @type {HTMLElement} */ content;
let /** @type {HTMLElement} */ status;
let isBusy = false;

export function makeLabelsMenu() {
  menu = makeMenu(document.getElementById(ids.labels), {
    words: "labels",
    title: "Tracks of your own: save what you found, add labels, paint them by hand",
    fill,
  });
  menu.button.classList.add("lv-menu-down");
  menu.panel.classList.add("lv-labels-panel");
  tracksChanged.on(() => menu.isOpen() && !isBusy && list());
}

/** @param {HTMLElement} panel */
function fill(panel) {
  content = element("div", "lv-labels");
  status = element("p", "lv-panel-note lv-labels-status", "", { role: "status" });
  panel.append(content, status);
  if (!model.source) return;
  content.append(element("p", "lv-panel-note", "Looking …"));
  askTracks().then(list, (error) => say(error.message, true));
}

/**
 * @param {string} words
 * @param {boolean} [isProblem]
 */
function say(words, isProblem) {
  status.textContent = words;
  status.classList.toggle("lv-warn", Boolean(isProblem));
}

/**
 * Change the tracks, and say how it went.
 * @param {string} act
 * @param {object} body
 * @param {string} done
 */
async function change(act, body, done) {
  isBusy = true;
  menu.panel.classList.add("lv-busy");
  try {
    await changeTracks(act, body);
    say(done);
  } catch (error) {
    say(error.message, true);
  }
  isBusy = false;
  menu.panel.classList.remove("lv-busy");
  if (menu.isOpen()) list();
}

function list() {
  const given = addedTracks();
  if (!given || !menu.isOpen()) return;
  const focused = content.contains(document.activeElement) || document.activeElement === document.body;
  content.replaceChildren(...(given.may ? [...found(), ...readyMade(given), ...byHand(given)] : []), ...added(given));
  if (!given.may) content.prepend(element("p", "lv-panel-note", sentence(given.why)));
  const first = content.querySelector("input, button, select");
  if (focused && first) /** @type {HTMLElement} */ (first).focus();
}

/** @param {string} text */
const sentence = (text) => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;

/* What was found and can be saved: [words, of, text]. */
function findings() {
  const hits = presentHits();
  const /** @type {[words: string, of: string, text: string][]} */ all = [];
  if (hits?.total) all.push([`${plural(hits.total, "hit")} of “${showToken(hits.text).text}”`, "search", hits.text]);
  if (state.lasso) all.push(["the region of the map", "region", ""]);
  else if (hasQuestion(state) && model.chosen?.length) all.push(["the matches of the pattern", "matches", ""]);
  if (state.marked.length) all.push([plural(state.marked.length, "marked row"), "marked", ""]);
  return all;
}

function found() {
  const head = element("p", "lv-panel-head", "Save as a track");
  const all = findings();
  if (!all.length)
    return [
      head,
      element("p", "lv-panel-note", "Search a text, brush a pattern, draw a lasso on the map or mark rows."),
    ];
  const name = field("name of the track", "lv-labels-name");
  const label = field("label", "lv-labels-label", "yes");
  const row = element("div", "lv-panel-row");
  row.append(name, element("span", "lv-panel-note", "labelled"), label);
  const saves = all.map(([words, of, text]) =>
    button("lv-button lv-labels-save", `Save ${words}`, `Steps of ${words} get the label, all others “other”`, () => {
      if (!name.value.trim()) {
        say("Give the track a name first", true);
        return name.focus();
      }
      const asked = { name: name.value.trim(), of, text, label: label.value.trim() || "yes", axis: model.axis.index };
      const selection = of === "search" ? {} : { selection: askedFields(state) };
      change("add", Object.assign(asked, selection), `Saved ${words} as ${name.value.trim()}`);
    }),
  );
  return [head, row, ...saves];
}

/**
 * @param {string} words
 * @param {string} className
 * @param {string} [value]
 */
function field(words, className, value = "") {
  const made = element("input", `lv-input ${className}`, "", {
    type: "text",
    maxlength: 200,
    placeholder: words,
    "aria-label": words.charAt(0).toUpperCase() + words.slice(1),
  });
  made.value = value;
  return made;
}

/** @param {AddedTracks} given */
function readyMade({ ready }) {
  if (!model.axis.has_tokens) return [];
  let chosen = ready[0];
  const token = field("token", "lv-labels-token");
  token.hidden = !chosen.takes;
  const pick = choiceList(
    "A ready-made track",
    ready.map((one) => [one.name, one.name]),
    chosen.name,
    (value) => {
      chosen = ready.find((one) => one.name === value);
      token.hidden = !chosen.takes;
      note.textContent = chosen.words;
    },
  );
  const note = element("span", "lv-panel-note", chosen.words);
  const add = button("lv-button lv-labels-add", "Add", "Add this ready-made track", () => {
    const text = chosen.takes ? `${chosen.name}: ${token.value}` : chosen.name;
    const name = chosen.takes ? `since ${token.value}` : chosen.name;
    change("add", { name, of: "ready", text, axis: model.axis.index }, `Added ${name}`);
  });
  const row = element("div", "lv-panel-row");
  row.append(pick, token, add);
  return [element("p", "lv-panel-head", "Ready-made"), row, note, ...byExpression()];
}

function byExpression() {
  const name = field("name of the track", "lv-labels-name");
  const words = field("regular expression", "lv-labels-regex");
  const row = element("form", "lv-panel-row");
  row.append(name, words, element("button", "lv-button", "Add", { type: "submit" }));
  row.addEventListener("submit", (event) => {
    event.preventDefault();
    const asked = { name: name.value.trim() || words.value, of: "regex", text: words.value, axis: model.axis.index };
    change("add", asked, `Added ${asked.name}`);
  });
  const note = "Steps get the name of the group that matches, (?P<name>…), or else the text.";
  return [element("p", "lv-panel-head", "By an expression"), row, element("span", "lv-panel-note", note)];
}

/** @param {AddedTracks} given */
function byHand(given) {
  const name = field("name of the track", "lv-labels-name", painted(given)[0] || "mine");
  const row = element("div", "lv-panel-row");
  row.append(
    name,
    button("lv-button lv-labels-paint", "Paint", "Drag over tokens and give them labels", () => {
      const track = name.value.trim() || "mine";
      menu.close();
      startPainting(track);
    }),
  );
  return [element("p", "lv-panel-head", "By hand"), row];
}

/** @param {AddedTracks} given */
const painted = (given) => given.added.filter(({ made }) => made === "painted by hand").map(({ name }) => name);

/** @param {AddedTracks} given */
function added({ may, added: tracks, undo, revision }) {
  if (!tracks.length && !undo) return [];
  const rows = tracks.map((track) => {
    const words = showToken(track.name).text;
    const row = element("div", "lv-panel-row lv-labels-row");
    row.dataset.track = track.name;
    const text = element("span", "lv-grow", "", { title: track.made });
    text.append(element("bdi", "", words), element("span", "lv-panel-note", ` ${track.made}`));
    row.append(text);
    if (may)
      row.append(
        button("lv-link lv-labels-rename", "rename", `Give ${words} another name`, () => rename(row, track.name)),
        button("lv-link lv-labels-remove", "remove", `Remove ${words}; it can be undone`, () =>
          change("remove", { name: track.name }, `Removed ${words}`),
        ),
      );
    return row;
  });
  const head = element("p", "lv-panel-head", "Added tracks");
  if (!undo) return [head, ...rows];
  const back = button("lv-button lv-labels-undo", `Undo: ${undo}`, "Undo the last change, whoever made it", () =>
    change("undo", { revision }, `Undone: ${undo}`),
  );
  return [head, ...rows, back];
}

/**
 * @param {HTMLElement} row
 * @param {string} name
 */
function rename(row, name) {
  const form = element("form", "lv-panel-row");
  const input = field("new name", "lv-labels-new-name", name);
  form.append(input, element("button", "lv-button", "Rename", { type: "submit" }));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const to = input.value.trim();
    if (to && to !== name) change("rename", { name, to }, `Renamed to ${to}`);
    else list();
  });
  row.replaceChildren(form);
  input.select();
}
