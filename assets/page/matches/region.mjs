/* The match view's line about a region of the map: how many steps, which tokens, and the way back to the matches. */

import { button, element } from "../dom/element.mjs";
import { percent } from "../lib/shares.mjs";
import { showToken } from "../lib/tokens.mjs";
import { plural } from "../lib/words.mjs";
import { dropRegion } from "../store/map-data.mjs";

const SHOWN = 5; // tokens that are named

/**
 * Fill the line of counts with the region of an answer.
 * @param {HTMLElement} place
 * @param {MatchAnswer} answer
 */
export function drawRegionCounts(place, answer) {
  const { n_steps: nSteps, n_points: nPoints, n_tokens: nTokens, tokens } = answer.region;
  const isOfTokens = answer.question.mapOf === "embedding";
  const /** @type {(string | HTMLElement)[]} */ parts = [element("strong", "", plural(nSteps, "step"))];
  parts.push(isOfTokens ? ` with ${plural(nPoints, "token")} of the region` : " in the region");
  if (nSteps < nPoints && !isOfTokens) parts.push(" that the filters allow");
  if (nTokens) parts.push(` · ${plural(nTokens, "token")}: `, ...named(tokens, nTokens));
  parts.push(
    " ",
    button("lv-to-brush lv-region-back", "× back to the matches", "Close the region of the map", () => dropRegion()),
  );
  place.className = "lv-counts lv-region-counts";
  place.replaceChildren(...parts);
}

/**
 * "4 59 %", the most frequent first.
 * @param {Region["tokens"]} tokens
 * @param {number} count
 */
function named(tokens, count) {
  const all = tokens.slice(0, SHOWN).map(([token, nSteps, share]) => {
    const shown = showToken(token).text;
    const whole = element("span", "lv-region-token", "", { title: `${shown}: ${plural(nSteps, "step")}` });
    whole.append(element("bdi", "", shown), ` ${percent(share)}`);
    return whole;
  });
  return count > SHOWN ? [...all, element("span", "lv-hint", "…")] : all;
}
