/* Show a recording: what the address asks for, another one, or another source of the same one. */

import { sayBusy } from "../dom/busy.mjs";
import { redrawAll } from "../dom/frame.mjs";
import { ids } from "../dom/ids.mjs";
import { clearNotice, notify } from "../dom/notice.mjs";
import { isWorkbenchShown, turnTo } from "../dom/stage.mjs";
import { questionLine } from "../lib/questions.mjs";
import { signal } from "../lib/signal.mjs";
import { fitToDump, hasQuestion, parseAddress } from "../lib/url.mjs";
import { colourWhenHeld, holdUnit } from "./colouring.mjs";
import { firstView } from "./first-view.mjs";
import { model } from "./model.mjs";
import { recordingName, showNames, sourceName } from "./naming.mjs";
import { allOffers } from "./offers.mjs";
import { dumpOnAxis, dumps } from "./recordings.mjs";
import { changeState, setHover, state } from "./state.mjs";

const opening = questionLine();

export const startAsked = signal(); // the start page is to be shown
export const dumpShown = signal(); // a recording, or another part of it, is shown
export const openFailed = signal(); // what was asked for could not be opened: what was shown stays

let /** @type {string | null} */ opensWith = null; // a pattern file's text, for an address that asks for nothing

/** @param {string | null} pattern */
export function openWith(pattern) {
  opensWith = pattern;
}

/* Show what the page's own address asks for. */
export const showFromAddress = () => showAddress(window.location.search + window.location.hash);

/**
 * Show what an address asks for, as far as it can be shown; say what cannot.
 * @param {string} address from its "?" on
 * @returns {Promise<void>}
 */
export async function showAddress(address) {
  const { values, problems } = parseAddress(address);
  const isAsked = Object.keys(values).length > 0 || problems.length > 0;
  if (!isAsked && opensWith && dumps.length) return showDump(dumps[0].uuid, { pattern: opensWith }, "restore", []);
  if (!dumps.length || (hasStartPage() && !isAsked)) {
    opening.end(); // what was being opened is not wanted any more
    if (isAsked)
      notify(
        "link",
        "The recording of this link is not served here, or not built yet: build the sample, then open the link again.",
      );
    return startAsked.tell();
  }
  if (values.dump && !dumps.some((dump) => dump.uuid === values.dump)) {
    problems.push(
      `This link was made for another recording (${values.dump.slice(0, 40)}), which is not served here. Shown: ${dumps[0].name}.`,
    );
    for (const name of Object.keys(values)) delete values[name];
  }
  return showDump(values.dump || dumps[0].uuid, values, "restore", problems);
}

/**
 * @param {string} uuid
 * @param {Changes} values
 * @param {How} how
 * @param {string[]} problems
 */
export async function showDump(uuid, values, how, problems) {
  const reply = await opening.ask(() => sayBusy(dumpOnAxis(uuid), "Opening the recording …"));
  if (!reply) return; // something else was asked for meanwhile
  if (reply.error) {
    notify("dump", `This recording cannot be opened: ${reply.error.message}`);
    openFailed.tell();
    if (!model.dump && hasStartPage()) startAsked.tell();
    return;
  }
  const dump = reply.answer;
  clearNotice("dump");
  const fitted = fitToDump(values, dump.about, firstView(dump.about, values));
  const sentences = problems.concat(fitted.problems);
  if (sentences.length) notify("link", sentences);
  else clearNotice("link");
  const isOther = model.dump !== dump;
  model.use(dump, fitted.state.source);
  if (isOther) offerSources(dump.about);
  if (!isWorkbenchShown()) turnTo("workbench");
  showNames();
  setHover({ unit: null, step: null });
  changeState(fitted.state, how);
  dumpShown.tell();
  redrawAll();
}

/* The threshold, if it was changed by hand: the one that a source opened with is not taken along to another source. */
function chosenThreshold() {
  const { threshold } = state;
  return model.source && threshold !== model.source.opening.threshold ? { threshold } : {};
}

/** @param {About} about */
function offerSources(about) {
  const data = about.sources.map((s) => ({ value: s.name, label: sourceName(s) }));
  dash_clientside.set_props(ids.source, { data });
}

/* Is there a start page: something to choose from? */
export function hasStartPage() {
  return dumps.length > 1 || allOffers().length > 0;
}

/**
 * More recordings have come.
 * @param {DumpCard[]} given
 */
export function takeDumps(given) {
  dumps.splice(0, dumps.length, ...given);
  dash_clientside.set_props(ids.dump, { data: dumps.map((one) => ({ value: one.uuid, label: recordingName(one) })) });
}

/** @param {string} uuid */
export function openDump(uuid) {
  const { versus, text, was } = state;
  return showDump(uuid, Object.assign({ versus, text, was }, chosenThreshold()), "push", []);
}

/**
 * Another source of the same text keeps the place and the brush; one of another axis starts from its beginning. `changes` come with it.
 * @param {string} name
 * @param {Changes} [changes]
 */
export function openSource(name, changes = {}) {
  const { about } = model.dump;
  const next = about.sources.find((source) => source.name === name);
  const { before, after, side, versus, pair } = state;
  const isSame = next.axis === model.axis.index;
  const { threshold = next.opening.threshold } = hasQuestion(state) ? state : chosenThreshold();
  const values = isSame
    ? Object.assign({}, state, { threshold }, swapped(name))
    : { source: name, threshold, before, after, side, versus, pair };
  return showDump(state.dump, Object.assign(values, changes), "push", []);
}

/**
 * A further source of the brush that is to be plotted changes places with the one that was.
 * @param {string} name
 */
function swapped(name) {
  const { source, side, threshold, parts } = state;
  const part = parts.find((one) => one.source === name);
  if (!part) return { source: name };
  const rest = parts.map((one) => (one === part ? { source, side, threshold } : one));
  return Object.assign({}, part, { parts: rest });
}

/**
 * Put an opened pattern in the place of the brush; one without a unit on the plotted source brings its own source.
 * @param {PatternFile} file
 */
export function openPattern(file) {
  const { units } = file.pattern;
  const /** @type {Changes} */ changes = { pattern: JSON.stringify(file), start: null, stop: null, typed: null };
  const isKnown = units.length > 0 && model.dump.about.sources.some((one) => one.name === units[0].source);
  if (!isKnown || units.some((unit) => unit.source === state.source)) changeState(changes, "push");
  else openSource(units[0].source, changes);
}

/**
 * Highlight a unit; one of another source plots that source.
 * @param {HeldUnit} unit
 */
export function holdFromAnySource({ source, unit }) {
  if (source === state.source) return holdUnit(source, unit);
  changeState({ held: { source, unit }, colour: colourWhenHeld({ source, unit }) }, "live");
  return openSource(source);
}

/**
 * Swap the second source with the first, which is brushed and matched. `changes` of the state come with it.
 * @param {Changes} [changes]
 */
export function swapBeside(changes = {}) {
  const { dump, source, at, span, start, stop, threshold, side, before, after, beside } = state;
  const brush = { at, span, start, stop, threshold, side, before, after };
  const turned = { ...brush, source: beside.source, beside: { dump, source } };
  return showDump(beside.dump, { ...turned, ...changes }, "push", []);
}
