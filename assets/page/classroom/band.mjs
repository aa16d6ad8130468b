/* A student's band under the header: who one is, whether the teacher is followed, and the question before the class. */

import { codedText, element, focusedIn } from "../dom/element.mjs";
import { ids } from "../dom/ids.mjs";
import { SURE } from "../lib/classroom.mjs";
import { shownAddress } from "../store/class-role.mjs";
import {
  classChanged,
  classNews,
  followTeacher,
  giveAnswer,
  givenAnswer,
  goBack,
  goOwnWay,
  isClassOver,
  isClassQuiet,
  isFollowing,
  placeBefore,
} from "../store/class-student.mjs";
import { act } from "./act.mjs";
import { histogram, legend } from "./bars.mjs";

let /** @type {HTMLElement} */ place = null;
let drawnKey = "";
let drawnQuestion = ""; // key of the question that is drawn
let hiddenKey = ""; // the question whose answers were put away on this page

export function makeBand() {
  place = document.getElementById(ids.classBand);
  place.addEventListener("keydown", (event) => event.stopPropagation()); // its keys are not the page's
  classChanged.on(draw);
  new ResizeObserver(noteHeight).observe(place);
  draw();
}

/* What sticks under the band starts lower. */
function noteHeight() {
  document.documentElement.style.setProperty("--lv-class", `${place.offsetHeight}px`);
}

function draw() {
  const news = classNews();
  const question = news?.question;
  const canGoBack = isFollowing() && placeBefore() !== "" && placeBefore() !== shownAddress();
  document.documentElement.toggleAttribute("data-lv-following", isFollowing());
  const now = JSON.stringify([
    news && [news.nickname, question, isFollowing() && news.view],
    [isFollowing(), canGoBack, isClassOver(), isClassQuiet()],
    [question && givenAnswer(question), hiddenKey],
  ]);
  if (now === drawnKey) return;
  drawnKey = now;
  const held = focusedIn(place);
  const typed = question?.key === drawnQuestion ? fieldIn()?.value : ""; // what is half typed is of that question
  drawnQuestion = question?.key ?? "";
  place.replaceChildren(
    ...(isClassOver() ? overParts() : news ? parts(news, canGoBack) : [element("p", "", "Joining the class …")]),
  );
  if (typed && fieldIn()) fieldIn().value = typed;
  if (held?.dataset.class)
    /** @type {HTMLElement} */ (place.querySelector(`[data-class="${held.dataset.class}"]`))?.focus();
}

/**
 * The question, unless its answers were seen and put away.
 * @param {ClassQuestion | null} question
 */
const seen = (question) => (question?.bars && question.key === hiddenKey ? null : question);

const fieldIn = () => /** @type {HTMLInputElement | null} */ (place.querySelector("input"));

function overParts() {
  return [
    element(
      "p",
      "lv-class-line",
      "The class is over, or you were taken out of it. Thank you for coming; join again with the class link.",
    ),
  ];
}

/**
 * @param {ClassNews} news
 * @param {boolean} canGoBack
 */
function parts(news, canGoBack) {
  const question = seen(news.question);
  const line = element("div", "lv-class-line");
  line.append(element("bdi", "lv-class-name", news.nickname));
  if (isFollowing()) {
    line.append(
      element("span", "lv-class-how", "follows the teacher"),
      act("own", "On my own", "Stop following: the page is yours. Using it does the same", goOwnWay),
    );
    if (canGoBack) line.append(act("back", "Back to my place", "Where you were before you followed", goBack));
  } else {
    line.append(
      element("span", "lv-class-how", "on your own"),
      act(
        "follow",
        "Follow the teacher",
        "See what the teacher shows, until you use the page",
        followTeacher,
        "lv-button lv-primary",
      ),
    );
  }
  if (isClassQuiet())
    line.append(
      element("span", "lv-warn", "The teacher's laptop does not answer; nothing is lost.", { role: "status" }),
    );
  const said = isFollowing() && news.view.say && !question ? [saying(news.view)] : [];
  return [line, ...said, ...(question ? [asked(question)] : [])];
}

/**
 * What the teacher's lesson says.
 * @param {ClassView} view
 */
function saying({ title, say }) {
  const line = codedText("p", "lv-class-say", say);
  line.prepend(element("strong", "", title), " ");
  return line;
}

/** @param {ClassQuestion} question */
function asked(question) {
  const whole = element("div", "lv-class-question", "", { role: "group", "aria-label": "The question" });
  const given = givenAnswer(question);
  whole.append(codedText("p", "lv-class-text", question.text, { "aria-live": "polite" }));
  if (question.bars) {
    const hide = () => {
      hiddenKey = question.key;
      draw();
    };
    whole.prepend(act("hide", "×", "Put this away", hide, "lv-card-close"));
    const mine = given ? `You answered: ${given.text}.` : "You did not answer.";
    whole.append(histogram(question.bars, question.answer !== null), legend(), element("p", "", mine));
    if (question.because) whole.append(codedText("p", "lv-class-because", question.because));
    return whole;
  }
  whole.append(question.choices.length ? choices(question, given) : typing(question, given));
  if (given) whole.append(howSure(question, given));
  return whole;
}

/**
 * @param {ClassQuestion} question
 * @param {{ text: string, sure: number | null }} given
 */
function choices(question, given) {
  const row = element("div", "lv-class-choices");
  question.choices.forEach((choice, k) => {
    const made = act(`choice${k}`, choice, `Predict: ${choice}`, () =>
      giveAnswer(question.key, choice, given?.sure ?? null),
    );
    made.setAttribute("aria-pressed", String(given?.text === choice));
    row.append(made);
  });
  return row;
}

/**
 * @param {ClassQuestion} question
 * @param {{ text: string, sure: number | null }} given
 */
function typing(question, given) {
  const form = element("form", "lv-class-choices");
  const field = element("input", "lv-input", "", {
    type: "text",
    maxlength: 200,
    "aria-label": "Your prediction",
    autocomplete: "off",
  });
  field.dataset.class = "typed";
  if (given) field.value = given.text;
  form.append(field, element("button", "lv-button", given ? "Change" : "Send", { type: "submit" }));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (field.value.trim()) giveAnswer(question.key, field.value.trim(), given?.sure ?? null);
  });
  return form;
}

/**
 * @param {ClassQuestion} question
 * @param {{ text: string, sure: number | null }} given
 */
function howSure(question, given) {
  const row = element("div", "lv-class-sure", "", { role: "group", "aria-label": "How sure are you?" });
  row.append(element("span", "", "How sure are you?"));
  SURE.forEach((name, sure) => {
    const made = act(`sure${sure}`, name, `I am ${name === SURE[0] ? "guessing" : name}`, () =>
      giveAnswer(question.key, given.text, sure),
    );
    made.setAttribute("aria-pressed", String(given.sure === sure));
    row.append(made);
  });
  row.append(element("span", "lv-class-note", "You can change it until the teacher shows the answers."));
  return row;
}
