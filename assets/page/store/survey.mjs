/* All units of the plotted source at a glance, as the server has them: made at once where that is quick, else when asked for.
   The view draws in the frame's part "survey". */

import { redraw } from "../dom/frame.mjs";
import { questionLine } from "../lib/questions.mjs";
import { getJson } from "./request.mjs";

const AGAIN = 400; // ms between looks while it is made
const KEPT = 6; // tables
const line = questionLine();
const /** @type {Map<string, SurveyAnswer>} */ answers = new Map(); // by dump, source and revision of its tracks
let /** @type {string} */ wanted = null;

/**
 * Ask for the survey of a source, unless it is here; `begins`: have it made even if that takes seconds.
 * @param {string} uuid
 * @param {number} source
 * @param {string} tracks
 * @param {boolean} [begins]
 */
export function needSurvey(uuid, source, tracks, begins) {
  const key = JSON.stringify([uuid, source, tracks]);
  if (key === wanted && !begins) return;
  wanted = key;
  if (!answers.get(key)?.table) ask(key, `d/${uuid}/survey/${source}.json`, Boolean(begins));
}

/**
 * @param {string} key
 * @param {string} path
 * @param {boolean} begins
 */
async function ask(key, path, begins) {
  const reply = await line.ask(async (signal) => {
    for (;;) {
      const answer = await getJson(`${path}${begins ? "?begin=1" : ""}`, { signal, cache: "no-store" });
      if (answer.share === undefined) return answer;
      answers.set(key, answer);
      redraw("survey");
      await new Promise((resolve) => setTimeout(resolve, AGAIN));
      if (signal.aborted) return answer;
    }
  });
  if (!reply) return; // another source is shown
  answers.set(key, reply.error ? { error: reply.error.message } : reply.answer);
  if (answers.size > KEPT) answers.delete(answers.keys().next().value);
  redraw("survey");
}

/* {table}, {share}, {error} or {is_offered} of the source that was asked for last; null before anything came. */
export const surveyAnswer = () => answers.get(wanted) || null;
