/* A lesson under the header: what to do on the page's own controls, a question with a checked answer, hints, and a button that
   does a step. It stays in sight while the page is used. Where none is open, the question of the sample that is shown. */

import { shownTrack } from "../cards/enrichment.mjs";
import { presentHits } from "../corpus/search.mjs";
import { button, codedText, element } from "../dom/element.mjs";
import { onFrame, redraw } from "../dom/frame.mjs";
import { ids } from "../dom/ids.mjs";
import { notify } from "../dom/notice.mjs";
import { isStartShown } from "../dom/stage.mjs";
import { isMet, isRight, isShown } from "../lib/lesson.mjs";
import { placesOf, suggestionsFor } from "../lib/suggestions.mjs";
import { hasQuestion, parseAddress } from "../lib/url.mjs";
import { buildOffer } from "../start/gallery.mjs";
import { classRole } from "../store/class-role.mjs";
import { askStep } from "../store/class-teacher.mjs";
import {
  closeLesson,
  goToStep,
  isStepDone,
  lessonAbout,
  lessonAnswered,
  lessonChanged,
  loadLessons,
  markStepDone,
  openLesson,
  presentLesson,
  presentStep,
  stepNumber,
} from "../store/lessons.mjs";
import { matchAnswer, matchesTold } from "../store/matches.mjs";
import { model } from "../store/model.mjs";
import { allOffers } from "../store/offers.mjs";
import { dumpShown, openDump, showDump, startAsked } from "../store/open.mjs";
import { dumps } from "../store/recordings.mjs";
import { changeState, state } from "../store/state.mjs";

const BRUSHED = 4; // steps that are brushed for somebody
let /** @type {HTMLElement} */ place = null;
let drawnKey = "";
let isHintShown = false;
let /** @type {string | null} */ given = null; // a wrong answer to the present question
let isWaved = false; // the question of the sample was put away

export function makeLesson() {
  place = document.getElementById(ids.lesson);
  place.addEventListener("keydown", (event) => event.stopPropagation()); // its keys are not the page's
  lessonChanged.on(() => {
    isHintShown = false;
    given = null;
    redraw("lesson", "start");
  });
  for (const part of ["selection", "summary", "carry", "overlay", "strip"]) onFrame(part, look);
  matchesTold.on(look);
  for (const happened of [startAsked, dumpShown]) happened.on(() => redraw("lesson", "start"));
  new ResizeObserver(noteHeight).observe(place);
  for (const part of ["lesson", "start"]) onFrame(part, draw); // of the recording, and of the start page
  const idle = window.requestIdleCallback || ((/** @type {() => void} */ act) => setTimeout(act, 200)); // not in every phone
  idle(() => loadLessons().catch(() => {})); // a page without lessons is whole
}

/* Is the present step done by now? */
function look() {
  const step = presentStep();
  if (step?.say && model.source && !isStepDone() && isDone(step)) markStepDone();
}

/** @param {LessonStep} step */
function isDone(step) {
  const facts = presentFacts();
  if (wantedRecording() && facts.recording !== wantedRecording()) return false;
  if (Object.keys(step.until).length) return isMet(step.until, facts);
  return step.link !== "" && isShown(linked(step), state);
}

/* What steps may wait for: see lstmviz/lessons/lesson.py. */
function presentFacts() {
  const { held, shared, at, threshold, side, before, after, view, order, group, colour, text, start, stop } = state;
  return {
    ...{ shared, threshold, side, before, after, view, order, group, colour, text, start, stop },
    recording: model.dump?.about.name,
    source: model.source?.name,
    step: at,
    unit: held ? held.unit : null,
    units: model.chosen?.length ?? 0,
    matches: matchAnswer()?.n_listed ?? 0,
    track: shownTrack(),
    search: presentHits()?.text,
  };
}

/* The recording that the present step is on: the last one named up to here. */
function wantedRecording() {
  const lesson = presentLesson();
  const named = lesson.steps.slice(0, stepNumber() + 1).map((step) => step.recording);
  return named.findLast(Boolean) || lesson.recording;
}

/** @param {LessonStep} step */
const linked = (step) => parseAddress(`?${step.link}`).values;

