/* The newest answer to a question that keeps changing: asked of the server once it rests, the last answer kept meanwhile.
   Pure but for the clock. */

const LATE = 300; // ms; longer than that, the wait is shown

/* `get(path)` gives a promise; `changed()` is called whenever there is something else to show; `pause` ms must pass without
   another question before one is asked. Several paths may make up one question: they are answered together. */
export function newest({ get, changed, pause }) {
  let wanted = null; // paths, as one text
  let known = null; // the paths of the answer
  let value = null;
  let problem = null;
  let isLate = false;
  let timers = [];

  /* Ask for paths, unless they are wanted already; none: forget. */
  function want(...paths) {
    const next = paths.length ? paths.join(" ") : null;
    if (next === wanted) return;
    wanted = next;
    problem = null;
    stop();
    if (next === null) known = value = null;
    else if (next !== known) timers = [setTimeout(() => ask(paths, next), pause), setTimeout(wait, pause + LATE)];
  }

  function stop() {
    timers.forEach(clearTimeout);
    timers = [];
    isLate = false;
  }

  function wait() {
    isLate = true;
    changed();
  }

  async function ask(paths, mine) {
    try {
      const answers = await Promise.all(paths.map((path) => get(path)));
      if (mine === wanted) settle(mine, answers, null);
    } catch (error) {
      if (mine === wanted) settle(null, null, error.message);
    }
  }

  function settle(paths, answers, words) {
    stop();
    [known, value, problem] = [paths, answers, words];
    changed();
  }

  /* Ask once more for what failed. */
  function again() {
    const paths = wanted;
    wanted = null;
    if (paths !== null) want(...paths.split(" "));
    changed();
  }

  return {
    want,
    again,
    value: () => value,
    problem: () => problem,
    isLate: () => isLate,
    isCurrent: () => wanted === known,
    isPending: () => wanted !== known && problem === null,
  };
}
