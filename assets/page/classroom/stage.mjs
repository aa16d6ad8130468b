/* What the whole room is to read: the class link with its code, and a question with its answers, over the page. */

import { button, codedText, element } from "../dom/element.mjs";
import { ids } from "../dom/ids.mjs";
import { notify } from "../dom/notice.mjs";
import { svgElement } from "../dom/svg.mjs";
import { plural } from "../lib/words.mjs";
import { classLink, classRoom, roomChanged } from "../store/class-teacher.mjs";
import { answeredWords, histogram, legend } from "./bars.mjs";

const QUIET = 4; // cells of white around a QR code, which cameras need
let /** @type {HTMLDialogElement} */ dialog = null;
let /** @type {() => Element[]} */ present = null; // makes what is shown, from the room as it is

export function makeStage() {
  dialog = element("dialog", "lv-class-stage", "", { "aria-label": "For the class to read" });
  dialog.addEventListener("keydown", (event) => event.stopPropagation()); // its Escape is its own
  dialog.addEventListener("close", () => {
    present = null;
  });
  document.getElementById(ids.root).append(dialog);
  roomChanged.on(() => present && fill());
}

/** @param {() => Element[]} parts */
function show(parts) {
  present = parts;
  fill();
  if (!dialog.open) dialog.showModal();
}

function fill() {
  dialog.replaceChildren(
    button("lv-card-close", "×", "Close (Escape)", () => dialog.close()),
    ...present(),
  );
}

/* The link as a QR code and in large type. */
export async function showLink() {
  let /** @type {ClassLink} */ link;
  try {
    link = await classLink();
  } catch (error) {
    if (!error.isLost) notify("class", error.message);
    return;
  }
  show(() => linkParts(link));
}

/** @param {ClassLink} given */
function linkParts({ link, code, path, size }) {
  const side = size + 2 * QUIET;
  const picture = svgElement(
    "svg",
    "lv-class-qr",
    { viewBox: `${-QUIET} ${-QUIET} ${side} ${side}`, role: "img", "aria-label": `QR code of ${link}` },
    svgElement("rect", "", { x: -QUIET, y: -QUIET, width: side, height: side, fill: "#ffffff" }),
    svgElement("path", "", { d: path, fill: "#000000", "shape-rendering": "crispEdges" }),
  );
  const words = element("div", "lv-class-link-words");
  const short = link.replace(/^https?:\/\//, "").replace(/\/join\/.*/, "/join");
  const address = element("p", "lv-class-address", short);
  address.style.setProperty("--n", String(short.length)); // as large as it fits on a line
  words.append(
    element("p", "lv-class-lead", "Join the class"),
    address,
    element("p", "lv-class-lead", "with the code"),
    element("p", "lv-class-code", code),
    element("p", "lv-class-lead", `${plural(classRoom()?.students.length || 0, "student")} here`),
  );
  return [picture, words];
}

/* The present question, with its answers. */
export function showQuestion() {
  show(questionParts);
}

function questionParts() {
  const room = classRoom();
  const question = room?.questions.find((one) => one.key === room.asked?.key);
  const whole = element("div", "lv-class-big");
  if (!question) whole.append(element("p", "lv-class-lead", "No question is asked."));
  else {
    whole.append(
      codedText("h2", "", question.text),
      histogram(question.bars, room.asked.isShown),
      legend(),
      element("p", "lv-class-lead", answeredWords(question.n, room.students.length)),
    );
    if (room.asked.isShown && question.because) whole.append(codedText("p", "lv-class-because", question.because));
  }
  return [whole];
}
