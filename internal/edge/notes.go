package edge

import (
	"time"

	"google.golang.org/protobuf/proto"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
	"github.com/redirectd/redirectd/internal/callrecord"
	"github.com/redirectd/redirectd/internal/edge/message"
	"github.com/redirectd/redirectd/internal/edge/transaction"
)

// notes are what the record of a call needs and the call itself does not. They
// begin with the first redirect: a call that has none has no notes. A nil *notes
// takes everything and keeps nothing, for there is to be no record.
type notes struct {
	decisions []decisionNote
	launches  []launch                    // requests sent since the first redirect
	notAsked  map[int]callrecord.NotAsked // by attempt
	omitted   map[int]int                 // contacts beyond the 64th, by attempt
	late      map[int]*callrecord.LateResponse
	relayed   *int // the attempt whose response goes upstream; nil: none's
	explained int  // bytes of explanations that are kept
}

// launch says which attempt a branch is of.
type launch struct{ branch, attempt int }

// decisionNote is a question and what came of it.
type decisionNote struct {
	callrecord.Decision
	asked    time.Time
	over     bool // the question is answered, or nobody waits for the answer
	verdicts []*redirectv1.ContactVerdict
}

// maxExplained is how many bytes of explanations one call keeps for its record:
// what its first decisions say of each contact.
const maxExplained = 64 << 10

// beginNotes is called when a call is redirected, before that is asked about.
func (rc *responseContext) beginNotes() {
	if rc.notes == nil && rc.edge.records != nil {
		rc.notes = &notes{}
	}
}

// launched notes which attempt a new branch is of.
func (n *notes) launched(b *branch) {
	if n != nil {
		n.launches = append(n.launches, launch{b.n, b.attempt})
	}
}

// relays notes that a received response goes upstream. Branches from before the
// notes are of the first attempt.
func (n *notes) relays(m *message.Message) {
	if n == nil {
		return
	}
	n.relayed = new(int)
	_, branch, _ := transaction.ParseBranch(m.TopVia().Branch)
	for _, l := range n.launches {
		if l.branch == branch {
			*n.relayed = l.attempt
		}
	}
}

// omits notes how many contacts of a 3xx nobody looks at.
func (n *notes) omits(b *branch, contacts int) {
	if n == nil || contacts == 0 {
		return
	}
	if n.omitted == nil {
		n.omitted = make(map[int]int)
	}
	n.omitted[b.attempt] = contacts
}

// unasked notes why the policy is not asked about a 3xx.
func (n *notes) unasked(b *branch, why callrecord.NotAsked) {
	if n == nil {
		return
	}
	if n.notAsked == nil {
		n.notAsked = make(map[int]callrecord.NotAsked)
	}
	n.notAsked[b.attempt] = why
}

// noteUnasked notes that nobody is asked about a response, if it is a 3xx, and
// reads its contacts, which nobody else does.
func (rc *responseContext) noteUnasked(b *branch, m *message.Message, why callrecord.NotAsked) {
	if rc.notes == nil || m == nil || m.Status() < 300 || m.Status() >= 400 {
		return
	}
	rc.redirectProto(b, m)
	rc.notes.unasked(b, why)
}

// noteLate notes the first final response of a target that was given up.
func (rc *responseContext) noteLate(b *branch, m *message.Message) {
	n := rc.notes
	if n == nil || m == nil || n.late[b.attempt] != nil {
		return
	}
	if n.late == nil {
		n.late = make(map[int]*callrecord.LateResponse)
	}
	n.late[b.attempt] = &callrecord.LateResponse{
		Status: m.Status(), Reason: m.ReasonPhrase(), At: callrecord.At(rc.edge.now()),
	}
}

// noteQuestion begins the note of a decision.
func (rc *responseContext) noteQuestion(q *question) {
	n := rc.notes
	if n == nil {
		return
	}
	note := decisionNote{asked: rc.edge.now(), Decision: callrecord.Decision{
		N: len(n.decisions), Event: callrecord.EventRedirect, Attempt: len(rc.attempts) - 1,
		RequestID: q.request.GetRequestId(), Asked: callrecord.WhoRemote,
	}}
	note.AskedAt = callrecord.At(note.asked)
	switch {
	case q.isFailure():
		note.Event = callrecord.EventFailure
	case q.request.GetAdvice() != nil:
		note.Event = callrecord.EventAdvice
	}
	if p := &rc.edge.cfg.Policy; rc.edge.policy == nil || (p.Shadow != nil || p.Canary != nil) && IsEmbedded(p.Target) {
		note.Asked = callrecord.WhoEmbedded
	}
	n.decisions = append(n.decisions, note)
}

// last returns the note of the newest question, nil if there is none.
func (n *notes) last() *decisionNote {
	if n == nil || len(n.decisions) == 0 {
		return nil
	}
	return &n.decisions[len(n.decisions)-1]
}

// end notes that the newest question has been answered, or is given up.
func (rc *responseContext) end(d *decisionNote) {
	d.over = true
	d.DurationMS = callrecord.Milliseconds(rc.edge.now().Sub(d.asked))
}

func (rc *responseContext) noteAnswer(answer *redirectv1.DecideResponse) {
	if d := rc.notes.last(); d != nil {
		rc.end(d)
		d.Canary = rc.memory.Canary()
		rc.notes.answer(answer)
	}
}

func (rc *responseContext) noteNoDecision(reason, detail string) {
	if d := rc.notes.last(); d != nil {
		rc.end(d)
		d.NoDecision, d.Detail = callrecord.NoDecision(reason), detail
	}
}

// fallback notes what is done without a decision.
func (n *notes) fallback(f callrecord.Fallback) {
	if d := n.last(); d != nil {
		d.Fallback = f
	}
}

// answer notes what a policy has said.
func (n *notes) answer(answer *redirectv1.DecideResponse) {
	d := n.last()
	if d == nil {
		return
	}
	switch action := answer.GetAction().(type) {
	case *redirectv1.DecideResponse_TryTargets:
		d.Action, d.Targets = callrecord.ActionTryTargets, len(action.TryTargets.GetTargets())
	case *redirectv1.DecideResponse_Reject:
		d.Action, d.Status = callrecord.ActionReject, int(action.Reject.GetStatus())
	case *redirectv1.DecideResponse_PassThrough:
		d.Action = callrecord.ActionPassThrough
	}
	x := answer.GetExplanation()
	d.PolicyVersion, d.ConfigRevision = x.GetPolicyVersion(), x.GetConfigRevision()
	if n.explained += proto.Size(x); n.explained <= maxExplained {
		d.Rule, d.Text, d.verdicts = x.GetRule(), x.GetText(), x.GetContacts()
	}
}
