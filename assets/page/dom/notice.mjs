/* Whatever went wrong, in words, until it is mended or closed. One line a kind. */
(function (root) {
  "use strict";
  const lv = (root.lstmviz = root.lstmviz || {});
  const lines = new Map(); // kind -> sentences

  /* `text`: a sentence, or several. */
  function say(kind, text) {
    const sentences = [].concat(text).map((words) => lv.tokens.line(words[0].toUpperCase() + words.slice(1)));
    if (String(lines.get(kind)) === String(sentences)) return;
    lines.set(kind, sentences);
    show();
  }

  function clear(kind) {
    if (lines.delete(kind)) show();
  }

  /* Something of our own broke: say so, and leave the rest to the console. */
  function failed(doing, error) {
    console.error(error);
    say("page", `Something failed while ${doing}: ${error.message}. Reloading the page may help.`);
  }

  function show() {
    const place = document.getElementById((lv.ids && lv.ids.notice) || "lv-notice");
    if (!place) return;
    place.hidden = lines.size === 0;
    place.replaceChildren(...Array.from(lines, ([kind, text]) => line(kind, text)));
  }

  function line(kind, text) {
    const row = document.createElement("div");
    row.className = "lv-notice-line";
    row.dataset.kind = kind;
    const words = document.createElement("div");
    for (const sentence of text) {
      const line = document.createElement("p");
      line.textContent = sentence;
      words.append(line);
    }
    const close = document.createElement("button");
    close.type = "button";
    close.textContent = "×";
    close.setAttribute("aria-label", "Close this message");
    close.addEventListener("click", () => clear(kind));
    row.append(words, close);
    return row;
  }

  root.addEventListener("error", (event) => {
    if (event.error) say("page", `Something failed in the page: ${event.message}. Reloading the page may help.`);
  });
  root.addEventListener("unhandledrejection", (event) => {
    const reason = event.reason && event.reason.message ? event.reason.message : String(event.reason);
    say("page", `Something failed in the page: ${reason}. Reloading the page may help.`);
  });

  lv.notice = { say, clear, failed };
})(window);
