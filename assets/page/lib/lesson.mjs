/* A lesson's steps: what has to be so before one is done, and whether an answer is right. Pure. */

const PLACES = ["at", "span", "rows", "tracks", "looks"]; // of a link: where one looks, not what one has done
const CLOSE = 1e-9;

/**
 * Is everything on the page as a step wants it? A wanted value is one, a list of which one has to be, or {least, most}.
 * @param {Record<string, any>} until
 * @param {Record<string, any>} facts
 */
export function isMet(until, facts) {
  return Object.entries(until).every(([name, wanted]) => isAs(wanted, facts[name]));
}

/**
 * @param {any} wanted
 * @param {any} is
 * @returns {boolean}
 */
function isAs(wanted, is) {
  if (Array.isArray(wanted)) return wanted.some((one) => isAs(one, is));
  if (wanted !== null && typeof wanted === "object") {
    const { least = -Infinity, most = Infinity } = wanted;
    return typeof is === "number" && is >= least && is <= most;
  }
  if (typeof wanted === "number") return typeof is === "number" && Math.abs(is - wanted) < CLOSE;
  return wanted === is;
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
