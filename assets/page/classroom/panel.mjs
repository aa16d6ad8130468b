/* The teacher's panel: the class link, the question with its answers, who is where, and the end. It takes the place of the
   cards where there is no room for both. A button in the header opens it; names are shown only in a part that is folded at first. */

import { button, codedText, element, tickBox } from "../dom/element.mjs";
import { ids } from "../dom/ids.mjs";
import { whereWords } from "../lib/classroom.mjs";
import { shownLesson } from "../store/class-role.mjs";
import {
  askClass,
  askStep,
  callEveryone,
  classRoom,
  endClass,
  letJoin,
  putQuestionAway,
  removeStudent,
  roomChanged,
  tellAnswers,
} from "../store/class-teacher.mjs";
import { lessonChanged, presentStep } from "../store/lessons.mjs";
import { showAddress } from "../store/open.mjs";
import { act } from "./act.mjs";
import { answeredWords, histogram, legend } from "./bars.mjs";
import { showLink, showQuestion } from "./stage.mjs";

let /** @type {HTMLElement} */ panel = null;
let /** @type {HTMLButtonElement} */ opener = null;
/** @type {Record<string, HTMLElement>} */
const parts = {}; // each is made anew when what it shows has changed
/** @type {Record<string, string>} */
const drawn = {};
let /** @type {HTMLElement} */ joining = null; // the box that lets more join
const opened = new Set(); // earlier questions whose answers are looked at
let isCovered = false; // are the answers hidden, so that nobody is led by them?

export function makePanel() {
  panel = document.getElementById(ids.classPanel);
  panel.addEventListener("keydown", (event) => {
    event.stopPropagation(); // its keys are not the page's
    if (event.key === "Escape") close();
  });
  opener = button("lv-menu-button lv-class-opener", "Class", "The class: link, questions, who is where", toggle);
  opener.setAttribute("aria-expanded", "false");
  opener.setAttribute("aria-controls", ids.classPanel);
  document.getElementById(ids.classButton).append(opener);
  for (const name of ["head", "asked", "earlier", "people"]) parts[name] = element("div", "lv-class-part");
  const people = folded("Who is where", "Names are seen by everybody who sees this screen.", parts.people);
  const earlier = folded("All questions", "", parts.earlier);
  panel.append(parts.head, parts.asked, askForm(), earlier, people, ending());
  for (const happened of [roomChanged, lessonChanged]) happened.on(draw);
  draw();
}

function toggle() {
  if (!panel.hidden) return close();
  panel.hidden = false;
  document.documentElement.toggleAttribute("data-lv-class-panel", true);
  opener.setAttribute("aria-expanded", "true");
  draw();
  /** @type {HTMLElement} */ (panel.querySelector("button")).focus();
}

function close() {
  panel.hidden = true;
  document.documentElement.toggleAttribute("data-lv-class-panel", false);
  opener.setAttribute("aria-expanded", "false");
  opener.focus();
}

/**
 * @param {string} title
 * @param {string} note
 * @param {HTMLElement} content
 */
function folded(title, note, content) {
  const whole = element("details", "lv-class-part");
  whole.append(element("summary", "", title));
  if (note) whole.append(element("p", "lv-class-note", note));
  whole.append(content);
  return whole;
}

function draw() {
  const room = classRoom();
  const here = room?.students.filter((one) => one.isHere).length || 0;
  opener.textContent = room ? `Class ${here}` : "Class";
  if (!room || panel.hidden) return;
  fill("head", [here, room.students.length, room.code, room.students.filter((one) => one.follows).length], () =>
    head(room, here),
  );
  /** @type {HTMLInputElement} */ (joining.querySelector("input")).checked = room.isOpen;
  const step = presentStep()?.ask ? shownLesson() : null;
  const question = room.questions.find((one) => one.key === room.asked?.key);
  fill("asked", [question, room.asked, room.students.length, isCovered, step], () => asked(room, question, step));
  fill("earlier", [room.questions, room.asked], () => room.questions.map(earlierQuestion));
  fill("people", room.students, () => room.students.map(person));
}

/**
 * @param {string} name
 * @param {any} shown
 * @param {() => HTMLElement[]} make
 */
function fill(name, shown, make) {
  const now = JSON.stringify(shown);
  if (drawn[name] === now) return;
  drawn[name] = now;
  const held = /** @type {HTMLElement} */ (document.activeElement)?.dataset.class;
  parts[name].replaceChildren(...make());
  if (held) /** @type {HTMLElement} */ (parts[name].querySelector(`[data-class="${held}"]`))?.focus();
}

/**
 * @param {ClassRoom} room
 * @param {number} here
 */
function head(room, here) {
  const line = element("div", "lv-class-head");
  line.append(
    element("h2", "", "Class"),
    element("span", "lv-class-small-code", room.code),
    element("span", "lv-spacer"),
    act("close", "×", "Close the panel, back to the cards (Escape)", close, "lv-card-close"),
  );
  const following = room.students.filter((one) => one.isHere && one.follows).length;
  const away = room.students.length - here;
  const count = element("p", "", `${here} here, ${following} following${away ? `, ${away} away` : ""}`, {
    role: "status",
  });
  const row = element("div", "lv-class-row");
  row.append(
    act("link", "Show the link", "The class link as a QR code and in large type", showLink, "lv-button lv-primary"),
    act("call", "Everyone, follow", "Every student's page shows yours again", callEveryone),
  );
  return [line, count, row];
}

