// Least-cost routing: what the policy decides, without the network around it.
//
// A 3xx whose contact is a number (sip:+4930123456@anything, tel:+4930123456) does
// not say where to go: the number goes to the gateways that have a route for it,
// the cheapest first. Contacts that are no numbers are tried as they are.
#pragma once

#include <algorithm>
#include <numeric>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include "redirect/v1/redirect.pb.h"
#include "routes.h"

namespace least_cost {

namespace pb = redirect::v1;

inline constexpr char kVersion[] = "1.0.0";
inline constexpr int kMaxTargets = 10;
inline constexpr size_t kMaxUri = 1000;  // of a contact, so that an answer stays below the 64 KiB of the contract

// Which failures of a gateway go on to the next one. 486 is not among them: who
// is busy is busy by every gateway. Nor are 401 and 407: the caller has to answer.
inline constexpr uint32_t kGoesOn[][2] = {{404, 404}, {408, 408}, {480, 480}, {500, 599}};

inline bool GoesOn(uint32_t status) {
  return std::any_of(std::begin(kGoesOn), std::end(kGoesOn), [=](auto& range) { return range[0] <= status && status <= range[1]; });
}

// A gateway of which an attempt ended like this is down for the rest of the call.
inline bool IsDown(pb::Outcome outcome) {
  return outcome == pb::OUTCOME_RESPONSE_TIMEOUT || outcome == pb::OUTCOME_TRANSPORT_ERROR || outcome == pb::OUTCOME_UNRESOLVABLE;
}

inline bool IsSips(const std::string& uri) { return Lower(uri.substr(0, 5)) == "sips:"; }

// Where a URI leads, and its user, to compare them: RFC 3261 section 19.1.4
// without the rarer parameters. The edge compares to the letter.
struct Parts {
  std::string gateway, user;
};

inline Parts Split(const std::string& uri) {
  const size_t colon = uri.find(':');
  const std::string scheme = Lower(uri.substr(0, colon));
  if (scheme != "sip" && scheme != "sips") return {uri, ""};
  const size_t at = uri.find('@');
  const size_t host = at == std::string::npos ? colon + 1 : at + 1;
  std::string user = at == std::string::npos ? "" : uri.substr(colon + 1, at - colon - 1);
  for (size_t i = 0; i + 2 < user.size(); ++i) {
    const std::string hex = user.substr(i + 1, 2);
    if (user[i] == '%' && std::isxdigit(static_cast<unsigned char>(hex[0])) && std::isxdigit(static_cast<unsigned char>(hex[1]))) {
      user.replace(i, 3, 1, static_cast<char>(std::stoi(hex, nullptr, 16)));
    }
  }
  const std::string rest = Lower(uri.substr(host, uri.find('?', host) - host));
  std::string gateway = scheme + ":" + rest.substr(0, rest.find(';'));
  const size_t transport = rest.find(";transport=");
  if (transport != std::string::npos) gateway += rest.substr(transport, rest.find(';', transport + 1) - transport);
  return {gateway, Lower(user)};
}

inline std::string Identity(const pb::Target& target) {
  const Parts parts = Split(target.uri());
  std::string id = parts.gateway + " " + parts.user + " " + target.next_hop();
  for (const std::string& route : target.routes()) id += " " + route;
  return id;
}

inline std::string Join(const std::vector<std::string>& texts, const std::string& between) {
  std::string all;
  for (const std::string& text : texts) all += (all.empty() ? "" : between) + text;
  return all;
}

// One question on its way to an answer. All that it needs is in the question and in
// the routes: the next one about this call may go to another replica.
class Decision {
 public:
  Decision(const Routes& routes, const pb::DecideRequest& question)
      : routes_(routes), question_(question), last_(*question.attempts().rbegin()) {
    for (const pb::Attempt& attempt : question.attempts()) {
      seen_.insert(Identity(attempt.target()));
      if (IsDown(attempt.outcome())) down_.insert(Split(attempt.target().uri()).gateway);
    }
    // A call that came by SIPS, or was sent so, stays on SIPS.
    secure_ = IsSips(question.call().request_uri().text()) || IsSips(last_.target().uri());
    if (question.edge().has_attempts_left()) limit_ = std::min<int64_t>(limit_, question.edge().attempts_left());
  }

  pb::DecideResponse Answer() {
    if (question_.has_redirect()) return Redirect(question_.redirect());
    if (question_.has_failure()) return Failure();
    return Advice(question_.advice().response().status());
  }

 private:
  struct Outcome {  // whether something became a target, and why
    bool taken;
    std::string text;
  };

  // --- the three events ---

