/* A lesson's steps: whether one is done, and whether an answer is right. Pure. */

const PLACES = ["at", "span", "rows", "tracks", "looks"]; // of a link: where one looks, not what one has done
const CLOSE = 1e-9;

/**
 * Is everything on the page as a step wants it? It wants one value, one of a list, or {least, most}, by name.
 * @param {Record<string, any>} until
 * @param {Record<string, any>} facts
 */
export function isMet(until, facts) {
  return Object.entries(until).every(([name, wanted]) => meets(facts[name], wanted));
}

/**
 * @param {any} fact
 * @param {any} wanted
 * @returns {boolean}
 */
function meets(fact, wanted) {
  if (Array.isArray(wanted)) return wanted.some((one) => meets(fact, one));
  if (wanted !== null && typeof wanted === "object") {
    const { least = -Infinity, most = Infinity } = wanted;
    return typeof fact === "number" && fact >= least && fact <= most;
  }
  if (typeof wanted === "number") return typeof fact === "number" && Math.abs(fact - wanted) < CLOSE;
  return wanted === fact;
}

/**
 * Does the page show what a link asks for? Where one looks counts only where the link says nothing else.
 * @param {Record<string, any>} values as `parseAddress` reads the link
 * @param {Record<string, any>} state
 */
export function isShown(values, state) {
  const names = Object.keys(values).filter((name) => !PLACES.includes(name) && name !== "dump");
  if (!names.length) return values.at === undefined || (values.at >= state.at && values.at < state.at + state.span);
  return names.every((name) => JSON.stringify(values[name]) === JSON.stringify(state[name]));
}

/**
 * Is this the answer? A number may be written with a comma, and off by so much; words count whatever their case.
 * @param {{ answer: string | number, within: number }} step
 * @param {string} given
 */
export function isRight({ answer, within }, given) {
  const text = given.trim();
  if (typeof answer !== "number") return text.toLowerCase() === answer.trim().toLowerCase();
  const number = Number(text.replace(",", ".").replace(/\s*%$/, ""));
  return text !== "" && Number.isFinite(number) && Math.abs(number - answer) <= within + CLOSE;
}
