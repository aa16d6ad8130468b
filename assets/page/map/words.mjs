/* What is said of a map: where its points are from, what its axes carry, how its path was made. */
(function (root) {
  "use strict";
  const lv = (root.lstmviz = root.lstmviz || {});
  const NAMES = { pca: "PCA", tsne: "t-SNE", umap: "UMAP" };

  const percent = (share) => `${Math.round(share * 100)} %`;

  function what() {
    const { of } = lv.mapdata.wanted();
    return lv.mapdata.isOfTokens() ? "the model's embeddings" : `states of ${lv.tokens.show(of).text}`;
  }

  const method = () => NAMES[lv.mapdata.wanted().method];

  /* "20,000 of 51,000 steps · 61 % and 17 % of the variance" */
  function note({ map, path }) {
    if (!map) return "";
    const { grouped } = lv.scale;
    const unit = map.is_of_steps ? "step" : "token";
    const counted = map.n + map.n_nan === map.n_all ? lv.words.plural(map.n, unit) : `${grouped(map.n)} of ${lv.words.plural(map.n_all, unit)}`;
    const parts = [counted];
    if (map.n_nan) parts.push(`${grouped(map.n_nan)} with NaN left out`);
    if (map.explained) parts.push(`axes carry ${map.explained.map(percent).join(" and ")} of the variance`);
    if (path && !path.is_exact) parts.push("path by nearest sampled states");
    return parts.join(" · ");
  }

  function label({ map }) {
    const by = lv.mapdata.colourBy();
    const coloured = by ? `, coloured by ${lv.tokens.show(by.name).text}` : "";
    return `Map of ${what()} by ${method()}${map ? `, ${lv.words.plural(map.n, "point")}${coloured}. Arrows move it, plus and minus zoom, Enter lists what is in view` : ""}`;
  }

  lv.mapwords = { note, label, what, method };
})(window);
