/* The match engine's answers: asked for, taken up, or lost. Their rows come page by page into one list. */

import { afterPaint, redraw } from "../dom/frame.mjs";
import { ids } from "../dom/ids.mjs";
import { createMatchList } from "../lib/match-list.mjs";
import { barePattern } from "../lib/pattern-edit.mjs";
import { questionLine } from "../lib/questions.mjs";
import { signal } from "../lib/signal.mjs";
import { askedFields, coloursAsked, hasQuestion, MAX_ROWS, PAGE_ROWS, questionKey } from "../lib/url.mjs";
import { settleAddress } from "./history.mjs";
import { listedQuestion } from "./pinned-pattern.mjs";
import { askServer, getJson } from "./request.mjs";
import { state } from "./state.mjs";
import { askSummary, clearSummary, isSummaryPending, summaryAnswer, summaryKey, summaryTold } from "./summary.mjs";

const LOOK_EVERY = 700; // ms between two looks at how far the index is
const LONG = 4000; // ms; after that the page says that the search goes on
export const MOST_ROWS = 20000; // that one page keeps: about 80 MB
/** @type {any} */
const NOTHING = { ms: 0, n_units: 0, counts: [], rows: [], complete: true, offset: 0, n_listed: 0 };
const line = questionLine(); // of lists and of their further rows: a newer list ends both
let /** @type {MatchAnswer} */ answer = null; // the last one that fitted its question, without its rows
let list = createMatchList(); // its rows and those that were asked for later
let /** @type {string} */ problem = null; // why the last page of rows did not come
let /** @type {string} */ published = null; // key of the last question of the page
let isLate = false; // the present question takes long

/* Sent with the outcome of a question: "late" and words; "shown" and whether the list is still the same one; "counted", where
   the counts of what is shown have come or are late; "page" and the place of its first row, null where it has none; "more",
   where what follows the rows changed; "failed" and why. */
export const matchesTold = signal();

export const matchAnswer = () => answer;
export const matchList = () => list;
export const matchRows = () => list.rows();
export const isMatchPending = () => line.isOpen();
export const isMatchDue = () => line.isOpen() && !isLate; // rows are expected at once
export const isCounting = () => Boolean(answer?.counts_follow) && isSummaryPending(); // how many there are in all
export const pageProblem = () => problem;

/**
 * Put the question of the state to the match engine if it is a new one.
 * @param {boolean} [again]
 */
export function publishQuestion(again) {
  const key = questionKey(state);
  if (key === published && !again) return;
  published = key;
  const whole = Object.assign({}, state);
  askList(whole, listedQuestion(whole)).then(() => tellDash(key, whole));
}

/**
 * Put the selection into its store once its rows are painted: Dash takes some milliseconds over it.
 * @param {string} key
 * @param {any} whole
 */
async function tellDash(key, whole) {
  await afterPaint();
  if (key === published) dash_clientside.set_props(ids.selection, { data: askedFields(whole) });
}

/**
 * Show the answer to a question of the page, `question` as it is listed; a long wait is announced.
 * @param {any} whole
 * @param {any} question
 */
async function askList(whole, question) {
  if (!isAsked(question)) {
    line.end();
    clearSummary();
    return show(Object.assign({ whole }, question), NOTHING);
  }
  const rows = answer && listKey(answer.question) === listKey(question) ? PAGE_ROWS : question.rows;
  const counted = question !== whole; // the summary is of the page's own pattern, not of A
  const asked = Object.assign({}, question, { whole, rows, offset: 0, counted });
  /** @param {string} words */
  const sayLate = (words) => {
    isLate = true;
    matchesTold.tell("late", words);
  };
  isLate = false;
  let /** @type {any} */ reply; // null: another one is wanted by now
  const long = setTimeout(() => sayLate("Still searching …"), LONG);
  const timer = setInterval(async () => {
    const words = await indexingWords(question.dump);
    if (words && reply === undefined) sayLate(words);
  }, LOOK_EVERY);
  reply = await askRows(asked, () => sayLate("Searching …"));
  clearTimeout(long);
  clearInterval(timer);
  if (!reply) return;
  if (reply.error) return fail(reply.error.message);
  if (isAsked(whole)) askSummary(whole);
  else clearSummary();
  show(asked, reply.answer);
}

