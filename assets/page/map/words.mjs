/* The sentences about a map: where its points are from, what its axes explain, how its path was made. */

import { grouped } from "../lib/scale.mjs";
import { showToken } from "../lib/tokens.mjs";
import { plural } from "../lib/words.mjs";
import { isMapOfTokens, mapColouring, wantedMap } from "../store/map-data.mjs";
import { mapPathsProblem, presentMapPaths } from "../store/map-paths.mjs";

/** @type {Record<string, string>} */
const NAMES = { pca: "PCA", tsne: "t-SNE", umap: "UMAP" };

/** @param {number} share */
const percent = (share) => `${Math.round(share * 100)} %`;

export function mapSubject() {
  const { of } = wantedMap();
  return isMapOfTokens() ? "the model's embeddings" : `states of ${showToken(of).text}`;
}

export const methodName = () => NAMES[wantedMap().method];

/**
 * "20,000 of 51,000 steps · 61 % and 17 % of the variance"
 * @param {MapData} data
 */
export function mapNote({ map, path }) {
  if (!map) return "";
  const unit = map.is_of_steps ? "step" : "token";
  const counted =
    map.n + map.n_nan === map.n_all ? plural(map.n, unit) : `${grouped(map.n)} of ${plural(map.n_all, unit)}`;
  const parts = [counted];
  if (map.n_nan) parts.push(`${grouped(map.n_nan)} with NaN left out`);
  if (map.explained) parts.push(`axes carry ${map.explained.map(percent).join(" and ")} of the variance`);
  if (path && !path.is_exact) parts.push("path by nearest sampled states");
  parts.push(...pathWords());
  return parts.join(" · ");
}

/* "paths: means of 9 of 12 conditions, ellipses one standard deviation" */
function pathWords() {
  if (mapPathsProblem()) return [`no paths: ${mapPathsProblem()}`];
  const paths = presentMapPaths();
  if (!paths) return [];
  const [n, all] = [paths.conditions.length, paths.n_conditions];
  const of = n < all ? `${n} of ${plural(all, "condition")}` : plural(all, "condition");
  const trials = paths.conditions.reduce((sum, one) => sum + one.n, 0);
  return [`paths: means of ${of}, ${plural(trials, "sequence")}; ellipses: one standard deviation`];
}

/** @param {MapData} data */
export function mapLabel({ map }) {
  const by = mapColouring();
  const coloured = by ? `, coloured by ${by.label}` : "";
  return `Map of ${mapSubject()} by ${methodName()}${map ? `, ${plural(map.n, "point")}${coloured}. Arrows move it, plus and minus zoom, Enter lists what is in view` : ""}`;
}
