/* The samples that the server offers: how far each is, asked again while the start page is shown; a press that has one built,
   and opens it once it is. */
(function (root) {
  "use strict";
  const lv = (root.lstmviz = root.lstmviz || {});
  const WAIT = { busy: 500, idle: 4000 }; // ms between looks: others may have some built too
  let offers = []; // as the server tells them: {name, model, about, question, command, members, state, words, share, dumps}
  let told = "";
  let wanted = null; // the name of what was pressed last here: it opens when it is there
  let timer = null;

  const isOnItsWay = (offer) => offer.state === "waiting" || offer.state === "working";

  /* Take what the page was told as it came. */
  function start(given) {
    offers = given;
    told = "";
  }

  /* Look while the start page is shown. */
  function watch() {
    clearTimeout(timer);
    if (!offers.length || !lv.start.isShown()) return;
    timer = setTimeout(look, offers.some(isOnItsWay) ? WAIT.busy : WAIT.idle);
  }

  async function look() {
    try {
      if (!document.hidden && !lv.server.isLost()) take(await lv.data.json("samples/about.json", { cache: "no-store" }));
    } catch (error) {
      if (!error.isLost) lv.notice.say("samples", `How far the samples are could not be asked: ${error.message}`); // a lost server is said by itself
    }
    watch();
  }

  function take(answer) {
    lv.notice.clear("samples");
    const now = JSON.stringify(answer);
    if (now !== told) {
      told = now;
      offers = answer.offers;
      lv.page.serves(answer.dumps);
      lv.start.changed();
    }
    arrive();
  }

  /* Open what was pressed last, now that it is there. */
  function arrive() {
    const offer = offers.find((one) => one.name === wanted);
    if (!offer || isOnItsWay(offer)) return;
    wanted = null;
    if (offer.state === "kept" && lv.start.isShown()) lv.page.openDump(offer.dumps[0]);
  }

  async function press(name) {
    wanted = name;
    try {
      take(await (await lv.data.post("samples/build", { name })).json());
    } catch (error) {
      wanted = null;
      lv.notice.say("samples", `${name} is not being built: ${error.message}`);
    }
    watch();
  }

  /* The offer that a recording belongs to together with others; null where it stands alone. */
  function seriesOf(uuid) {
    return offers.find((offer) => offer.dumps.length > 1 && offer.dumps.includes(uuid)) || null;
  }

  lv.offers = { start, watch, press, seriesOf, isOnItsWay, all: () => offers };
})(window);