/**
 * How far the reading of all states is that a first question waits for, in words; null where it waits for none.
 * @param {string} uuid
 */
async function indexingWords(uuid) {
  try {
    const { sources } = await getJson(`d/${uuid}/indexing.json`);
    const [first] = sources;
    return first ? `Reading all states once, for this and later questions: ${Math.floor(100 * first.share)} % …` : null;
  } catch {
    return null; // the question itself says what is wrong
  }
}

/**
 * @param {any} question
 * @param {() => void} isLate
 */
function askRows(question, isLate) {
  return line.ask((signal) => askServer(`d/${question.dump}/matches`, askedFields(question), { signal }), isLate);
}

/** @param {Question} question */
function isAsked(question) {
  return Boolean(question.lasso) || hasQuestion(question);
}

/**
 * Names the list that a question asks for, whichever of its rows are hidden, marked or coloured.
 * @param {Question} question
 */
function listKey(question) {
  const pattern = question.pattern && barePattern(question.pattern);
  return questionKey(Object.assign({}, question, { hidden: [], marked: [], colour: "", shaded: [], pattern }));
}

/**
 * Ask for the rows from a place of the list on, unless others are on their way.
 * @param {number} offset
 */
export async function askPage(offset) {
  if (offset === null || !answer || isMatchPending() || list.size() >= MOST_ROWS) return;
  problem = null;
  const question = Object.assign({}, answer.question, { offset, rows: PAGE_ROWS });
  const reply = await askRows(question, () => matchesTold.tell("more"));
  if (!reply) return;
  if (reply.error) failPage(reply.error.message);
  else addPage(question, reply.answer);
}

/**
 * @param {any} question
 * @param {any} given
 */
function show(question, given) {
  const isSame = Boolean(answer) && listKey(answer.question) === listKey(question);
  problem = null;
  answer = withCounts(Object.assign({ question }, given));
  delete (/** @type {any} */ (answer).rows);
  if (!isSame) list = createMatchList();
  list.put(coloured(question, given), question.rows);
  redraw("matches", "strip");
  matchesTold.tell("shown", isSame);
}

/**
 * An answer with the counts of the summary where these are to come from it, and have.
 * @param {MatchAnswer} given
 */
function withCounts(given) {
  const summary = summaryAnswer();
  const isOfIt = summary?.complete && summary.key === summaryKey(given.question.whole);
  if (!given.counts_follow || !isOfIt) return given;
  const { exact } = given.question;
  const listed = summary.counts.filter(([shared]) =>
    exact ? shared === given.shared_from : shared >= given.shared_from,
  );
  return Object.assign({}, given, {
    counts: summary.counts,
    counts_follow: false,
    complete: true,
    n_listed: listed.reduce((sum, [, total]) => sum + total, 0),
    ms: given.ms + summary.counting_ms,
  });
}

summaryTold.on(() => {
  if (!answer?.counts_follow) return;
  answer = withCounts(answer);
  if (answer.complete) list.setTotal(answer.n_listed);
  matchesTold.tell("counted");
});

/**
 * Each row knows what its values or shades were asked for.
 * @param {Question} question
 * @param {any} given
 */
function coloured(question, given) {
  for (const row of [...given.rows, given.brushed]) if (row) row.coloursAsked = coloursAsked(question);
  return given;
}

/**
 * @param {Question} question
 * @param {any} given
 */
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

/** @param {string} words */
function failPage(words) {
  problem = words;
  matchesTold.tell("more");
}

/** @param {string} words */
function fail(words) {
  answer = null;
  list = createMatchList();
  clearSummary();
  redraw("matches", "strip");
  matchesTold.tell("failed", words);
}
