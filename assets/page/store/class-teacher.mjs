/* The teacher's page in a class: it sends what it shows, and asks every second who is where and what was answered. */

import { notify } from "../dom/notice.mjs";
import { signal } from "../lib/signal.mjs";
import { shownAddress, shownLesson } from "./class-role.mjs";
import { lessonChanged } from "./lessons.mjs";
import { dumpShown, startAsked } from "./open.mjs";
import { getJson, postJson, serverBack } from "./request.mjs";
import { stateChanged } from "./state.mjs";

const EVERY = 1000; // ms between two questions
const REST = 250; // ms after a change, until it is sent
const PATIENCE = 8000;

let /** @type {ClassRoom | null} */ room = null;
let sentView = ""; // the view that the server knows
let /** @type {ReturnType<typeof setTimeout>} */ resting = null;

export const roomChanged = signal();
export const classRoom = () => room;

export function beginTeacher() {
  stateChanged.on((how) => how !== "live" && tellSoon());
  for (const happened of [startAsked, dumpShown, lessonChanged]) happened.on(tellSoon);
  serverBack.on(tellView);
  tellSoon();
  look();
}

function tellSoon() {
  clearTimeout(resting);
  resting = setTimeout(() => tellView().catch(() => {}), REST);
}

async function tellView() {
  const view = { address: shownAddress(), lesson: shownLesson() };
  const now = JSON.stringify(view);
  if (now === sentView) return;
  await act("view", view);
  sentView = now;
}

async function look() {
  try {
    await tellView();
    take(await getJson("class/teacher/room.json", { cache: "no-store", signal: AbortSignal.timeout(PATIENCE) }));
  } catch {
    // the request itself has said that the server does not answer; the next look tries again
  }
  setTimeout(look, EVERY);
}

/** @param {ClassRoom} given */
function take(given) {
  const isOther = JSON.stringify(given) !== JSON.stringify(room);
  room = given;
  if (isOther) roomChanged.tell();
}

/**
 * @param {string} name
 * @param {object} body
 */
async function act(name, body) {
  const response = await postJson(`class/teacher/${name}`, body, { signal: AbortSignal.timeout(PATIENCE) });
  take(await response.json());
}

/**
 * Have something done for the class; what does not work is said. Gives whether it worked.
 * @param {string} name
 * @param {object} [body]
 */
async function doing(name, body = {}) {
  try {
    await act(name, body);
    return true;
  } catch (error) {
    if (!error.isLost) notify("class", error.message);
    return false;
  }
}

/**
 * @param {string} text
 * @param {string[]} choices
 */
export const askClass = (text, choices) => doing("ask", { text, choices });
/** @param {ClassStep} lesson */
export const askStep = (lesson) => doing("ask", { lesson });
export const tellAnswers = () => doing("tell");
export const putQuestionAway = () => doing("put-away");
export const callEveryone = () => doing("call");
export const endClass = () => doing("end");
/** @param {number} number */
export const removeStudent = (number) => doing("remove", { number });
/** @param {boolean} on */
export const letJoin = (on) => doing("open", { on });

/** @returns {Promise<ClassLink>} */
export const classLink = () => getJson(`class/teacher/link.json?scheme=${window.location.protocol.replace(":", "")}`);
