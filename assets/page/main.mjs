/* Start: open the dump that the address names, wire the parts, and answer Dash's clientside callbacks. */

import { makeCards } from "./cards/column.mjs";
import { makeBrush } from "./corpus/brush.mjs";
import { fieldChanged, makeFields, restoreField } from "./corpus/fields.mjs";
import { makeHits } from "./corpus/hits.mjs";
import { makeLabelLegend } from "./corpus/label-legend.mjs";
import { makeMinimap } from "./corpus/minimap.mjs";
import { makePainter } from "./corpus/painter.mjs";
import { makePan } from "./corpus/pan.mjs";
import { makePlot } from "./corpus/plot.mjs";
import { makeSearch, stepHit } from "./corpus/search.mjs";
import { makeSequences } from "./corpus/sequences.mjs";
import { makeSeries } from "./corpus/series.mjs";
import { makeShowMenu } from "./corpus/show-menu.mjs";
import { makeStrip } from "./corpus/strip.mjs";
import { makeUnitBars } from "./corpus/unit-bars.mjs";
import { makeUnitText } from "./corpus/unit-text.mjs";
import { copyText } from "./dom/copy.mjs";
import { redrawAll } from "./dom/frame.mjs";
import { ids } from "./dom/ids.mjs";
import { watchMenus } from "./dom/menu.mjs";
import { notify, notifyFailure, watchErrors } from "./dom/notice.mjs";
import { beginProjector, makeProjector, projectorTurned } from "./dom/projector.mjs";
import { watchSizes } from "./dom/sizes.mjs";
import { watchTheme } from "./dom/theme.mjs";
import { BASE_STATE } from "./lib/url-fields.mjs";
import { makeMatches } from "./matches/panel.mjs";
import { makeAnnouncer } from "./shell/announcer.mjs";
import { makeExportMenu } from "./shell/export-menu.mjs";
import { makeHelp } from "./shell/help.mjs";
import { makeLabelsMenu } from "./shell/labels-menu.mjs";
import { makeFirstOffer, makeLesson } from "./shell/lesson.mjs";
import { makePageKeys } from "./shell/page-keys.mjs";
import { makeStart } from "./start/page.mjs";
import { followTracks } from "./store/added-tracks.mjs";
import { takeRole } from "./store/class-role.mjs";
import { statesArrived } from "./store/data.mjs";
import { followState, settleAddress } from "./store/history.mjs";
import { matchAnswer, publishQuestion } from "./store/matches.mjs";
import { model, viewLoaded } from "./store/model.mjs";
import { showNames } from "./store/naming.mjs";
import { hasStartPage, openFailed, openWith, showFromAddress, startAsked } from "./store/open.mjs";
import { tellPresent } from "./store/present.mjs";
import { dumps, strays } from "./store/recordings.mjs";
import { serverBack } from "./store/request.mjs";
import { servedChanged, takeServed } from "./store/served.mjs";
import { state, stateChanged } from "./store/state.mjs";
import { askTypedAgain } from "./store/typed-data.mjs";
import { makeUndo, noteForUndo, redo, undo } from "./store/undo.mjs";
import { panBy, zoomBy } from "./store/view.mjs";
import { makePatternFile } from "./units/pattern-file.mjs";
import { makeUnits } from "./units/unit-list.mjs";

const ROOMS_BY = 2000; // ms until the rest is made, whether something is shown by then or not
let isMade = false;

/** @param {Served & { strays: string[], opens: string | null, inClass: "teacher" | "student" | null, tells: boolean }} given */
function boot(given) {
  dumps.splice(0, dumps.length, ...given.dumps);
  strays.splice(0, strays.length, ...given.strays);
  takeServed(given);
  openWith(given.opens);
  if (!isMade && given.tells) tellPresent();
  if (!isMade) {
    make(given.inClass);
    makeRoomsLater();
  }
  if (!dumps.length && !hasStartPage()) {
    notify("dump", "No dump is being served. Start lstmviz with the path of one: lstmviz serve PATH.");
    return;
  }
  showFromAddress();
}

