/* The lessons that the server offers, the one that is open, and how far it is: kept for the tab, so that a reload goes on. */

import { keepInTab, keptInTab } from "../dom/tab-storage.mjs";
import { signal } from "../lib/signal.mjs";
import { getJson } from "./request.mjs";

const KEPT = "lstmviz-lesson";
let /** @type {LessonCard[]} */ offered = null;
let /** @type {Promise<void>} */ loading = null;
let /** @type {Lesson | null} */ lesson = null;
let at = 0; // the step that is shown; as many as there are steps: the end
let /** @type {Set<number>} */ done = new Set();

export const lessonChanged = signal(); // another lesson or step; or the offers have come
export const lessonOpened = signal(); // by hand, not restored
export const lessonAnswered = signal(); // sent with the lesson's name, the step and the answer, right or not

let isKnown = false; // which lessons there are, or that none can be had

export const areLessonsKnown = () => isKnown;
export const presentLesson = () => lesson;
export const presentStep = () => lesson?.steps[at] || null;
export const stepNumber = () => at;
export const isStepDone = () => done.has(at);

/**
 * The lesson about a recording or a sample, by its name; null where there is none, or none is known yet.
 * @param {string} name
 */
export function lessonAbout(name) {
  const isAbout = (/** @type {LessonCard} */ one) =>
    one.recordings.some((each) => name === each || name.startsWith(`${each},`));
  return offered?.find(isAbout) || null;
}

/* Ask what lessons there are, once; goes on with the one that was open in this tab, or opens the one that the server names. */
export function loadLessons() {
  loading ||= getJson("lessons/about.json").then((answer) => {
    offered = answer.lessons;
    const /** @type {{ name?: string, at?: number, done?: number[] } | null} */ kept = keptInTab(KEPT);
    if (kept?.name) return load(kept.name, kept.at, kept.done);
    if (answer.opens && !kept) return load(answer.opens);
    lessonChanged.tell();
  });
  loading
    .catch(() => {})
    .finally(() => {
      isKnown = true;
    });
  return loading;
}

/**
 * Open a lesson that was pressed, or named by a link.
 * @param {string} name
 * @param {number} [step]
 */
export async function openLesson(name, step = 0) {
  await load(name, step);
  lessonOpened.tell();
}

/**
 * @param {string} name
 * @param {number} [step]
 * @param {number[]} [isDone]
 */
async function load(name, step = 0, isDone = []) {
  lesson = await getJson(`lessons/${encodeURIComponent(name)}.json`);
  at = Math.min(step, lesson.steps.length);
  done = new Set(isDone);
  tell();
}

export function closeLesson() {
  lesson = null;
  tell();
}

/** @param {number} step */
export function goToStep(step) {
  at = Math.max(0, Math.min(lesson.steps.length, step));
  tell();
}

export function markStepDone() {
  if (done.has(at)) return;
  done.add(at);
  tell();
}

function tell() {
  keepInTab(KEPT, lesson ? { name: lesson.name, at, done: [...done] } : {});
  lessonChanged.tell();
}