/**
 * @param {ClassRoom} room
 * @param {AskedQuestion | undefined} question
 * @param {ClassStep | null} step
 */
function asked(room, question, step) {
  if (!question) {
    if (!step)
      return [
        element(
          "p",
          "lv-class-note",
          "No question is asked. A lesson's step that asks one can be asked here, or write one.",
        ),
      ];
    const ask = act(
      "step",
      "Ask the class",
      "Collect everybody's answer to this step of the lesson",
      () => askStep(step),
      "lv-button lv-primary",
    );
    return [codedText("p", "lv-class-text", presentStep().ask), ask];
  }
  const { isShown } = room.asked;
  const /** @type {HTMLElement[]} */ made = [
      codedText("p", "lv-class-text", question.text),
      element("p", "", answeredWords(question.n, room.students.length), { role: "status" }),
    ];
  if (!isCovered) made.push(histogram(question.bars, isShown), legend());
  const row = element("div", "lv-class-row");
  row.append(
    ...(isShown
      ? []
      : [
          act(
            "tell",
            "Show the class",
            "Everybody sees the answers, and what is right",
            tellAnswers,
            "lv-button lv-primary",
          ),
        ]),
    act("large", "Large", "The question and its answers for the room to read", showQuestion),
    act(
      "cover",
      isCovered ? "Uncover" : "Cover",
      "Hide the answers on this screen, so that nobody is led by them",
      () => {
        isCovered = !isCovered;
        draw();
      },
    ),
    act("away", "Put away", "The question leaves everybody's page; the answers are kept", putQuestionAway),
  );
  return [...made, row];
}

/* A question of the teacher's own. */
function askForm() {
  const whole = element("details", "lv-class-part");
  const form = element("form", "lv-class-ask");
  const text = element("textarea", "lv-input", "", {
    rows: 2,
    maxlength: 500,
    required: true,
    "aria-label": "Your question",
    placeholder: "What will removing this unit do?",
  });
  const choices = element("textarea", "lv-input", "", {
    rows: 4,
    maxlength: 2000,
    "aria-label": "Choices, one a line",
    placeholder: "Choices, one a line; none: students type",
  });
  form.append(text, choices, element("button", "lv-button", "Ask the class", { type: "submit" }));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const lines = choices.value
      .split("\n")
      .map((line) => line.trim())
      .filter(Boolean);
    if (!(await askClass(text.value, lines))) return;
    text.value = choices.value = "";
    whole.open = false;
  });
  whole.append(element("summary", "", "Ask a question of your own"), form);
  return whole;
}

/** @param {AskedQuestion} question */
function earlierQuestion(question) {
  const whole = element("details", "");
  const { asked: present, code } = classRoom();
  const name = `${code} ${question.key}`; // another class begins its questions anew
  whole.open = opened.has(name);
  whole.addEventListener("toggle", () => (whole.open ? opened.add(name) : opened.delete(name)));
  const isTold = present?.key !== question.key || present.isShown; // what is right stays open while the class thinks
  const words = `${question.title ? `${question.title}: ` : ""}${question.text}`;
  whole.append(element("summary", "", `${words} (${question.n})`), histogram(question.bars, isTold));
  return whole;
}

/** @param {ClassStudent} student */
function person(student) {
  const row = element("div", `lv-class-person${student.isHere ? "" : " lv-class-away"}`);
  const words = element("div", "lv-class-who");
  const how = !student.isHere ? "away" : student.follows ? "follows" : "on their own";
  const told = [how, student.hasAnswered && "answered", whereWords(student)].filter(Boolean).join(" · ");
  words.append(element("bdi", "lv-class-name", student.nickname), element("span", "lv-class-note", told));
  row.append(
    words,
    act(`look${student.number}`, "Look", "Show on this page what this student looks at", () =>
      showAddress(student.place),
    ),
    act(
      `remove${student.number}`,
      "×",
      `Take ${student.nickname} out of the class`,
      () => removeStudent(student.number),
      "lv-card-close",
    ),
  );
  return row;
}

function ending() {
  const whole = element("details", "lv-class-part");
  const row = element("div", "lv-class-row");
  let withNames = false;
  const link = element("a", "lv-button lv-class-save", "Save the answers", {
    download: "class.sqlite",
    title: "One SQLite file, for your own use",
  });
  const address = () => link.setAttribute("href", `class/teacher/class.sqlite?names=${withNames ? 1 : 0}`);
  address();
  const names = tickBox("with the nicknames", withNames, (isOn) => {
    withNames = isOn;
    address();
  });
  const sure = element("div", "lv-class-row");
  const end = button("lv-button", "End the class …", "Forget everything about it", () => {
    sure.hidden = false;
    sure.querySelector("button").focus();
  });
  sure.hidden = true;
  sure.append(
    element("span", "lv-warn", "All answers and names are forgotten."),
    button("lv-button", "End it", "Forget everything; a new class has a new code", async () => {
      sure.hidden = true;
      await endClass();
    }),
  );
  row.append(link, names);
  joining = tickBox("more students may join", true, letJoin);
  whole.append(element("summary", "", "Save, close, end"), row, joining, end, sure);
  return whole;
}
