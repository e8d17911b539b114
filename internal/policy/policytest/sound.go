package policytest

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"google.golang.org/protobuf/proto"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
	"github.com/redirectd/redirectd/internal/sipuri"
)

// maxAnswer is the bound of the contract for an answer, in bytes.
const maxAnswer = 64 << 10

// Sound returns what the contract, or a rule that holds for every profile,
// forbids about an answer; nil if nothing.
func Sound(req *redirectv1.DecideRequest, resp *redirectv1.DecideResponse) error {
	if size := proto.Size(resp); size > maxAnswer {
		return fmt.Errorf("the answer has %d bytes, more than %d", size, maxAnswer)
	}
	if e := resp.GetExplanation(); e.GetRule() == "" || e.GetText() == "" {
		return fmt.Errorf("the decision does not explain itself: %v", e)
	}
	if n, want := len(resp.GetExplanation().GetContacts()), len(req.GetRedirect().GetContacts()); n != want {
		return fmt.Errorf("%d verdicts for %d contacts", n, want)
	}
	if err := cleanTexts(resp.GetExplanation()); err != nil {
		return err
	}
	switch action := resp.GetAction().(type) {
	case *redirectv1.DecideResponse_TryTargets:
		return soundTargets(req, action.TryTargets)
	case *redirectv1.DecideResponse_Reject:
		if action.Reject.GetStatus() == 408 && req.GetCall().GetMethod() == "INVITE" {
			return nil
		}
		return soundStatus(action.Reject.GetStatus())
	case *redirectv1.DecideResponse_PassThrough:
		return nil
	}
	return errors.New("no action")
}

func soundStatus(status uint32) error {
	if status < 400 || status > 699 || status == 408 {
		return fmt.Errorf("final status %d", status)
	}
	return nil
}

func soundTargets(req *redirectv1.DecideRequest, t *redirectv1.TryTargets) error {
	n := len(t.GetTargets())
	if n == 0 || n > 64 {
		return fmt.Errorf("%d targets", n)
	}
	if e := req.GetEdge(); e != nil && e.AttemptsLeft != nil && uint64(n) > uint64(e.GetAttemptsLeft()) {
		return fmt.Errorf("%d targets, the edge makes %d more attempts", n, e.GetAttemptsLeft())
	}
	var before []*redirectv1.Target
	for _, a := range req.GetAttempts() {
		before = append(before, a.GetTarget())
	}
	secure := isSIPS(req.GetCall().GetRequestUri().GetText())
	for _, target := range t.GetTargets() {
		if err := cleanTarget(target); err != nil && !remained(req, target) {
			return err
		}
		if secure && insecure(target) && target.GetNextHop() != "onward" { // the edge knows whether that is secure
			return fmt.Errorf("from SIPS to SIP: %v", target)
		}
		for _, other := range before {
			if same(target, other) {
				return fmt.Errorf("a target twice: %v and %v", target, other)
			}
		}
		before = append(before, target)
	}
	if t.GetExhausted() == nil && req.GetAdvice() != nil {
		return nil // what the own route says is the answer
	}
	return soundStatus(t.GetExhausted().GetStatus())
}

// same compares two targets anew, by their texts as they are sent.
func same(a, b *redirectv1.Target) bool {
	if a.GetNextHop() != b.GetNextHop() || len(a.GetRoutes()) != len(b.GetRoutes()) || !sameURI(a.GetUri(), b.GetUri()) {
		return false
	}
	for i, r := range a.GetRoutes() {
		if !sameURI(r, b.GetRoutes()[i]) {
			return false
		}
	}
	return true
}

func sameURI(a, b string) bool {
	x, errX := sipuri.Parse(a)
	y, errY := sipuri.Parse(b)
	if errX != nil || errY != nil {
		return a == b
	}
	return sipuri.Equal(&x, &y)
}

func isSIPS(uri string) bool {
	scheme, _, _ := strings.Cut(uri, ":")
	return strings.EqualFold(scheme, "sips")
}

func insecure(t *redirectv1.Target) bool {
	for _, uri := range append([]string{t.GetUri()}, t.GetRoutes()...) {
		if scheme, _, _ := strings.Cut(uri, ":"); strings.EqualFold(scheme, "sip") {
			return true
		}
	}
	return false
}

// cleanTexts: an answer with CR, LF or NUL anywhere is none.
func cleanTexts(e *redirectv1.Explanation) error {
	texts := []string{e.GetRule(), e.GetText()}
	for _, v := range e.GetContacts() {
		texts = append(texts, v.GetRule(), v.GetText())
		if v.GetVerdict() == redirectv1.ContactVerdict_VERDICT_UNSPECIFIED || v.GetRule() == "" || v.GetText() == "" {
			return fmt.Errorf("a contact without a verdict: %v", v)
		}
	}
	for _, s := range texts {
		if strings.ContainsAny(s, "\r\n\x00") {
			return fmt.Errorf("%q has CR, LF or NUL", s)
		}
	}
	return nil
}

// remained reports whether the question brought a target, with its texts.
func remained(req *redirectv1.DecideRequest, target *redirectv1.Target) bool {
	return slices.ContainsFunc(req.GetRemaining(), func(t *redirectv1.Target) bool { return t.GetUri() == target.GetUri() })
}

// cleanTarget: the same of what would go into a request.
func cleanTarget(t *redirectv1.Target) error {
	texts := append([]string{t.GetUri(), t.GetNextHop(), t.GetLabel()}, t.GetRoutes()...)
	for _, op := range t.GetHeaderOps() {
		texts = append(texts, op.GetAdd().GetName(), op.GetAdd().GetValue(), op.GetSet().GetName(), op.GetSet().GetValue(),
			op.GetRemove(), op.GetCopy().GetName(), op.GetCopy().GetRename())
	}
	for _, s := range texts {
		if strings.ContainsAny(s, "\r\n\x00") {
			return fmt.Errorf("%q has CR, LF or NUL", s)
		}
	}
	return nil
}
