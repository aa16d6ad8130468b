/* What a first look does without: made once the text and its lines are on the screen. A room that is not seen at first comes
   when it is needed. */

import { redraw } from "./dom/frame.mjs";
import { isMapOpen, makeMapButton } from "./map/button.mjs";
import { exposeDebug } from "./shell/debug.mjs";
import { watchRooms } from "./shell/later.mjs";
import { classRole } from "./store/class-role.mjs";
import { model } from "./store/model.mjs";
import { seriesOf } from "./store/offers.mjs";
import { partner } from "./store/pair.mjs";
import { state } from "./store/state.mjs";
import { isSurveyOpen, makeSurvey } from "./survey/panel.mjs";
import { isTypedOpen, makeTypedFold } from "./typed/fold.mjs";

/** @type {Room[]} */
const ROOMS = [
  {
    name: "class",
    words: "the class",
    isNeeded: () => classRole() !== null,
    async load() {
      const { makeClass } = await import("./classroom/class.mjs");
      return makeClass();
    },
  },
  {
    name: "beside",
    words: "the second source",
    isNeeded: () => state.beside !== null,
    async load() {
      const { makeSecondSource } = await import("./corpus/second-source.mjs");
      return makeSecondSource();
    },
  },
  {
    name: "pair",
    words: "the pair of texts",
    isNeeded: () => Boolean(model.source && partner()),
    async load() {
      const { makePair } = await import("./pair/panel.mjs");
      return makePair();
    },
  },
  {
    name: "map",
    words: "the map",
    isNeeded: isMapOpen,
    async load() {
      const { makeMap } = await import("./map/panel.mjs");
      return makeMap();
    },
  },
  {
    name: "moments",
    words: "the chart over the moments",
    isNeeded: () => Boolean(model.source && seriesOf(model.dump.about.uuid)),
    async load() {
      const { makeMomentsChart } = await import("./corpus/moments-chart.mjs");
      return makeMomentsChart();
    },
  },
  {
    name: "typed",
    words: "the box for your text",
    isNeeded: isTypedOpen,
    async load() {
      const { makeTyped } = await import("./typed/panel.mjs");
      return makeTyped();
    },
  },
  {
    name: "survey",
    words: "the table of units",
    isNeeded: isSurveyOpen,
    async load() {
      const { makeSurveyTable } = await import("./survey/table.mjs");
      return makeSurveyTable();
    },
  },
];

export function makeRooms() {
  makeMapButton();
  makeTypedFold();
  makeSurvey();
  watchRooms(ROOMS);
  exposeDebug();
  redraw("map", "typed", "survey");
}