  // A 3xx came: its contacts by q, the highest first, those of the same q in their
  // order, then what an earlier answer has left.
  pb::DecideResponse Redirect(const pb::Redirect& event) {
    const uint32_t status = event.response().status();
    const std::string name = std::to_string(status);
    const bool followed = status >= 300 && status <= 302;
    const auto q = [&](int i) { return event.contacts(i).has_q_milli() ? event.contacts(i).q_milli() : 1000; };
    std::vector<int> order(event.contacts_size());
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(), [&](int a, int b) { return q(a) > q(b); });
    verdicts_.resize(order.size());
    for (int i : order) {
      pb::ContactRef ref;
      ref.set_attempt(question_.attempts_size() - 1);
      ref.set_index(i);
      const Outcome outcome = followed ? Contact(event.contacts(i), ref) : Outcome{false, "a " + name + " is not followed"};
      Conclude(outcome);
      *verdicts_[i].mutable_contact() = ref;
      verdicts_[i].set_verdict(outcome.taken ? pb::ContactVerdict::VERDICT_TAKEN : pb::ContactVerdict::VERDICT_DROPPED);
      verdicts_[i].set_rule("least cost");
      verdicts_[i].set_text(outcome.text);
    }
    if (followed && order.empty()) Conclude(CalledNumber());  // it names nobody: the number that was called
    OfferRemaining();
    if (!targets_.empty()) return TryTargets(name);
    const bool unknown = !missed_.empty() && std::all_of(missed_.begin(), missed_.end(), [](const std::string& text) {
      return text.rfind("no route", 0) == 0;
    });
    return Reject(unknown ? 404 : 480, name + ": " + Nothing());
  }

  // A target failed, and the edge asks, as consult_on_failure told it to.
  pb::DecideResponse Failure() {
    const uint32_t status = last_.outcome() == pb::OUTCOME_RESPONSE ? last_.response().status() : 0;
    const std::string name = status != 0 ? std::to_string(status) : pb::Outcome_Name(last_.outcome());
    if (status != 0 && !GoesOn(status)) return PassThrough(pb::PassThrough::WHICH_BEST, status, name + " ends the search");
    OfferRemaining();
    if (!targets_.empty()) return TryTargets(name);
    return PassThrough(pb::PassThrough::WHICH_BEST, status, name + ": " + Nothing());
  }

  // The redirect server had no contacts to give. A 6xx of it blocks the call, 401
  // and 407 are the caller's to answer; else the call goes on without it.
  pb::DecideResponse Advice(uint32_t status) {
    const std::string name = std::to_string(status);
    if (status >= 600 || status == 401 || status == 407) {
      return PassThrough(pb::PassThrough::WHICH_REDIRECT, status, name + " is for the caller");
    }
    Conclude(CalledNumber());
    const auto& features = question_.edge().features();
    if (targets_.empty() && std::find(features.begin(), features.end(), "onward") != features.end()) {
      pb::Target target;
      target.set_uri(question_.call().request_uri().text());
      target.set_next_hop("onward");
      const std::string why = Offer(target);
      Conclude({why.empty(), why.empty() ? "onward" : why});
    }
    if (!targets_.empty()) return TryTargets(name);
    return PassThrough(pb::PassThrough::WHICH_REDIRECT, status, name + ": " + Nothing());
  }

  // --- what becomes a target ---

  Outcome Contact(const pb::Contact& contact, const pb::ContactRef& ref) {
    static const std::regex place("sips?:[!-~]+", std::regex::icase);
    const std::string& uri = contact.uri().text();
    if (!contact.unreadable().empty()) return {false, "the edge could not read it"};
    if (uri.size() > kMaxUri) return {false, "longer than " + std::to_string(kMaxUri) + " characters"};
    const std::string digits = NumberOf(uri);
    if (!digits.empty()) return Number(digits, &ref, IsSips(uri));
    if (!std::regex_match(uri, place)) return {false, "neither a number with a + nor a SIP URI"};
    pb::Target target;
    target.set_uri(uri);
    *target.mutable_contact() = ref;
    const std::string why = Offer(target);
    return {why.empty(), why.empty() ? "contact " + std::to_string(ref.index() + 1) + " as it is" : why};
  }

  Outcome CalledNumber() {
    const std::string digits = NumberOf(question_.call().request_uri().text());
    if (digits.empty()) return {false, "the Request-URI is no number"};
    return Number(digits, nullptr, false);
  }

  // The digits of a URI that is a number with a +; empty if it is none.
  static std::string NumberOf(const std::string& uri) {
    static const std::regex number("(?:sips?|tel):(?:\\+|%2b)([0-9][-.()0-9]{0,31})(?:[;:@?][!-~]*)?", std::regex::icase);
    std::smatch match;
    if (uri.size() > kMaxUri || !std::regex_match(uri, match, number)) return "";
    std::string digits;
    for (char c : match.str(1)) {
      if (c >= '0' && c <= '9') digits += c;
    }
    return digits;
  }