function draw() {
  if (!place) return;
  const lesson = presentLesson();
  const now = JSON.stringify([
    lesson?.name,
    lesson && [stepNumber(), isStepDone(), isHintShown, given, needsOpening()],
    !lesson && question(),
    isStartShown(),
  ]);
  if (now === drawnKey) return;
  drawnKey = now;
  const held = /** @type {HTMLElement} */ (document.activeElement)?.dataset.lesson;
  place.replaceChildren(...(lesson ? lessonParts(lesson) : questionParts()));
  if (held && place.isConnected) /** @type {HTMLElement} */ (place.querySelector(`[data-lesson="${held}"]`))?.focus();
}

/* What sticks under the lesson starts lower. */
function noteHeight() {
  document.documentElement.style.setProperty("--lv-lesson", `${place.offsetHeight}px`);
}

/* Is another recording to be opened first? */
function needsOpening() {
  const wanted = wantedRecording();
  return Boolean(wanted) && (isStartShown() || model.dump?.about.name !== wanted) && Boolean(presentStep());
}

/** @param {Lesson} lesson */
function lessonParts(lesson) {
  const step = presentStep();
  const head = element("div", "lv-lesson-head");
  head.append(
    element("strong", "lv-lesson-title", lesson.title),
    element("span", "lv-lesson-count", step ? `${stepNumber() + 1} of ${lesson.steps.length}` : "the end"),
    element("span", "lv-spacer"),
    ...(step ? stepButtons(step) : endButtons()),
    act("close", "×", "Close the lesson", closeLesson, "lv-card-close"),
  );
  if (!step) return [head, words(lesson.end || "That was the lesson.", "lv-lesson-words")];
  const body = element("div", "lv-lesson-body");
  body.append(words(step.say || step.ask, `lv-lesson-words${isStepDone() ? " lv-lesson-done" : ""}`));
  if (step.ask) body.append(isStepDone() ? words(step.because || "Right.", "lv-lesson-because") : answers(step));
  const hint = isHintShown && !isStepDone() ? [words(step.hint, "lv-lesson-hint")] : [];
  return [head, body, ...hint];
}

function backButton() {
  if (stepNumber() === 0) return [];
  return [act("back", "Back", "The step before", () => goToStep(stepNumber() - 1))];
}

function endButtons() {
  return [...backButton(), act("done", "Done", "Close the lesson", closeLesson, "lv-button lv-primary")];
}

/** @param {LessonStep} step */
function stepButtons(step) {
  const isReady = isStepDone();
  const made = backButton();
  const hint = () => {
    isHintShown = true;
    redraw("lesson", "start");
  };
  const wanted = wantedRecording();
  const asked = /** @type {ClassStep} */ ([presentLesson().name, stepNumber()]);
  if (step.ask && classRole() === "teacher")
    made.push(
      act("class", "Ask the class", "Collect everybody's answer to this, on their own pages", () => askStep(asked)),
    );
  if (step.hint && !isReady && !isHintShown) made.push(act("hint", "Hint", "Show a hint", hint));
  if (needsOpening()) made.push(act("do", `Open ${wanted}`, "Open the recording of this step", openWanted));
  else if (!isReady && (step.link || step.act))
    made.push(act("do", "Do it for me", "Have this step done on the page", () => doStep(step)));
  const [label, title] = isReady ? ["Next", "The next step"] : ["Skip", "Go on without this step"];
  const next = () => goToStep(stepNumber() + 1);
  return [...made, act("next", label, title, next, `lv-button${isReady ? " lv-primary" : ""}`)];
}

/**
 * @param {string} name
 * @param {string} label
 * @param {string} title
 * @param {() => void} pressed
 * @param {string} [className]
 */
function act(name, label, title, pressed, className = "lv-button") {
  const made = button(className, label, title, pressed);
  made.dataset.lesson = name;
  return made;
}

/**
 * @param {string} text
 * @param {string} className
 */
const words = (text, className) => codedText("p", className, text, { "aria-live": "polite" });

/** @param {LessonStep} step */
function answers(step) {
  const form = element("form", "lv-lesson-answers");
  /** @param {string} text */
  const take = (text) => {
    lessonAnswered.tell(presentLesson().name, stepNumber(), text);
    if (isRight(/** @type {any} */ (step), text)) return markStepDone();
    given = text;
    redraw("lesson", "start");
  };
  if (step.choices.length) {
    form.append(...step.choices.map((choice, k) => act(`choice${k}`, choice, `Answer: ${choice}`, () => take(choice))));
  } else {
    const field = element("input", "lv-input", "", { type: "text", "aria-label": "Your answer", autocomplete: "off" });
    field.dataset.lesson = "answer";
    if (given) field.value = given;
    form.append(field, element("button", "lv-button", "Check", { type: "submit" }));
    form.addEventListener("submit", () => take(field.value));
  }
  form.addEventListener("submit", (event) => event.preventDefault());
  if (given !== null) form.append(element("span", "lv-warn", "Not so; look again.", { role: "status" }));
  return form;
}

