/* What is said of a typed text: who reads it, what it cost, what an edit came to, what the model does not know. */
(function (root) {
  "use strict";
  const lv = (root.lstmviz = root.lstmviz || {});
  const NAMED = 6; // unknown tokens that are named

  /* Who reads the text, and how it is cut. `told`: what the server says of the model. */
  function reader(told) {
    const { level, words, has_unknown: hasUnknown } = told || {};
    if (!words) return "";
    return `read by the ${words}, ${level === "char" ? "character by character" : "word by word"}${hasUnknown ? "" : "; it has no entry for what it does not know"}`;
  }

  /* What an empty box says: some of what the model knows. */
  function examples(told) {
    const some = (told && told.some) || [];
    const words = some.slice(0, 24).map((token) => lv.tokens.show(token).text);
    return words.length ? `The model knows ${lv.words.plural(told.n_vocab, told.level === "char" ? "character" : "word")}, such as ${words.join(" ")}` : "";
  }

  /* "12 tokens, 1.43 nats each." and what an edit came to. */
  function summary() {
    const answer = lv.typed.present();
    if (!answer) return "";
    const loss = answer.tracks.find((track) => track.name === "loss");
    const paid = loss ? loss.values.filter((one) => one !== null) : [];
    const mean = paid.length ? `, loss ${lv.scale.valueText(paid.reduce((sum, one) => sum + one, 0) / paid.length)} nats a token` : "";
    return `${lv.words.plural(answer.tokens.length, "token")}${mean}.${edited()}`;
  }

  function edited() {
    const found = lv.typeddiff.present();
    if (!found) return "";
    const count = (kind) => found.alignment.kinds.filter((one) => one === kind).length;
    const out = found.alignment.gone.reduce((sum, [, places_]) => sum + places_.length, 0);
    const parts = [[count("changed"), "changed"], [count("new"), "put in"], [out, "taken out"]].filter(([n]) => n).map(([n, words]) => `${n} ${words}`);
    if (!parts.length) return " The same as before.";
    const moved = !(lv.model.chosen || []).length && found.most.length ? ` Drawn in full: the units that moved most, ${found.most.join(", ")}.` : "";
    return ` Against before (dashed): ${parts.join(", ")}.${moved}`;
  }

  /* The tokens that the model does not know, in words. */
  function unknown() {
    const answer = lv.typed.present();
    if (!answer) return "";
    const names = [...new Set(answer.tokens.filter((_, step) => !answer.is_known[step]))];
    if (!names.length) return "";
    const some = names.slice(0, NAMED).map((token) => `“${lv.tokens.show(token).text}”`);
    const what = `The model does not know ${some.join(", ")}${names.length > NAMED ? ` and ${names.length - NAMED} more` : ""}`;
    return answer.has_unknown ? `${what}: read as its unknown token.` : `${what}: not read, so without states.`;
  }

  lv.typedwords = { reader, examples, summary, unknown };
})(window);
