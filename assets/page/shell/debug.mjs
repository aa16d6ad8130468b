/* What the page shows, for tests and the curious: read from the console as lvDebug.inspectPage(). */

import { inspectAblationCard } from "../cards/ablation.mjs";
import { inspectEnrichmentCard } from "../cards/enrichment.mjs";
import { inspectLengthsCard } from "../cards/lengths.mjs";
import { inspectThresholdCard } from "../cards/threshold.mjs";
import { inspectUnitCard } from "../cards/unit.mjs";
import { borderLabels } from "../corpus/borders.mjs";
import { inspectHits } from "../corpus/hits.mjs";
import { inspectMinimap } from "../corpus/minimap.mjs";
import { inspectPainter } from "../corpus/painter.mjs";
import { presentHits } from "../corpus/search.mjs";
import { inspectSequences } from "../corpus/sequences.mjs";
import { handleSteps, offRow, stripPlace } from "../corpus/strip.mjs";
import { tokenRow } from "../corpus/token-row.mjs";
import { inspectUnitBars } from "../corpus/unit-bars.mjs";
import { inspectUnitText } from "../corpus/unit-text.mjs";
import { brushTimes, isFrameAsked, redraw, redrawAll } from "../dom/frame.mjs";
import { ids } from "../dom/ids.mjs";
import { isProjectorOn } from "../dom/projector.mjs";
import { isStartShown } from "../dom/stage.mjs";
import { themeColours } from "../dom/theme.mjs";
import { tickText } from "../lib/axis.mjs";
import { KEY_TABLE } from "../lib/keys.mjs";
import { trackValueInRow } from "../lib/tracks.mjs";
import { cellPlaces } from "../matches/cells.mjs";
import { inspectCompare, refreshComparison } from "../matches/compare.mjs";
import { laidItems, tableColumns } from "../matches/layout.mjs";
import { inspectStart } from "../start/page.mjs";
import { isChangingTracks } from "../store/added-tracks.mjs";
import { classRoom } from "../store/class-teacher.mjs";
import { holdUnit } from "../store/colouring.mjs";
import { changeByHand, changeLimits, pinUnit } from "../store/edits.mjs";
import { isEvidencePending } from "../store/evidence.mjs";
import { presentFinding } from "../store/finding.mjs";
import * as geometry from "../store/geometry.mjs";
import { plotPlace } from "../store/geometry.mjs";
import { areLessonsKnown, openLesson } from "../store/lessons.mjs";
import { isCounting, isMatchPending, matchAnswer, matchRows } from "../store/matches.mjs";
import { model } from "../store/model.mjs";
import { openDump, openSource, showDump } from "../store/open.mjs";
import { postJson } from "../store/request.mjs";
import { changeState, hover, isResting, setHover, shownThresholds, state } from "../store/state.mjs";
import { isSummaryPending, summaryAnswer } from "../store/summary.mjs";
import { trackColour, trackGround, trackText, visibleTracks } from "../store/tracks.mjs";
import { typing } from "../store/typed-text.mjs";
import { panTo } from "../store/view.mjs";
import { inspectSurvey } from "../survey/panel.mjs";
import { inspectTypedFold } from "../typed/fold.mjs";
import { presentSuggestions } from "../units/suggestions.mjs";
import { areRoomsHere, roomHooks } from "./later.mjs";

/**
 * What a room has for tests, asked of it once it is here; `away` until then.
 * @param {string} room
 * @param {string} name
 * @param {any} away
 * @returns {() => any}
 */
const ofRoom = (room, name, away) => () => roomHooks(room)[name]?.() ?? away;

const isTypedReady = ofRoom("typed", "isTypedReady", true);
const inspectSecondSource = ofRoom("beside", "inspectSecondSource", null);
const isSecondSourceReady = ofRoom("beside", "isSecondSourceReady", true);
const inspectTypedBox = ofRoom("typed", "inspectTyped", {});
const inspectTyped = () => ({ ...inspectTypedFold(), ...inspectTypedBox() });
const inspectSurveyTable = ofRoom("survey", "inspectSurveyTable", { order: null, rows: [], chosen: [] });

