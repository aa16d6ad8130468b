/* Questions of one kind, of which only the newest counts: a newer one ends the one before, whose answer is dropped. Pure
   but for the clock. */

const LATE = 300; // ms; longer than that, a wait is shown

/* A line of questions of one kind; each waits `pause` ms, for a newer one, before it is asked. */
export function questionLine(pause = 0) {
  let /** @type {AbortController} */ present = null; // the AbortController of the question that is out
  let /** @type {ReturnType<typeof setTimeout>} */ late = null; // runs while it is not late yet

  /* A new question: its signal aborts when the question is ended. */
  function begin() {
    end();
    present = new AbortController();
    return present.signal;
  }

  /* Stop waiting for an answer. */
  function end() {
    clearTimeout(late);
    if (present) present.abort();
    present = null;
  }

  /**
   * Put a question: `act(signal)` asks it and promises the answer; `isLate()` is called once, if it takes long. Gives
   * {answer} or {error}, or null where the question was ended before.
   * @param {(signal: AbortSignal) => Promise<any>} act
   * @param {() => void} [isLate]
   */
  async function ask(act, isLate) {
    const signal = begin();
    if (pause) await new Promise((resolve) => setTimeout(resolve, pause));
    if (signal.aborted) return null;
    if (isLate) late = setTimeout(isLate, LATE);
    let reply;
    try {
      reply = { answer: await act(signal) };
    } catch (error) {
      reply = { error };
    }
    if (signal.aborted) return null;
    clearTimeout(late);
    present = null;
    return reply;
  }

  return { begin, end, ask, isOpen: () => present !== null };
}

/**
 * The answer to a question that keeps changing; the last one stays until the next is there. `get(path, {signal})` promises
 * the answer to a path; `changed()` is called whenever there is something else to show. Several paths may make up one
 * question: they are answered together.
 * @param {{ get: (path: string, options: { signal: AbortSignal }) => Promise<any>, changed: () => void, pause: number }} asked
 */
export function changingAnswer({ get, changed, pause }) {
  const line = questionLine(pause);
  let /** @type {string} */ wanted = null; // paths, as one text
  let /** @type {string} */ known = null; // the paths of the answer
  let /** @type {any[]} */ value = null;
  let /** @type {string} */ problem = null;
  let isLate = false;

  /**
   * Ask for paths, unless they are wanted already; none: forget.
   * @param {...string} paths
   */
  async function want(...paths) {
    const next = paths.length ? paths.join(" ") : null;
    if (next === wanted) return;
    [wanted, problem, isLate] = [next, null, false];
    line.end();
    if (next === null) known = value = null;
    if (next === known) return;
    const reply = await line.ask((signal) => Promise.all(paths.map((path) => get(path, { signal }))), showWait);
    if (!reply) return;
    isLate = false;
    if (reply.error) [known, value, problem] = [null, null, reply.error.message];
    else [known, value] = [next, reply.answer];
    changed();
  }

  function showWait() {
    isLate = true;
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
    isOf: (/** @type {string[]} */ paths) => known === paths.join(" "),
    isPending: () => wanted !== known && problem === null,
  };
}
