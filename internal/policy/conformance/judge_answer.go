package conformance

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
)

// Bounds of the contract.
const (
	maxTargets     = 64
	maxContacts    = 64
	maxRoutes      = 8
	maxHeaderOps   = 64
	maxRanges      = 64
	maxAnswer      = 64 << 10
	maxState       = 4 << 10
	maxHeaderValue = 8 << 10
	maxShortText   = 256
)

func isRedirect(req *redirectv1.DecideRequest) bool { return req.GetRedirect() != nil }
func isAdvice(req *redirectv1.DecideRequest) bool   { return req.GetAdvice() != nil }
func isFailure(req *redirectv1.DecideRequest) bool  { return req.GetFailure() != nil }

// decides looks for questions about an event that had an error for an answer. One
// that came too late has a case of its own.
func decides(event func(*redirectv1.DecideRequest) bool) func(context.Context, *session) ([]Failure, string) {
	return func(ctx context.Context, s *session) (failures []Failure, skipped string) {
		asked := 0
		for _, x := range s.answers(ctx) {
			if !event(x.req) {
				continue
			}
			asked++
			if x.err != nil && x.code() != codes.DeadlineExceeded {
				failures = append(failures, x.failure(x.came()))
			}
		}
		if asked == 0 {
			return nil, "the policy never asked to be consulted (consult_on_failure)"
		}
		return failures, ""
	}
}

func hasAction(x *exchange) error {
	if x.resp.GetAction() == nil {
		return errors.New("no action, or one that this version of the contract does not have")
	}
	return nil
}

func answerFits(x *exchange) error {
	if n := proto.Size(x.resp); n > maxAnswer {
		return fmt.Errorf("%d bytes, more than %d", n, maxAnswer)
	}
	return nil
}

func stateFits(x *exchange) error {
	if n := len(x.resp.GetPolicyState()); n > maxState {
		return fmt.Errorf("policy_state has %d bytes, more than %d", n, maxState)
	}
	return nil
}

// finals judges the final responses that an answer has the edge make.
func finals(judge func(x *exchange, where string, r *redirectv1.FinalResponse) error) func(*exchange) error {
	return func(x *exchange) error {
		if r := x.resp.GetReject(); r != nil {
			return judge(x, "reject", r)
		}
		if r := x.resp.GetTryTargets().GetExhausted(); r != nil {
			return judge(x, "try_targets.exhausted", r)
		}
		return nil
	}
}

func statusInRange(_ *exchange, where string, r *redirectv1.FinalResponse) error {
	if s := r.GetStatus(); s < 400 || s > 699 {
		return fmt.Errorf("%s.status: %d is out of range (400 to 699)", where, s)
	}
	return nil
}

func statusOfMethod(x *exchange, where string, r *redirectv1.FinalResponse) error {
	if method := x.req.GetCall().GetMethod(); r.GetStatus() == 408 && method != "INVITE" {
		return fmt.Errorf("%s.status: 408 to %s", where, method)
	}
	return nil
}

// cleanTexts looks at every text of an answer, and at Header.raw_value.
func cleanTexts(x *exchange) error { return cleanMessage("", x.resp.ProtoReflect()) }

func cleanMessage(where string, m protoreflect.Message) (err error) {
	m.Range(func(f protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		name := where + string(f.Name())
		switch {
		case f.Name() == "policy_state": // the policy's own
		case !f.IsList(): // no answer has a map
			err = cleanValue(name, v)
		default:
			for i := 0; i < v.List().Len() && err == nil; i++ {
				err = cleanValue(name+"["+strconv.Itoa(i)+"]", v.List().Get(i))
			}
		}
		return err == nil
	})
	return err
}

func cleanValue(name string, v protoreflect.Value) error {
	text := ""
	switch is := v.Interface().(type) {
	case protoreflect.Message:
		return cleanMessage(name+".", is)
	case string:
		text = is
	case []byte:
		text = string(is)
	}
	if i := strings.IndexAny(text, "\r\n\x00"); i >= 0 {
		return fmt.Errorf("%s has %q at byte %d: %.64q", name, text[i:i+1], i, text)
	}
	return nil
}

func shortTexts(x *exchange) error {
	for i, t := range x.resp.GetTryTargets().GetTargets() {
		if n := len(t.GetLabel()); n > maxShortText {
			return fmt.Errorf("%s.label has %d bytes, more than %d", targetName(i), n, maxShortText)
		}
	}
	return finals(func(_ *exchange, where string, r *redirectv1.FinalResponse) error {
		if n := len(r.GetReasonPhrase()); n > maxShortText {
			return fmt.Errorf("%s.reason_phrase has %d bytes, more than %d", where, n, maxShortText)
		}
		return nil
	})(x)
}

// goodAdvance looks at the rule for all targets, and at those of each.
func goodAdvance(x *exchange) error {
	try := x.resp.GetTryTargets()
	if err := goodRule("try_targets.advance", try.GetAdvance()); err != nil {
		return err
	}
	for i, t := range try.GetTargets() {
		if err := goodRule(targetName(i)+".advance", t.GetAdvance()); err != nil {
			return err
		}
	}
	return nil
}

