/* The server stopped: say so and what to do, look for it again, and go on where the page was once it is back. */
(function (root) {
  "use strict";
  const lv = (root.lstmviz = root.lstmviz || {});
  const WAIT = { first: 1000, most: 8000, times: 1.5 }; // ms between looks
  let isLost = false;
  let wait = WAIT.first;

  /* A request got no answer at all. */
  function lost() {
    if (isLost) return;
    isLost = true;
    wait = WAIT.first;
    lv.notice.say("server", "The server does not answer: it was stopped, or the way to it is cut. Start it again with the command you started it with; this page looks for it every few seconds and goes on by itself.");
    setTimeout(look, wait);
  }

  async function look() {
    try {
      const response = await fetch(`${lv.data.base()}health`, { cache: "no-store" });
      if (!response.ok) throw new Error(String(response.status));
    } catch (error) {
      wait = Math.min(WAIT.most, wait * WAIT.times);
      setTimeout(look, wait);
      return;
    }
    back();
  }

  /* It is there again: what failed meanwhile is asked again. */
  function back() {
    isLost = false;
    lv.notice.clear("server");
    if (!lv.model.source) return void lv.page.fromAddress();
    lv.model.arrived();
    lv.typeddata.again();
    if (lv.matches.answer() === null) lv.state.publish(true);
  }

  lv.server = { lost, isLost: () => isLost };
})(window);
