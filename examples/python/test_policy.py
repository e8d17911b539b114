"""Tests of the policy: python3 -m unittest. The questions and answers are those
that every example here has to agree on, in ../testdata."""

import json
import pathlib
import unittest

from google.protobuf import json_format

from decision import VERSION, Decision
from redirect.v1 import redirect_pb2 as pb
from routes import Routes

EXAMPLES = pathlib.Path(__file__).resolve().parent.parent


def table(name):
    return json.loads((EXAMPLES / "testdata" / name).read_text(encoding="utf-8"))


class TestDecision(unittest.TestCase):
    maxDiff = None

    def test_cases(self):
        routes = Routes("routes.csv", (EXAMPLES / "routes.csv").read_text(encoding="utf-8"))
        cases = table("cases.json")
        self.assertGreater(len(cases), 40)
        for case in cases:
            with self.subTest(case["name"]):
                question = json_format.ParseDict(case["question"], pb.DecideRequest())
                asked = question.SerializeToString(deterministic=True)
                got = Decision(routes, question).answer()
                self.assertEqual(got.explanation.policy_version, VERSION)
                self.assertEqual(got.explanation.config_revision, routes.revision)
                got.explanation.policy_version = got.explanation.config_revision = ""
                want = json_format.ParseDict(case["answer"], pb.DecideResponse())
                self.assertEqual(json_format.MessageToDict(got), json_format.MessageToDict(want))
                self.assertEqual(question.SerializeToString(deterministic=True), asked, "the question was modified")


class TestRoutes(unittest.TestCase):
    def test_broken(self):
        for broken in table("broken.json"):
            with self.subTest(broken["error"]):
                with self.assertRaises(ValueError) as raised:
                    Routes("routes.csv", broken["csv"])
                self.assertEqual(str(raised.exception), broken["error"])

    def test_revision_is_of_the_content(self):
        one, other = (Routes("routes.csv", f"49, sip:gw.example, {price}") for price in ("0.01", "0.02"))
        self.assertNotEqual(one.revision, other.revision)


if __name__ == "__main__":
    unittest.main()
