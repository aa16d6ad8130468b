import assert from "node:assert/strict";
import test from "node:test";
import { changingAnswer, questionLine } from "../../assets/page/lib/questions.mjs";

const rest = (ms = 15) => new Promise((resolve) => setTimeout(resolve, ms));

/* A server whose answers are given by hand. */
function server() {
  const asked = [];
  const get = (path) => new Promise((resolve, reject) => asked.push({ path, resolve, reject }));
  return { asked, get };
}

test("only the question that rests is asked, and only its answer is taken", async () => {
  const { asked, get } = server();
  let changes = 0;
  const one = changingAnswer({ get, changed: () => changes++, pause: 5 });
  one.want("a");
  one.want("b");
  await rest();
  assert.deepEqual(
    asked.map(({ path }) => path),
    ["b"],
  );
  one.want("c", "d");
  await rest();
  asked[0].resolve("late");
  await rest();
  assert.equal(one.value(), null);
  assert.equal(one.isPending(), true);
  asked[1].resolve(3);
  asked[2].resolve(4);
  await rest();
  assert.deepEqual(one.value(), [3, 4]);
  assert.equal(one.isPending(), false);
  assert.equal(changes, 1);
});

test("the last answer stays until the next one is there, and goes with the question", async () => {
  const { asked, get } = server();
  const one = changingAnswer({ get, changed: () => {}, pause: 1 });
  one.want("a");
  await rest();
  asked[0].resolve(1);
  await rest();
  one.want("b");
  assert.deepEqual(one.value(), [1]);
  assert.equal(one.isCurrent(), false);
  one.want("a"); // back again: nothing to ask
  await rest();
  assert.equal(asked.length, 1);
  assert.equal(one.isCurrent(), true);
  one.want();
  assert.equal(one.value(), null);
});

test("a failure is told, and asked again only when that is wanted", async () => {
  const { asked, get } = server();
  const one = changingAnswer({ get, changed: () => {}, pause: 1 });
  one.want("a");
  await rest();
  asked[0].reject(new Error("it is gone"));
  await rest();
  assert.equal(one.problem(), "it is gone");
  one.want("a");
  await rest();
  assert.equal(asked.length, 1);
  one.again();
  await rest();
  asked[1].resolve(5);
  await rest();
  assert.deepEqual([one.problem(), one.value()], [null, [5]]);
});

/* A line of questions, what each was asked with, and what came of it. */
function made(pause) {
  const { asked, get } = server();
  const line = questionLine(pause);
  const came = {};
  const put = async (name, isLate) => {
    const mine = {};
    came[name] = mine;
    const act = (signal) => {
      mine.signal = signal;
      return get(name);
    };
    mine.outcome = await line.ask(act, isLate);
  };
  return { asked, line, came, put };
}

test("a newer question ends the one before, and only what comes of the newest is told", async () => {
  const { asked, line, came, put } = made();
  for (const name of ["a", "b", "c"]) put(name);
  assert.deepEqual(
    asked.map(({ path }) => path),
    ["a", "b", "c"],
    "each is put at once",
  );
  assert.deepEqual(
    ["a", "b", "c"].map((name) => came[name].signal.aborted),
    [true, true, false],
  );
  asked[0].resolve(1);
  asked[1].reject(new Error("ended"));
  await rest();
  assert.deepEqual([came.a.outcome, came.b.outcome], [null, null], "nobody wants these by now");
  assert.equal(line.isOpen(), true);
  asked[2].resolve(3);
  await rest();
  assert.deepEqual(came.c.outcome, { answer: 3 });
  assert.equal(line.isOpen(), false);
  assert.equal(came.c.signal.aborted, false, "an answer may still be read");
});

test("a question that is ended is answered to nobody, and the next one goes out at once", async () => {
  const { asked, line, came, put } = made();
  put("a");
  line.end();
  assert.equal(line.isOpen(), false);
  assert.equal(came.a.signal.aborted, true);
  put("b");
  asked[1].resolve(2);
  asked[0].resolve(1);
  await rest();
  assert.deepEqual([came.a.outcome, came.b.outcome], [null, { answer: 2 }]);
});

test("a failure is told once, or gives way to the newer question", async () => {
  const { asked, line, came, put } = made();
  put("a");
  asked[0].reject(new Error("it is gone"));
  await rest();
  assert.equal(came.a.outcome.error.message, "it is gone");
  assert.equal(line.isOpen(), false);
  put("b");
  put("c");
  asked[1].reject(new Error("it is gone"));
  await rest();
  assert.equal(came.b.outcome, null);
  assert.equal(line.isOpen(), true);
});

test("of questions that follow each other quickly only the last is put, after its pause", async () => {
  const { asked, came, put } = made(5);
  for (const name of ["a", "b", "c"]) put(name);
  assert.deepEqual(asked, []);
  await rest();
  assert.deepEqual(
    asked.map(({ path }) => path),
    ["c"],
  );
  asked[0].resolve(3);
  await rest();
  assert.deepEqual([came.a.outcome, came.b.outcome, came.c.outcome], [null, null, { answer: 3 }]);
});

test("what takes long is told once, unless it is answered or ended before", async () => {
  const { asked, line, put } = made();
  const late = [];
  put("a", () => late.push("a"));
  await rest(320);
  assert.deepEqual(late, ["a"]);
  put("b", () => late.push("b"));
  asked[1].resolve(2);
  await rest(320);
  put("c", () => late.push("c"));
  line.end();
  await rest(320);
  assert.deepEqual(late, ["a"]);
});
