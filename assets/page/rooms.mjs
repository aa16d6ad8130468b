/* The rooms that a first look does without: made once the text and its lines are on the screen. */

import { makeMomentsChart } from "./corpus/moments-chart.mjs";
import { redraw } from "./dom/frame.mjs";
import { makeMap } from "./map/panel.mjs";
import { makePair } from "./pair/panel.mjs";
import { exposeDebug } from "./shell/debug.mjs";
import { makeSurvey } from "./survey/panel.mjs";
import { makeTyped } from "./typed/panel.mjs";

export function makeRooms() {
  makePair();
  makeMap();
  makeMomentsChart();
  makeTyped();
  makeSurvey();
  exposeDebug();
  redraw("pair", "map", "moments", "typed", "survey");
}
