/* A student's page in a class: once a second it says where it is and hears what is new; it shows the teacher's view until the
   student does something, and keeps an answer until the server has it. */

import { notify } from "../dom/notice.mjs";
import { keepInTab, keptInTab } from "../dom/tab-storage.mjs";
import { beatPause } from "../lib/classroom.mjs";
import { signal } from "../lib/signal.mjs";
import { isOpenedByLink, shownAddress, shownLesson } from "./class-role.mjs";
import { lessonAnswered, lessonChanged, lessonOpened, openLesson, presentLesson } from "./lessons.mjs";
import { model } from "./model.mjs";
import { dumpShown, showAddress, startAsked } from "./open.mjs";
import { dumps } from "./recordings.mjs";
import { postJson, sayWhenLost } from "./request.mjs";
import { lookAtServed } from "./served.mjs";
import { state, stateChanged } from "./state.mjs";

const KEPT = "lstmviz-class"; // in this tab: answers that are not sent yet, the place before following, whether one follows
const PATIENCE = 8000; // ms that an answer to a beat may take
const QUIET = 5000; // ms without one, until the page says so
const MOST_ADDRESS = 4000; // characters of a place that the server keeps
const LOST =
  "The class does not answer just now: the teacher's laptop may be asleep, or this network is gone. Nothing is lost; the page goes on by itself.";

let /** @type {ClassNews | null} */ news = null;
let /** @type {boolean | null} */ follows = null; // null: as the server knows it
let /** @type {{ key: string, text: string, sure: number | null, isTold: boolean }[]} */ unsent = [];
let /** @type {string} */ ownPlace = ""; // where one was before following again
let /** @type {string | null} */ mirrored = null; // the teacher's address as this page shows it
let /** @type {string | null} */ toldPlace = null; // what the server knows of this page
let /** @type {Promise<void>} */ sending = Promise.resolve(); // the answers that are on their way
let nMirroring = 0; // changes of the state on the teacher's behalf
let isOver = false;
let heard = 0; // when the server answered last

export const classChanged = signal();

export const classNews = () => news;
export const isFollowing = () => follows === true;
export const isClassOver = () => isOver;
export const isClassQuiet = () => heard > 0 && performance.now() - heard > QUIET;
export const placeBefore = () => ownPlace;

/**
 * What was answered to a question, sent or not.
 * @param {ClassQuestion} question
 */
export const givenAnswer = (question) => unsent.find((one) => one.key === question.key) || question.given;

export function beginStudent() {
  const kept = keptInTab(KEPT);
  unsent = kept?.unsent || [];
  ownPlace = kept?.ownPlace || "";
  // A link that was opened in a new tab shows what it says; a tab that is loaded again goes on as it was.
  follows = kept?.follows ?? null;
  if (!kept && isOpenedByLink()) follows = false;
  sayWhenLost(LOST);
  stateChanged.on(noteOwn);
  startAsked.on(noteOwn);
  lessonOpened.on(() => follows && goOwnWay());
  lessonAnswered.on((name, step, text) => giveAnswer(`${name}/${step}`, text, null, true));
  beat();
}

/* The student's page is the teacher's no longer, once it shows something else. */
function noteOwn() {
  if (follows && !nMirroring && mirrored !== null && shownAddress() !== mirrored) goOwnWay();
}

/* Go on alone, from what is shown. Who has no lesson open gets the teacher's, at its step. */
export function goOwnWay() {
  follows = false;
  const lesson = news?.view?.lesson;
  if (lesson && !presentLesson()) openLesson(...lesson).catch(() => {});
  remember();
  classChanged.tell();
}

export function followTeacher() {
  if (!follows) ownPlace = shownAddress();
  follows = true;
  mirrored = null;
  remember();
  mirror();
  classChanged.tell();
}

/* Back to where one was before following. */
export function goBack() {
  goOwnWay();
  showAddress(ownPlace);
}

async function beat() {
  const asked = heard > 0 ? PATIENCE : 2 * PATIENCE;
  try {
    const place = presentPlace();
    const body = { version: news?.version ?? -1, follows, place };
    const response = await postJson("class/student/beat", body, { signal: AbortSignal.timeout(asked) });
    if (place) toldPlace = JSON.stringify(place);
    take(await response.json());
    await sendAnswers();
  } catch {
    classChanged.tell(); // it is said once it lasts; the next beat tries again
  }
  if (!isOver) setTimeout(beat, beatPause(document.hidden, Math.random()));
}

/* Where this page is, if the server does not know it yet. */
function presentPlace() {
  if (!news) return null; // at first the server says where one was
  const address = shownAddress();
  const isWorkbench = address !== "";
  const place = {
    address: address.length <= MOST_ADDRESS ? address : address.split("#")[0].slice(0, MOST_ADDRESS),
    lesson: shownLesson(),
    recording: isWorkbench ? model.dump.about.name.slice(0, 300) : "",
    step: isWorkbench ? state.at : 0,
  };
  return JSON.stringify(place) === toldPlace ? null : place;
}

/** @param {ClassNews} given */
function take(given) {
  const wasQuiet = isClassQuiet();
  heard = performance.now();
  if (given.isOver) {
    isOver = true;
    return classChanged.tell();
  }
  if (!given.view) return wasQuiet ? classChanged.tell() : undefined;
  const before = news;
  news = given;
  if (follows === null) follows = given.follows;
  remember();
  if (before && given.call !== before.call && !follows) followTeacher();
  else if (follows && given.view.address !== before?.view.address) mirror();
  classChanged.tell();
}

/* Show what the teacher's page shows. */
async function mirror() {
  const address = news?.view?.address;
  if (address === undefined || address === shownAddress()) {
    mirrored = shownAddress();
    return;
  }
  nMirroring++;
  try {
    const uuid = new URLSearchParams(address.split("#")[0]).get("dump");
    if (uuid && !dumps.some((one) => one.uuid === uuid)) await lookAtServed(); // a sample that was built meanwhile
    await showAddress(address);
  } catch (error) {
    if (!error.isLost) notify("class", error.message);
  } finally {
    nMirroring--;
    mirrored = shownAddress();
  }
}

/**
 * Answer a question. It is kept in this tab until the server has it.
 * @param {string} key
 * @param {string} text
 * @param {number | null} sure
 * @param {boolean} [isTold] whether the page said already what is right
 */
export function giveAnswer(key, text, sure, isTold = false) {
  if (isTold && unsent.some((one) => one.key === key)) return; // the first one counts
  unsent = [...unsent.filter((one) => one.key !== key), { key, text, sure, isTold }];
  remember();
  classChanged.tell();
  sendAnswers().catch(() => {}); // the next beat tries again
}

/* Send what is not sent yet, one after another: a later answer must not be overtaken by the one before. */
function sendAnswers() {
  sending = sending.catch(() => {}).then(sendUnsent);
  return sending;
}

async function sendUnsent() {
  for (const one of unsent.slice()) {
    let response;
    try {
      response = await postJson("class/student/answer", one, { signal: AbortSignal.timeout(PATIENCE) });
    } catch (error) {
      if (error.isLost || error.isAway || error.name === "TimeoutError" || error.name === "AbortError") return;
      notify("class", `Your answer was not taken: ${error.message}`);
    }
    unsent = unsent.filter((other) => other !== one);
    remember();
    if (response) take(await response.json());
  }
}

function remember() {
  keepInTab(KEPT, { unsent, ownPlace, follows });
}

dumpShown.on(() => classChanged.tell());
lessonChanged.on(() => classChanged.tell());
