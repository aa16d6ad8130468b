/* What takes longer than a moment is said, so that nobody wonders whether anything happens. */
(function (root) {
  "use strict";
  const lv = (root.lstmviz = root.lstmviz || {});
  const LATE = 300; // ms
  const doing = new Map(); // promise -> words, of what is late

  /* Say `words` while a promise takes longer than 300 ms; gives the promise back. */
  function during(promise, words) {
    const timer = setTimeout(() => {
      doing.set(promise, words);
      show();
    }, LATE);
    const done = () => {
      clearTimeout(timer);
      if (doing.delete(promise)) show();
    };
    promise.then(done, done);
    return promise;
  }

  function show() {
    const place = document.getElementById(lv.ids.busy);
    place.textContent = [...doing.values()].at(-1) || "";
  }

  lv.busy = { during };
})(window);
