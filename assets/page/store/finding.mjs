/* Units that detect a label, and a pattern of the fewest that do: asked of the server on request. Work that is
   still going on ends with the next gesture; what was found stays until it is closed or another recording is shown. */

import { redraw } from "../dom/frame.mjs";
import { questionLine } from "../lib/questions.mjs";
import { askedFields, patternKey } from "../lib/url.mjs";
import { openPattern } from "./open.mjs";
import { readPattern } from "./opened-pattern.mjs";
import { askServer } from "./request.mjs";
import { state, stateChanged } from "./state.mjs";

const line = questionLine();
/** @type {Finding | null} */
let present = null;
let /** @type {string} */ askedAt = null; // key of the pattern that was shown when the question was put

stateChanged.on(() => {
  const isGone =
    present && (present.dump !== state.dump || (present.region && !same(present.region.lasso, state.lasso)));
  if (isGone) closeFinding();
  else if (line.isOpen() && patternKey(state) !== askedAt) stop();
});

/**
 * @param {Corner[]} one
 * @param {Corner[]} other
 */
const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);

/* The next gesture came first: stop waiting. */
function stop() {
  line.end();
  if (present.ranking) change({ doing: null });
  else closeFinding();
}

/** @param {Partial<Finding>} changes */
function change(changes) {
  Object.assign(present, changes);
  redraw("finding");
}

/**
 * Rank the units by how well they detect a hypothesis; `name` is what it is called.
 * @param {Filter} hypothesis
 * @param {string} name
 */
export async function findUnits(hypothesis, name) {
  const { dump, source } = state;
  present = { dump, source, hypothesis, region: null, name, ranking: null, detected: null, doing: null, problem: null };
  await ask("Ranking …", "rank", (answer) => ({ ranking: answer }));
}

/* Rank the units by how well they set the listed region of the map apart. */
export async function findRegionUnits() {
  const { dump, source } = state;
  const region = { ...askedFields(state), counted: false };
  present = {
    dump,
    source,
    hypothesis: null,
    region,
    name: "the region",
    ranking: null,
    detected: null,
    doing: null,
    problem: null,
  };
  await ask("Ranking …", "rank-region", (answer) => ({ ranking: answer }));
}

/* Search the fewest units that detect it, and make them the pattern. */
export async function makeItPattern() {
  await ask("Searching for the fewest units …", "detector", (answer) => ({ detected: answer }));
  const file = present?.detected && readPattern(present.detected.pattern);
  if (file) openPattern(file);
}

/**
 * @param {string} words
 * @param {"rank" | "rank-region" | "detector"} route
 * @param {(answer: any) => Partial<Finding>} keep
 */
async function ask(words, route, keep) {
  const { dump, source, hypothesis, region } = present;
  askedAt = patternKey(state);
  change({ doing: words, problem: null, detected: null });
  const reply = await line.ask((signal) =>
    askServer(`d/${dump}/${route}`, region || { hypothesis, source }, { signal }),
  );
  if (!reply) return; // a gesture or another question came first
  change(reply.error ? { doing: null, problem: reply.error.message } : { doing: null, ...keep(reply.answer) });
}

export function closeFinding() {
  line.end();
  present = null;
  redraw("finding");
}

/**
 * Is this the hypothesis whose units are shown?
 * @param {Filter} hypothesis
 */
export function isFound(hypothesis) {
  return Boolean(present?.hypothesis) && JSON.stringify(present.hypothesis) === JSON.stringify(hypothesis);
}

export const presentFinding = () => present;