  // Offers the gateways for a number, the cheapest first.
  Outcome Number(const std::string& digits, const pb::ContactRef* ref, bool secure) {
    std::vector<std::string> taken;
    std::string why = "no route for +" + digits;
    for (const Route& route : routes_.Cheapest(digits)) {
      const size_t colon = route.gateway.find(':');
      pb::Target target;
      target.set_uri(route.gateway.substr(0, colon) + ":+" + digits + "@" + route.gateway.substr(colon + 1));
      target.set_label(route.carrier);
      if (ref != nullptr) *target.mutable_contact() = *ref;
      const std::string refused = Offer(target, secure);
      if (refused.empty()) {
        taken.push_back(route.carrier + " at " + route.written);
      } else {
        why = "+" + digits + " by " + route.carrier + ": " + refused;
      }
    }
    if (taken.empty()) return {false, why};
    return {true, "+" + digits + " by " + Join(taken, ", ")};
  }

  // An answer replaces what the one before has left: it is offered again.
  void OfferRemaining() {
    const size_t before = targets_.size();
    for (const pb::Target& target : question_.remaining()) Offer(target);
    if (targets_.size() > before) Conclude({true, std::to_string(targets_.size() - before) + " from before"});
  }

  // Adds a target to the answer, or returns why it is none.
  std::string Offer(const pb::Target& target, bool secure = false) {
    const std::string id = Identity(target);
    if ((secure_ || secure) && !IsSips(target.uri())) return "never from SIPS to SIP";
    if (seen_.count(id) > 0) return "tried or offered already";
    if (down_.count(Split(target.uri()).gateway) > 0) return "down in this call";
    if (static_cast<int64_t>(targets_.size()) >= limit_) return "no attempt is left";
    seen_.insert(id);
    targets_.push_back(target);
    return "";
  }

  void Conclude(const Outcome& outcome) { (outcome.taken ? took_ : missed_).push_back(outcome.text); }

  // --- answers ---

  // An edge that names no feature at all has not said what it can do.
  bool Can(const std::string& feature) const {
    const auto& features = question_.edge().features();
    return features.empty() || std::find(features.begin(), features.end(), feature) != features.end();
  }

  std::string Nothing() const { return missed_.empty() ? "nothing to try" : "nothing to try, " + missed_[0]; }

  void Explain(pb::DecideResponse& answer, const std::string& rule, const std::string& text) const {
    pb::Explanation& explanation = *answer.mutable_explanation();
    explanation.set_rule(rule);
    explanation.set_text(text);
    explanation.set_policy_version(kVersion);
    explanation.set_config_revision(routes_.revision());
    for (const pb::ContactVerdict& verdict : verdicts_) *explanation.add_contacts() = verdict;
  }

  pb::DecideResponse TryTargets(const std::string& seen) const {
    pb::DecideResponse answer;
    pb::TryTargets& all = *answer.mutable_try_targets();
    for (const pb::Target& target : targets_) *all.add_targets() = target;
    all.set_consult_on_failure(Can("consult_on_failure"));
    for (const auto& range : kGoesOn) {
      pb::StatusRange& statuses = *all.mutable_advance()->add_statuses();
      statuses.set_first(range[0]);
      statuses.set_last(range[1]);
    }
    all.mutable_advance()->set_timeout(true);
    all.mutable_advance()->set_transport_error(true);
    all.mutable_exhausted()->set_status(480);
    all.set_exhausted_only_if_none(true);  // else the caller gets the best response there was
    Explain(answer, "least cost", seen + ": " + Join(took_, "; "));
    return answer;
  }

  pb::DecideResponse Reject(uint32_t status, const std::string& text) const {
    if (status < 400 || status > 699 || (status == 408 && question_.call().method() != "INVITE")) {
      status = 480;  // a 408 is for INVITE only (RFC 4320)
    }
    pb::DecideResponse answer;
    answer.mutable_reject()->set_status(status);
    Explain(answer, "no target", text);
    return answer;
  }

  pb::DecideResponse PassThrough(pb::PassThrough::Which which, uint32_t status, const std::string& text) const {
    if (!Can("pass_through")) return Reject(status, text);
    pb::DecideResponse answer;
    answer.mutable_pass_through()->set_which(which);
    Explain(answer, "pass through", text);
    return answer;
  }

  const Routes& routes_;
  const pb::DecideRequest& question_;
  const pb::Attempt& last_;
  int64_t limit_ = kMaxTargets;
  bool secure_ = false;
  std::set<std::string> seen_;  // identities of targets
  std::set<std::string> down_;  // gateways
  std::vector<pb::Target> targets_;
  std::vector<pb::ContactVerdict> verdicts_;
  std::vector<std::string> took_, missed_;  // reasons of what is offered, and against what is not
};

}  // namespace least_cost