/* {isReady, state, units, cut, cells, left, ticks, tracks, ...}; places in client pixels. */
export function inspectPage() {
  if (isStartShown()) return { isReady: false, start: inspectStart() };
  if (!model.source) return { isReady: false };
  model.refresh();
  const copy = Object.assign({}, state);
  const box = stripPlace().getBoundingClientRect();
  const plotBox = plotPlace().getBoundingClientRect();
  const to = Math.min(model.axis.n_steps, copy.at + copy.span);
  const counts = Array.from(model.countOn(copy.at, to));
  const { band } = tokenRow();
  const cells = [];
  for (let step = copy.at; step < to; step++) {
    const shown = model.shown(step);
    cells.push({
      step,
      left: box.left + geometry.x(step),
      right: box.left + geometry.x(step + 1),
      middle: box.top + band.top + band.height / 2,
      text: shown ? shown.text : null,
      isUnknown: Boolean(shown?.isUnknown),
      on: counts[step - copy.at],
    });
  }
  return {
    isReady: isPageReady(),
    state: copy,
    units: model.units === null ? null : model.units.slice(),
    chosen: model.chosen === null ? null : model.chosen.map((one) => Object.assign({}, one)),
    cut: model.cut,
    cells,
    left: geometry.left(),
    ticks: geometry.ticks().map((tick, _, all) => tickText(tick, all)),
    tracks: visibleTracks().map((track) => track.name),
    bars: inspectUnitBars(),
    text: inspectUnitText(),
    typed: inspectTyped(),
    beside: inspectSecondSource(),
    thresholds: shownThresholds().map((value) => ({
      value,
      x: plotBox.left + geometry.left() - 3,
      y: plotBox.top + geometry.y(value),
    })),
    chips: Array.from(
      document.querySelectorAll(`#${ids.chips} .lv-chip:not(.lv-out)`),
      (chip) => chip.querySelector("[data-testid]").textContent,
    ),
    labels: borderLabels(document.createElement("canvas").getContext("2d")).map(({ border, text }) => ({
      border,
      text,
    })),
    borders: model.bordersIn(copy.at, to),
    handles: copy.start === null ? null : handles(box),
    threshold: { x: plotBox.left + geometry.left() - 3, y: plotBox.top + geometry.y(copy.threshold) },
    counts: matchAnswer()?.counts || [],
    rows: matchRows().map((row) => Object.assign({}, row)),
    brushed: brushTimes.slice(),
  };
}

/* What there is to wait for until everything is shown that the state asks for. Answered without reading the rest, because tests
   ask in every frame. */
function pageReadiness() {
  if (isStartShown() || !model.source) return { isShown: false };
  model.refresh();
  return {
    areStatesHere: model.isComplete && model.isShaded,
    areUnitsSelected: model.units !== null,
    isBesideReady: isSecondSourceReady(),
    areRoomsHere: areRoomsHere(),
    isTextReady: typing(model.dump) !== null && isTypedReady(),
    areLessonsKnown: areLessonsKnown(),
    isResting: isResting(),
    isDrawn: !isFrameAsked(),
    areMatchesHere: !isMatchPending() && !isCounting(),
  };
}

const isPageReady = () => Object.values(pageReadiness()).every(Boolean);

/** @param {DOMRect} box */
function handles(box) {
  const steps = handleSteps();
  const { top, height } = offRow();
  const y = box.top + top + height / 2;
  /** @param {number} step */
  const at = (step) => ({ step, x: box.left + geometry.x(step), y });
  return { before: at(steps.before), after: at(steps.after) };
}

/* What each card shows, and what is beside them. */
function inspectCards() {
  return {
    minimap: inspectMinimap(),
    sequences: inspectSequences(),
    hitlist: inspectHits(),
    unitcard: inspectUnitCard(),
    adviser: inspectThresholdCard(),
    carry: inspectEnrichmentCard(),
    lengths: inspectLengthsCard(),
  };
}

/* What the browser tests, the pictures and the benchmarks read and call: window.lvDebug. */
export function exposeDebug() {
  window.lvDebug = {
    KEY_TABLE,
    cellPlaces,
    changeByHand,
    changeLimits,
    changeState,
    classNews: ofRoom("class", "classNews", null),
    classRoom,
    holdUnit,
    hover,
    ids,
    inspectCards,
    inspectCompare,
    inspectAblationCard,
    inspectEnrichmentCard,
    inspectMap: ofRoom("map", "inspectMap", { isOpen: false }),
    inspectMomentsChart: ofRoom("moments", "inspectMomentsChart", { isShown: false }),
    inspectPainter,
    inspectPair: ofRoom("pair", "inspectPair", { isShown: false, problem: null }),
    isChangingTracks,
    inspectSurvey: () => ({ ...inspectSurvey(), ...inspectSurveyTable() }),
    inspectTyped,
    inspectUnitText,
    isEvidencePending,
    isFollowing: ofRoom("class", "isFollowing", false),
    isPageReady,
    pageReadiness,
    isProjectorOn,
    isResting,
    isSummaryPending,
    laidItems,
    matchRows,
    model,
    openDump,
    openLesson,
    openSource,
    panTo,
    pinUnit,
    postJson,
    presentFinding,
    presentHits,
    presentSuggestions,
    redraw,
    redrawAll,
    refreshComparison,
    setHover,
    showDump,
    state,
    summaryAnswer,
    tableColumns,
    themeColours,
    trackColour,
    trackGround,
    trackText,
    trackValueInRow,
    typedAnswer: ofRoom("typed", "typedAnswer", null),
    visibleTracks,
    inspectPage,
  };
}
