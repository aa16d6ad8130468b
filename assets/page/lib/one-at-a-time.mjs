/* One question at a time: while the server works at one, only the newest of those that come waits its turn. Pure. */

/* `send(question)` puts one to the server; questions are told apart by their `key`. */
export function oneAtATime(send) {
  let flying = null; // sent, and not answered
  let wanted = null; // the newest one, not answered

  function go() {
    flying = wanted;
    send(wanted);
  }

  /* A new question; what waited before it is never sent. */
  function ask(question) {
    wanted = question;
    if (!flying) go();
  }

  /* Nobody waits for an answer any more. */
  function forget() {
    wanted = null;
  }

  /* An answer has come: the question that it settles, or null where it is late or another one is wanted by now. */
  function take(key) {
    if (!flying || flying.key !== key) return null;
    return settle();
  }

  /* The one that was sent will not be answered: that question if it is still wanted, else null. */
  function lose() {
    return flying ? settle() : null;
  }

  function settle() {
    const [sent, now] = [flying, wanted];
    flying = null;
    if (now && now.key !== sent.key) go();
    if (!now || now.key !== sent.key) return null;
    wanted = null;
    return sent;
  }

  return { ask, forget, take, lose, wanted: () => wanted };
}
