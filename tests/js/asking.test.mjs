import assert from "node:assert/strict";
import test from "node:test";
import { oneAtATime } from "../../assets/page/lib/one-at-a-time.mjs";

function made() {
  const sent = [];
  return { sent, asking: oneAtATime((question) => sent.push(question.key)) };
}

test("one question is out at a time, and only the newest waits", () => {
  const { sent, asking } = made();
  for (const key of ["a", "b", "c", "d"]) asking.ask({ key });
  assert.deepEqual(sent, ["a"]);
  assert.equal(asking.take("a"), null, "nobody wants a by now");
  assert.deepEqual(sent, ["a", "d"]);
  assert.deepEqual(asking.take("d"), { key: "d" });
  assert.equal(asking.wanted(), null);
});

test("coming back to the question that is out needs no second one", () => {
  const { sent, asking } = made();
  for (const key of ["a", "b", "a"]) asking.ask({ key });
  assert.deepEqual(asking.take("a"), { key: "a" });
  assert.deepEqual(sent, ["a"]);
});

test("an answer to something else is nobody's", () => {
  const { sent, asking } = made();
  asking.ask({ key: "a" });
  assert.equal(asking.take("z"), null);
  assert.deepEqual(asking.wanted(), { key: "a" });
  assert.deepEqual(sent, ["a"]);
});

test("a forgotten question's answer is dropped, and the next one goes out at once after it", () => {
  const { sent, asking } = made();
  asking.ask({ key: "a" });
  asking.forget();
  assert.equal(asking.wanted(), null);
  assert.equal(asking.take("a"), null);
  asking.ask({ key: "b" });
  assert.deepEqual(sent, ["a", "b"]);
});

test("a lost question is told once, or gives way to the newer one", () => {
  const { sent, asking } = made();
  asking.ask({ key: "a" });
  assert.deepEqual(asking.lose(), { key: "a" });
  assert.equal(asking.lose(), null);
  asking.ask({ key: "b" });
  asking.ask({ key: "c" });
  assert.equal(asking.lose(), null);
  assert.deepEqual(sent, ["a", "b", "c"]);
});
