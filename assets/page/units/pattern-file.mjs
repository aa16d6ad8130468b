/* A pattern as a file: saved from what is brushed, opened from another page, the command line or a notebook. */
(function (root) {
  "use strict";
  const lv = (root.lstmviz = root.lstmviz || {});
  const MOST = 1024 * 1024; // characters, as the server takes
  let last = { text: null, file: null }; // the opened text, read once
  let isOpen = null; // what the fields were last told
  let note;

  function make() {
    note = document.getElementById(lv.ids.patternNote);
    note.addEventListener("click", () => lv.state.change({ pattern: null }, "push"));
    document.getElementById(lv.ids.patternSave).addEventListener("click", save);
    document.getElementById(lv.ids.patternOpen).addEventListener("click", choose);
    lv.frame.add("pattern", draw);
  }

  /* The opened pattern as an object, or null. What is wrong in it the server says. */
  function opened() {
    const { pattern } = lv.state.current;
    if (pattern !== last.text) last = { text: pattern, file: pattern && read(pattern) };
    return last.file;
  }

  function read(text) {
    try {
      const file = JSON.parse(text);
      return file && file.pattern && Array.isArray(file.pattern.units) ? file : null;
    } catch (error) {
      return null;
    }
  }

  /* The opened pattern's units, as far as this recording has them. */
  function units() {
    const file = opened();
    if (!file) return [];
    return file.pattern.units.filter(isHere).map((unit) => ({ side: "high", ...unit, isPinned: false }));
  }

  function isHere({ source, unit, threshold }) {
    const known = lv.model.dump.about.sources.find((one) => one.name === source);
    return known && Number.isInteger(unit) && unit >= 0 && unit < known.n_units && Number.isFinite(threshold);
  }

  /* What the row of chips says where this source has none of its units. */
  function sentence() {
    const file = opened();
    if (!file || units().length) return { kind: "", text: "" };
    const sources = [...new Set(file.pattern.units.map((unit) => unit.source))];
    if (!sources.length) return { kind: "lv-warn", text: "The opened pattern has no units." };
    return { kind: "lv-warn", text: `The opened pattern has its units on ${sources.join(", ")}, and this recording has none of them.` };
  }

  function draw() {
    const file = opened();
    note.hidden = !lv.state.current.pattern;
    if (isOpen !== !note.hidden) {
      isOpen = !note.hidden;
      for (const name of ["threshold", "before", "after", "side"]) {
        dash_clientside.set_props(lv.ids[name], { disabled: isOpen }); // each unit of a pattern has its own
      }
    }
    if (note.hidden) return;
    const words = ["opened pattern"];
    if (file) {
      const { units, off_before: before, off_after: after } = file.pattern;
      if (file.notes && file.notes.name) words[0] = `“${lv.tokens.show(file.notes.name).text}”`;
      words.push(lv.words.plural(units.length, "unit"));
      if (before || after) words.push(`off ${before} before, ${after} after`);
    }
    note.textContent = `${words.join(" · ")}  ×`;
  }

  function save() {
    const answer = lv.matches.answer();
    if (!answer || !answer.pattern || !answer.n_units) {
      lv.notice.say("pattern", "There is no pattern to save: brush a window that selects units first.");
      return;
    }
    lv.notice.clear("pattern");
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([answer.pattern], { type: "application/json" }));
    link.download = "pattern.json";
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  }

  function choose() {
    const input = document.createElement("input");
    input.type = "file";
    input.accept = ".json,application/json";
    input.addEventListener("change", () => input.files[0] && open(input.files[0]));
    input.click();
  }

  async function open(file) {
    const held = file.size > MOST ? null : read(await file.text());
    if (!held) {
      const problem = file.size > MOST ? "is larger than a pattern can be" : "is no pattern";
      lv.notice.say("pattern", `The file ${file.name} ${problem}: open one that lstmviz saved.`);
      return;
    }
    lv.notice.clear("pattern");
    const { units } = held.pattern;
    const { source } = lv.state.current;
    lv.state.change({ pattern: JSON.stringify(held), start: null, stop: null }, "push");
    const isKnown = units.length && lv.model.dump.about.sources.some((s) => s.name === units[0].source);
    if (isKnown && !units.some((unit) => unit.source === source)) lv.page.openSource(units[0].source);
  }

  lv.patternfile = { make, opened, units, sentence };
})(window);
