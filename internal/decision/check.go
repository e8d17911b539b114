// Package decision is what a decision of a policy means to whoever acts on it: an
// edge, and the server of clients that only ask what comes next. It says whether an
// answer is a decision at all, which failures go on to the next target, what becomes
// of the header fields, and which response is best. Section numbers are those of
// RFC 3261.
package decision

import (
	"errors"
	"fmt"
	"strings"

	"google.golang.org/protobuf/proto"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
)

// The bounds of the contract.
const (
	maxTargets      = 64
	maxContacts     = 64
	maxRoutes       = 8
	maxHeaderOps    = 64
	maxAnswer       = 64 << 10
	maxHeaderValue  = 8 << 10
	maxShortText    = 256
	maxStatusRanges = 64
)

// MaxPolicyState is how long policy_state may be, in bytes.
const MaxPolicyState = 4 << 10

var errNoAction = errors.New("action is unset or unknown: want try_targets, reject or pass_through")

// Check says why an answer to a request of that method is no decision (see the
// head of the contract). What it lets through may still name bad targets: those are
// refused one by one.
func Check(d *redirectv1.DecideResponse, method string) error {
	if d == nil {
		return errors.New("answer is empty")
	}
	if n := proto.Size(d); n > maxAnswer {
		return fmt.Errorf("answer has %d bytes, more than %d", n, maxAnswer)
	}
	if n := len(d.GetPolicyState()); n > MaxPolicyState {
		return fmt.Errorf("policy_state has %d bytes, more than %d", n, MaxPolicyState)
	}
	if err := checkExplanation(d.GetExplanation()); err != nil {
		return err
	}
	switch a := d.GetAction().(type) {
	case *redirectv1.DecideResponse_TryTargets:
		return checkTryTargets(a.TryTargets, method)
	case *redirectv1.DecideResponse_Reject:
		return checkFinal("reject", a.Reject, method)
	case *redirectv1.DecideResponse_PassThrough:
		if n := len(a.PassThrough.GetContactIndexes()); n > maxContacts {
			return fmt.Errorf("pass_through.contact_indexes: %d, more than %d", n, maxContacts)
		}
		return checkOps("pass_through", a.PassThrough.GetHeaderOps())
	}
	return errNoAction
}

func checkTryTargets(t *redirectv1.TryTargets, method string) error {
	if n := len(t.GetTargets()); n == 0 || n > maxTargets {
		return fmt.Errorf("try_targets.targets: %d is out of range (1 to %d)", n, maxTargets)
	}
	if t.GetExhausted() != nil {
		if err := checkFinal("try_targets.exhausted", t.GetExhausted(), method); err != nil {
			return err
		}
	}
	if n := len(t.GetAdvance().GetStatuses()); n > maxStatusRanges {
		return fmt.Errorf("try_targets.advance.statuses: %d, more than %d", n, maxStatusRanges)
	}
	for i, target := range t.GetTargets() {
		if target == nil {
			return fmt.Errorf("try_targets.targets[%d] is nil", i)
		}
		if err := checkTarget(target); err != nil {
			return fmt.Errorf("try_targets.targets[%d]: %w", i, err)
		}
	}
	return nil
}

func checkTarget(t *redirectv1.Target) error {
	if n := len(t.GetRoutes()); n > maxRoutes {
		return fmt.Errorf("routes: %d, more than %d", n, maxRoutes)
	}
	if n := len(t.GetAdvance().GetStatuses()); n > maxStatusRanges {
		return fmt.Errorf("advance.statuses: %d, more than %d", n, maxStatusRanges)
	}
	if len(t.GetLabel()) > maxShortText {
		return fmt.Errorf("label has %d bytes, more than %d", len(t.GetLabel()), maxShortText)
	}
	texts := append([]string{t.GetUri(), t.GetNextHop(), t.GetLabel()}, t.GetRoutes()...)
	if err := checkTexts(texts...); err != nil {
		return err
	}
	return checkOps("header_ops", t.GetHeaderOps())
}

func checkFinal(where string, r *redirectv1.FinalResponse, method string) error {
	status := r.GetStatus()
	if status < 400 || status > 699 {
		return fmt.Errorf("%s.status: %d is out of range (400 to 699)", where, status)
	}
	if status == 408 && method != "INVITE" {
		return fmt.Errorf("%s.status: 408 is no answer to %s (RFC 4320)", where, method)
	}
	if n := len(r.GetReasonPhrase()); n > maxShortText {
		return fmt.Errorf("%s.reason_phrase has %d bytes, more than %d", where, n, maxShortText)
	}
	if err := checkTexts(r.GetReasonPhrase()); err != nil {
		return fmt.Errorf("%s.reason_phrase: %w", where, err)
	}
	return checkOps(where, r.GetHeaderOps())
}

func checkOps(where string, ops []*redirectv1.HeaderOp) error {
	if len(ops) > maxHeaderOps {
		return fmt.Errorf("%s: %d header operations, more than %d", where, len(ops), maxHeaderOps)
	}
	for i, op := range ops {
		if err := checkOp(op); err != nil {
			return fmt.Errorf("%s: header operation %d: %w", where, i, err)
		}
	}
	return nil
}

func checkOp(op *redirectv1.HeaderOp) error {
	for _, h := range []*redirectv1.Header{op.GetAdd(), op.GetSet()} {
		if h == nil {
			continue
		}
		if n := max(len(h.GetValue()), len(h.GetRawValue())); n > maxHeaderValue {
			return fmt.Errorf("value has %d bytes, more than %d", n, maxHeaderValue)
		}
		if err := checkTexts(h.GetName(), h.GetValue(), string(h.GetRawValue())); err != nil {
			return err
		}
	}
	return checkTexts(op.GetRemove(), op.GetCopy().GetName(), op.GetCopy().GetRename())
}

func checkExplanation(x *redirectv1.Explanation) error {
	if err := checkTexts(x.GetRule(), x.GetText(), x.GetPolicyVersion(), x.GetConfigRevision()); err != nil {
		return fmt.Errorf("explanation: %w", err)
	}
	for i, c := range x.GetContacts() {
		if err := checkTexts(c.GetRule(), c.GetText()); err != nil {
			return fmt.Errorf("explanation.contacts[%d]: %w", i, err)
		}
	}
	return nil
}

// checkTexts refuses what could begin a new line of a message or of a log.
func checkTexts(texts ...string) error {
	for _, s := range texts {
		if i := strings.IndexAny(s, "\r\n\x00"); i >= 0 {
			return fmt.Errorf("%.64q has a CR, LF or NUL at byte %d", s, i)
		}
	}
	return nil
}