/** @param {"teacher" | "student" | null} role in a class */
function make(role) {
  isMade = true;
  takeRole(role);
  watchSizes();
  stateChanged.on((how) => how !== "live" && publishQuestion()); // first: the server is at work while the rest is done
  stateChanged.on(followState);
  stateChanged.on((how) => how !== "live" && noteForUndo());
  serverBack.on(goOn);
  followTracks();
  servedChanged.on(() => model.source && dumps.some((one) => one.uuid === state.dump) && showNames());
  projectorTurned.on(() => model.source && showNames());
  Object.assign(state, BASE_STATE);
  makePlot();
  makeStrip();
  makeLabelLegend();
  makeUnits();
  makeMatches();
  makeFields();
  makePainter(); // before the brush, whose pointer it takes while it paints
  makeBrush();
  makePan();
  makeSearch();
  makePatternFile();
  makeUndo();
  makeLabelsMenu();
  makeShowMenu();
  makeUnitBars();
  makeUnitText();
  makeMinimap();
  makeSequences();
  makeHits();
  makeSeries();
  makeCards();
  makePageKeys();
  makeStart();
  makeHelp();
  makeProjector();
  makeLesson();
  makeFirstOffer();
  makeAnnouncer();
  makeExportMenu();
  watchTheme();
  watchMenus();
  window.addEventListener("resize", () => redrawAll()); // also when the screen's pixel ratio changes
  window.addEventListener("popstate", showFromAddress);
  for (const name of ["threshold", "before", "after", "step"]) {
    document.getElementById(ids[name]).addEventListener("blur", () => restoreField(name));
  }
}

/* The rooms that a first look does without come once it is on the screen: the text with its lines, or the start page. */
function makeRoomsLater() {
  const load = once(async () => {
    performance.mark("lstmviz-view");
    try {
      const { makeRooms } = await import("./rooms.mjs");
      makeRooms();
    } catch (error) {
      notifyFailure("loading the rest of the page", error);
    }
  });
  for (const shown of [viewLoaded, startAsked, openFailed]) shown.on(() => setTimeout(load)); // once it is painted
  setTimeout(load, ROOMS_BY);
}

/** @param {() => void} act */
function once(act) {
  let isDone = false;
  return () => {
    if (!isDone) act();
    isDone = true;
  };
}

/**
 * The server is there again: what failed meanwhile is asked again.
 * @returns {void}
 */
function goOn() {
  if (!model.source) return void showFromAddress();
  statesArrived();
  askTypedAgain();
  if (matchAnswer() === null) publishQuestion(true);
}

async function copyLink() {
  const label = document.querySelector(".lv-copy-label");
  const words = label.textContent;
  settleAddress();
  try {
    await copyText(window.location.href);
    label.textContent = "Copied";
  } catch {
    notify("copy", `This browser does not let the page copy. The link is in the address bar: ${window.location.href}`);
    return;
  }
  const button = document.getElementById(ids.copyLink);
  button.classList.add("lv-copied");
  setTimeout(() => {
    button.classList.remove("lv-copied");
    label.textContent = words === "Copied" ? "Copy link" : words;
  }, 1500);
}

const PRESSED = {
  hit_back: () => stepHit(-1),
  hit_next: () => stepHit(1),
  undo: () => undo(),
  redo: () => redo(),
  copy_link: copyLink,
  page_left: () => panBy(-1, true),
  pan_left: () => panBy(-5, false),
  pan_right: () => panBy(5, false),
  page_right: () => panBy(1, true),
  zoom_out: () => zoomBy(1.25, 0.5),
  zoom_in: () => zoomBy(1 / 1.25, 0.5),
};

/**
 * A clientside callback that says in words when it fails.
 * @param {string} doing
 * @param {(value: any) => any} act
 * @returns {(value: any) => unknown}
 */
function careful(doing, act) {
  return (value) => {
    try {
      const done = act(value);
      if (done?.catch) done.catch((/** @type {Error} */ error) => notifyFailure(doing, error));
    } catch (error) {
      notifyFailure(doing, error);
    }
    return dash_clientside.no_update;
  };
}

/** @type {Record<string, (value: any) => unknown>} */
export const callbacks = {
  boot: careful("starting the page", boot),
};
for (const [name, act] of Object.entries(PRESSED)) {
  callbacks[`press_${name}`] = careful("answering a button", (clicks) => clicks && model.source && act());
}
for (const name of ["dump", "source", "step", "threshold", "before", "after", "side"]) {
  callbacks[`field_${name}`] = careful("reading a field", (value) => isMade && fieldChanged(name, value));
}

watchErrors();
beginProjector();