func goodRule(where string, rule *redirectv1.AdvanceRule) error {
	if n := len(rule.GetStatuses()); n > maxRanges {
		return fmt.Errorf("%s.statuses: %d ranges, more than %d", where, n, maxRanges)
	}
	for i, r := range rule.GetStatuses() {
		if r.GetFirst() < 400 || r.GetLast() > 599 || r.GetFirst() > r.GetLast() {
			return fmt.Errorf("%s.statuses[%d]: %d to %d is no range within 400 to 599", where, i, r.GetFirst(), r.GetLast())
		}
	}
	return nil
}

func stayingExist(x *exchange) error {
	stay := x.resp.GetPassThrough().GetContactIndexes()
	if len(stay) > maxContacts {
		return fmt.Errorf("pass_through.contact_indexes: %d, more than %d", len(stay), maxContacts)
	}
	n := len(x.req.GetRedirect().GetContacts())
	for _, i := range stay {
		if isRedirect(x.req) && int(i) >= n {
			return fmt.Errorf("pass_through.contact_indexes: there is no contact %d, the 3xx has %d", i, n)
		}
	}
	return nil
}

func verdictsExist(x *exchange) error {
	verdicts := x.resp.GetExplanation().GetContacts()
	if len(verdicts) > maxContacts {
		return fmt.Errorf("explanation.contacts: %d, more than %d", len(verdicts), maxContacts)
	}
	for i, v := range verdicts {
		if v.GetContact() == nil {
			return fmt.Errorf("explanation.contacts[%d].contact is missing", i)
		}
		if err := refExists(x.req, v.GetContact()); err != nil {
			return fmt.Errorf("explanation.contacts[%d].contact: %w", i, err)
		}
	}
	return nil
}

// refExists looks for a contact. How many there were in an earlier 3xx the
// question does not say.
func refExists(req *redirectv1.DecideRequest, ref *redirectv1.ContactRef) error {
	attempts := req.GetAttempts()
	at, index := int(ref.GetAttempt()), int(ref.GetIndex())
	if at >= len(attempts) {
		return fmt.Errorf("there is no attempt %d, the call has %d (from 0)", at, len(attempts))
	}
	if s := attempts[at].GetResponse().GetStatus(); s < 300 || s > 399 {
		return fmt.Errorf("attempt %d got no 3xx", at)
	}
	n := maxContacts
	if at == len(attempts)-1 && isRedirect(req) {
		n = len(req.GetRedirect().GetContacts())
	}
	if index >= n {
		return fmt.Errorf("there is no contact %d, the 3xx of attempt %d has %d (from 0)", index, at, n)
	}
	return nil
}

func explainsItself(x *exchange) error {
	switch e := x.resp.GetExplanation(); {
	case e.GetRule() == "":
		return errors.New("explanation.rule is empty")
	case e.GetText() == "":
		return errors.New("explanation.text is empty")
	}
	return nil
}

// usesFeatures looks for what the edge cannot do.
func usesFeatures(x *exchange) error {
	features := x.req.GetEdge().GetFeatures()
	if len(features) == 0 {
		return nil
	}
	for _, u := range used(x.resp) {
		if !containsText(features, u.feature) {
			return fmt.Errorf("%s is used, the edge does not name the feature %q (only %s)", u.what, u.feature, strings.Join(features, ", "))
		}
	}
	return nil
}

// use is something that an answer needs of the edge.
type use struct{ feature, what string }

func used(resp *redirectv1.DecideResponse) (all []use) {
	add := func(yes bool, feature, what string) {
		if yes {
			all = append(all, use{feature, what})
		}
	}
	try, pass := resp.GetTryTargets(), resp.GetPassThrough()
	add(try.GetConsultOnFailure(), "consult_on_failure", "try_targets.consult_on_failure")
	for i, t := range try.GetTargets() {
		hop := t.GetNextHop()
		add(len(t.GetRoutes()) > 0, "routes", targetName(i)+".routes")
		add(hop == onward, onward, targetName(i)+".next_hop \"onward\"")
		add(hop != "" && hop != onward, "next_hop", targetName(i)+".next_hop")
		add(t.GetResponseTimeout() != nil, "timeouts", targetName(i)+".response_timeout")
		add(t.GetAnswerTimeout() != nil, "timeouts", targetName(i)+".answer_timeout")
		add(len(t.GetHeaderOps()) > 0, "header_ops", targetName(i)+".header_ops")
	}
	add(len(try.GetExhausted().GetHeaderOps()) > 0, "header_ops", "try_targets.exhausted.header_ops")
	add(len(resp.GetReject().GetHeaderOps()) > 0, "header_ops", "reject.header_ops")
	add(pass != nil, "pass_through", "pass_through")
	add(len(pass.GetHeaderOps()) > 0, "header_ops", "pass_through.header_ops")
	add(len(pass.GetContactIndexes()) > 0, "filtered_pass_through", "pass_through.contact_indexes")
	return all
}
