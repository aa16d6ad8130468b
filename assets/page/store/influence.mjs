/* What each token of the typed text changes at one step: asked once the pointer rests; a newer question ends the one before. */

import { redraw } from "../dom/frame.mjs";
import { questionLine } from "../lib/questions.mjs";
import { askServer } from "./request.mjs";

const RESTS = 120; // ms
const KEPT = 64; // answers
const line = questionLine(RESTS);
const /** @type {Map<string, { states?: (number | null)[], problem?: string }>} */ answers = new Map();
let /** @type {string} */ asked = null;

/**
 * {states: by how much each token changes the units at the step, on average}, {problem}, or null until it is here.
 * @param {Dump} dump
 * @param {{ text: string, source: string, units: number[], step: number }} question
 */
export function influenceAt(dump, question) {
  const key = JSON.stringify([dump.about.uuid, question]);
  if (!answers.has(key) && asked !== key) ask(key, dump, question);
  return answers.get(key) || null;
}

/* Nobody points at a step any more. */
export function endInfluence() {
  if (asked !== null) line.end();
  asked = null;
}

/**
 * @param {string} key
 * @param {Dump} dump
 * @param {object} question
 */
async function ask(key, dump, question) {
  asked = key;
  const reply = await line.ask((signal) => askServer(`d/${dump.about.uuid}/typed/influence`, question, { signal }));
  if (!reply) return; // another step is pointed at by now
  asked = null;
  if (answers.size >= KEPT) answers.delete(answers.keys().next().value);
  answers.set(key, reply.error ? { problem: reply.error.message } : reply.answer);
  redraw("typed");
}

export const isInfluencePending = () => asked !== null;
