// Tests of the policy: npm test. The questions and answers are those that every
// example here has to agree on, in ../testdata.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { service } from "./contract";
import { Decision, VERSION } from "./decision";
import { Routes } from "./routes";

const read = (name: string) => readFileSync(join(__dirname, "../..", name), "utf8");
const { Decide } = service;

test("decisions", async (t) => {
  const routes = new Routes("routes.csv", read("routes.csv"));
  const cases = JSON.parse(read("testdata/cases.json"));
  assert(cases.length > 40);
  for (const { name, question, answer } of cases) {
    await t.test(name, () => {
      const asked = () => Decide.requestDeserialize(Decide.requestSerialize(question));
      const request = asked();
      const got = new Decision(routes, request).answer();
      answer.explanation = { ...answer.explanation, policyVersion: VERSION, configRevision: routes.revision };
      // As the edge reads them.
      const wire = (message: object) => Decide.responseDeserialize(Decide.responseSerialize(message));
      assert.deepEqual(wire(got), wire(answer));
      assert.deepEqual(request, asked(), "the question was modified");
    });
  }
});

test("broken routes", () => {
  for (const { csv, error } of JSON.parse(read("testdata/broken.json"))) {
    assert.throws(() => new Routes("routes.csv", csv), { message: error });
  }
});

test("the revision is of the content", () => {
  const revision = (price: string) => new Routes("routes.csv", `49, sip:gw.example, ${price}`).revision;
  assert.notEqual(revision("0.01"), revision("0.02"));
});