/* Open the recording that the step is on; a sample that is not there is built first. The brush stays where the recording has
   the same steps, as another moment of a training has. */
function openWanted() {
  const wanted = wantedRecording();
  const dump = dumps.find((one) => one.name === wanted);
  if (dump) return isAlike(dump) ? showDump(dump.uuid, presentBrush(), "push", []) : openDump(dump.uuid);
  const offer = allOffers().find((one) => one.name === wanted || one.name.startsWith(`${wanted},`));
  if (offer) return buildOffer(offer.name);
  notify("lesson", `This lesson needs the recording ${wanted}, which is not served here.`);
}

/** @param {DumpCard} dump */
function isAlike(dump) {
  return !isStartShown() && dump.n_steps === model.axis?.n_steps && dump.sources.includes(state.source);
}

function presentBrush() {
  const { source, at, span, start, stop, threshold, side, before, after } = state;
  return { source, at, span, start, stop, threshold, side, before, after };
}

/** @param {LessonStep} step */
function doStep(step) {
  if (step.act === "brush") return brushSome();
  const values = linked(step);
  if (values.source && values.source !== state.source) showDump(state.dump, values, "push", []);
  else changeState(values, "push");
}

/* Brush steps in view that select units: the present question if it can, else the change that helps most. */
function brushSome() {
  const end = Math.min(model.axis.n_steps, state.at + state.span) - BRUSHED;
  for (let start = state.at + 1; start <= end; start++) {
    const [first, stop] = model.sequenceOf(start);
    if (start - 1 < first || start + BRUSHED > stop) continue;
    const window_ = { start, stop: start + BRUSHED };
    if (model.wouldSelect(window_).length) return changeState(window_, "push");
    const asked = Object.assign({}, state, window_);
    const count = (/** @type {Changes} */ changes) => model.wouldSelect(Object.assign({}, window_, changes)).length;
    const [best] = suggestionsFor(asked, placesOf(Math.abs(model.source.high) || 1), count);
    if (best) return changeState(Object.assign(window_, best.changes), "push");
  }
}

/* The question of the sample that is shown; null where there is none, or it was put away. */
function question() {
  if (isWaved || isStartShown() || !model.dump) return null;
  const { uuid, name } = model.dump.about;
  const offer = allOffers().find((one) => one.is_sample && one.dumps.includes(uuid));
  const lesson = lessonAbout(offer ? offer.name : name);
  return offer?.question ? { text: offer.question, lesson: lesson?.name || null } : null;
}

function questionParts() {
  const asked = question();
  if (!asked) return [];
  const line = element("div", "lv-lesson-head");
  line.append(element("span", "lv-lesson-question", asked.text));
  if (asked.lesson)
    line.append(
      act("open", "Show me", "Open the lesson that answers this", () => openLesson(asked.lesson), "lv-button"),
    );
  line.append(
    act(
      "close",
      "×",
      "Put the question away",
      () => {
        isWaved = true;
        redraw("lesson", "start");
      },
      "lv-card-close",
    ),
  );
  return [line];
}

/* Where nothing is selected yet: the first lesson, in room that is empty anyway. */
export function makeFirstOffer() {
  const offer = document.getElementById(ids.firstLesson);
  const line = element("p", "");
  line.append(element("strong", "", "First time here? "), "Four steps on the page's own controls, three minutes.");
  offer.append(
    line,
    button("lv-button", "Show me", "Open the first lesson", () => {
      keepClosed();
      openLesson("first");
    }),
    button("lv-link", "No, thanks", "Do not offer it again", () => {
      keepClosed();
      offer.hidden = true;
    }),
  );
  const show = () => {
    offer.hidden = !model.source || hasQuestion(state) || Boolean(presentLesson()) || isKeptClosed();
  };
  for (const part of ["selection", "lesson"]) onFrame(part, show);
}

const KEPT = "lstmviz-tour"; // "closed" once the first lesson was taken or declined

function isKeptClosed() {
  try {
    return window.localStorage.getItem(KEPT) === "closed";
  } catch {
    return true; // a browser that keeps nothing would be asked each time
  }
}

function keepClosed() {
  try {
    window.localStorage.setItem(KEPT, "closed");
  } catch {
    // not offered either
  }
}
