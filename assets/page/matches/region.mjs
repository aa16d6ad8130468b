/* What the match view says of a region of the map: how many steps, which tokens, and the way back to the matches. */
(function (root) {
  "use strict";
  const lv = (root.lstmviz = root.lstmviz || {});
  const SHOWN = 5; // tokens that are named

  /* Fill the line of counts with the region of an answer. */
  function draw(place, answer) {
    const { element, button } = lv.menu;
    const { n_steps: nSteps, n_points: nPoints, n_tokens: nTokens, tokens } = answer.region;
    const isOfTokens = answer.question.mapOf === "embedding";
    const parts = [element("strong", "", lv.words.plural(nSteps, "step"))];
    parts.push(isOfTokens ? ` with ${lv.words.plural(nPoints, "token")} of the region` : " in the region");
    if (nSteps < nPoints && !isOfTokens) parts.push(" that the filters allow");
    if (nTokens) parts.push(` · ${lv.words.plural(nTokens, "token")}: `, ...named(tokens, nTokens));
    parts.push(" ", button("lv-to-brush lv-region-back", "× back to the matches", "Let go of the region on the map", () => lv.maplasso.drop()));
    place.className = "lv-counts lv-region-counts";
    place.replaceChildren(...parts);
  }

  /* "4 59 %", the most frequent first. */
  function named(tokens, count) {
    const { element } = lv.menu;
    const all = tokens.slice(0, SHOWN).map(([token, nSteps, share]) => {
      const shown = lv.tokens.show(token).text;
      const whole = element("span", "lv-region-token", "", { title: `${shown}: ${lv.words.plural(nSteps, "step")}` });
      whole.append(element("bdi", "", shown), ` ${lv.shares.percent(share)}`);
      return whole;
    });
    return count > SHOWN ? [...all, element("span", "lv-hint", "…")] : all;
  }

  lv.mapregion = { draw };
})(window);
