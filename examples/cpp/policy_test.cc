// Tests of the policy: make test. The questions and answers are those that every
// example here has to agree on, in ../testdata.

#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>
#include <google/protobuf/util/message_differencer.h>

#include <fstream>
#include <iostream>
#include <iterator>

#include "decision.h"

namespace {

namespace pb = redirect::v1;
using google::protobuf::Value;
using google::protobuf::util::JsonStringToMessage;
using google::protobuf::util::MessageDifferencer;
using google::protobuf::util::MessageToJsonString;

int failures = 0;

void Check(bool ok, const std::string& name, const std::string& text) {
  if (ok) return;
  ++failures;
  std::cerr << "FAIL " << name << "\n" << text << "\n";
}

std::string Read(const std::string& name) {
  std::ifstream in("../" + name, std::ios::binary);
  Check(static_cast<bool>(in), name, "cannot be read: run the tests in examples/cpp");
  return {std::istreambuf_iterator<char>(in), {}};
}

google::protobuf::ListValue Table(const std::string& name) {
  google::protobuf::ListValue rows;
  const auto status = JsonStringToMessage(Read(name), &rows);
  Check(status.ok() && rows.values_size() > 5, name, status.ToString());
  return rows;
}

// The message that a value of JSON stands for.
template <typename Message>
Message As(const Value& value) {
  std::string json;
  Message message;
  const bool ok = MessageToJsonString(value, &json).ok() && JsonStringToMessage(json, &message).ok();
  Check(ok, "this is no " + message.GetTypeName(), json);
  return message;
}

void TestDecisions() {
  const least_cost::Routes routes("routes.csv", Read("routes.csv"));
  const auto cases = Table("testdata/cases.json");
  Check(cases.values_size() > 40, "cases.json", "there are too few cases in it");
  for (const Value& row : cases.values()) {
    const auto& fields = row.struct_value().fields();
    const auto question = As<pb::DecideRequest>(fields.at("question"));
    auto want = As<pb::DecideResponse>(fields.at("answer"));
    want.mutable_explanation()->set_policy_version(least_cost::kVersion);
    want.mutable_explanation()->set_config_revision(routes.revision());
    const pb::DecideResponse got = least_cost::Decision(routes, question).Answer();
    std::string difference;
    MessageDifferencer differencer;
    differencer.ReportDifferencesToString(&difference);
    Check(differencer.Compare(want, got), fields.at("name").string_value(), difference);
  }
}

void TestBrokenRoutes() {
  const auto table = Table("testdata/broken.json");
  for (const Value& row : table.values()) {
    const auto& fields = row.struct_value().fields();
    std::string got = "no error";
    try {
      least_cost::Routes("routes.csv", fields.at("csv").string_value());
    } catch (const std::runtime_error& err) {
      got = err.what();
    }
    const std::string& want = fields.at("error").string_value();
    Check(got == want, want, got);
  }
}

void TestRevisionIsOfTheContent() {
  const least_cost::Routes one("routes.csv", "49, sip:gw.example, 0.01"), other("routes.csv", "49, sip:gw.example, 0.02");
  Check(one.revision() != other.revision(), "revision", one.revision());
}

}  // namespace

int main() {
  TestDecisions();
  TestBrokenRoutes();
  TestRevisionIsOfTheContent();
  std::cout << (failures == 0 ? "ok" : "failed") << "\n";
  return failures == 0 ? 0 : 1;
}
