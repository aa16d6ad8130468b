/* The match engine's answers: asked for, taken up, or lost. Their rows come page by page into one list. */

import { redraw } from "../dom/frame.mjs";
import { ids } from "../dom/ids.mjs";
import { createMatchList } from "../lib/match-list.mjs";
import { oneAtATime } from "../lib/one-at-a-time.mjs";
import { barePattern } from "../lib/pattern-edit.mjs";
import { signal } from "../lib/signal.mjs";
import { hasQuestion, MAX_ROWS, PAGE_ROWS, questionKey } from "../lib/url.mjs";
import { settleAddress } from "./history.mjs";
import { listedQuestion } from "./pinned-pattern.mjs";
import { getJson } from "./request.mjs";
import { state } from "./state.mjs";
import { askSummary, clearSummary } from "./summary.mjs";

const LATE = 300; // ms; longer than that, the wait is shown
const ASK_AFTER = 4000; // ms; longer than that, the page looks whether the server is still there
export const MOST_ROWS = 20000; // that one page keeps: about 80 MB
const NOTHING = { error: null, ms: 0, n_units: 0, counts: [], rows: [], complete: true, offset: 0, n_listed: 0 };
let answer = null; // the last one that fitted its question, without its rows
let list = createMatchList(); // its rows and those that were asked for later
let problem = null; // why the last page of rows did not come
let published = null; // key of the last question of the page
let timers = [];
let nPages = 0;
const line = oneAtATime((data) => dash_clientside.set_props(ids.selection, { data }));

/* Told with what became of a question: "late" and words; "shown" and whether the list is still the same one; "page" and the
   place of its first row, null where it has none; "more", where what follows the rows changed; "failed" and why. */
export const matchesTold = signal();

export const matchAnswer = () => answer;
export const matchList = () => list;
export const matchRows = () => list.rows();
export const isMatchPending = () => line.wanted() !== null;
export const pageProblem = () => problem;

/* Put the question of the state to the match engine if it is a new one. */
export function publishQuestion(again) {
  const key = questionKey(state);
  if (key === published && !again) return;
  published = key;
  ask(Object.assign({ key }, state));
}

/* Put a question, or keep it until the one before is answered; what takes long is said. */
function ask(whole) {
  stopTimers();
  const question = listedQuestion(whole);
  if (!isAsked(question)) {
    line.forget();
    clearSummary();
    return show(Object.assign({ whole }, question), NOTHING);
  }
  const rows = answer && listKey(answer.question) === listKey(question) ? PAGE_ROWS : question.rows;
  timers.push(
    setTimeout(() => matchesTold.tell("late", "Searching …"), LATE),
    setTimeout(probe, ASK_AFTER),
  );
  line.ask(Object.assign({}, question, { whole, rows, offset: 0 }));
}

function isAsked(question) {
  return Boolean(question.lasso) || hasQuestion(question);
}

/* Names the list that a question asks for, whichever of its rows are hidden, marked or coloured. */
function listKey(question) {
  const pattern = question.pattern && barePattern(question.pattern);
  return questionKey(Object.assign({}, question, { hidden: [], marked: [], colour: "", pattern }));
}

/* Ask for the rows from a place of the list on. One request at a time. */
export function askPage(offset) {
  if (offset === null || !answer || isMatchPending() || list.size() >= MOST_ROWS) return;
  problem = null;
  const question = Object.assign({}, answer.question, {
    key: `${answer.question.key}#${++nPages}`,
    offset,
    rows: PAGE_ROWS,
    isPage: true,
  });
  timers.push(setTimeout(() => matchesTold.tell("more"), LATE));
  line.ask(question);
}

function stopTimers() {
  timers.forEach(clearTimeout);
  timers = [];
}

/* Nothing came for long: is the server slow, or gone? */
async function probe() {
  const waited = line.wanted();
  if (!waited) return;
  try {
    await getJson(`d/${waited.dump}/about.json`, { cache: "no-store" });
    if (line.wanted() === waited) {
      matchesTold.tell("late", "Still searching …");
      timers.push(setTimeout(probe, ASK_AFTER));
    }
  } catch (error) {
    if (line.wanted() === waited) loseMatches(error.message);
  }
}

/* An answer from the server. One to an older question is dropped. */
export function takeMatches(given) {
  const question = given && line.take(given.key);
  if (!question) return;
  stopTimers();
  if (given.error) return question.isPage ? failPage(given.error) : fail(given.error);
  if (question.isPage) return addPage(question, given);
  show(question, given);
  if (isAsked(question.whole)) askSummary(question.whole);
  else clearSummary();
}

function show(question, given) {
  const isSame = Boolean(answer) && listKey(answer.question) === listKey(question);
  problem = null;
  answer = Object.assign({ question }, given);
  delete answer.rows;
  if (!isSame) list = createMatchList();
  list.put(coloured(question, given), question.rows);
  redraw("matches", "strip");
  matchesTold.tell("shown", isSame);
}

/* Each row knows by which unit its values were asked for. */
function coloured(question, given) {
  for (const row of given.rows) row.colour = question.colour;
  return given;
}

function addPage(question, given) {
  const before = list.size();
  list.put(coloured(question, given), question.rows);
  const isLonger = list.size() > before;
  if (isLonger) {
    state.rows = Math.min(MAX_ROWS, list.size());
    settleAddress();
  }
  redraw("matches", "strip");
  matchesTold.tell("page", isLonger ? given.offset : null);
}

/* The question did not reach the server, or came back broken. */
export function loseMatches(words) {
  const question = line.lose();
  if (question) (question.isPage ? failPage : fail)(words);
}

function failPage(words) {
  stopTimers();
  problem = words;
  matchesTold.tell("more");
}

function fail(words) {
  stopTimers();
  answer = null;
  list = createMatchList();
  clearSummary();
  redraw("matches", "strip");
  matchesTold.tell("failed", words);
}
