package edge

import (
	"strings"
	"time"

	"google.golang.org/protobuf/proto"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
	"github.com/redirectd/redirectd/internal/edge/message"
	"github.com/redirectd/redirectd/internal/sipuri"
)

// Bounds of what is kept of challenges: how many values of one call, and bytes of
// them; how many credentials a call may send to targets; and the size of the
// attempts that are remembered of a call, beyond which there are none.
const (
	maxChallenges     = 16
	maxChallengeBytes = 16 << 10
	maxGrants         = 16
	maxEarlierBytes   = 256 << 10
)

// challenge is one WWW-Authenticate or Proxy-Authenticate value that a target
// answered with.
type challenge struct {
	header  message.Header
	target  *target
	relayed bool // it went upstream
}

func isChallenge(status int) bool { return status == 401 || status == 407 }

// challengeName returns the long name of a header field that holds a challenge,
// "" for any other. Such a field has one value: its commas are those of the
// challenge (7.3.1).
func challengeName(name string) string {
	for _, n := range [...]string{"WWW-Authenticate", "Proxy-Authenticate"} {
		if strings.EqualFold(n, name) {
			return n
		}
	}
	return ""
}

// challenged keeps the challenges of a response, in case another one is the best
// (16.7 step 7).
func (rc *responseContext) challenged(b *branch, m *message.Message) {
	if rc.final || m == nil || !isChallenge(m.Status()) {
		return
	}
	size := 0
	for _, c := range rc.challenges {
		size += len(c.header.Value)
	}
	for name, value := range m.Fields() {
		long := challengeName(name)
		if long == "" {
			continue
		}
		if size += len(value); len(rc.challenges) == maxChallenges || size > maxChallengeBytes {
			rc.edge.log.Info("challenges dropped", "call_id", rc.callID, "target", b.target.String(),
				"limit", maxChallenges, "limit_bytes", maxChallengeBytes)
			return
		}
		rc.challenges = append(rc.challenges, challenge{
			header: message.Header{Name: long, Value: strings.Clone(value)}, target: b.target,
		})
	}
}

// otherChallenges returns what a received response is to carry upstream beyond
// its own: if it is a 401 or 407, the challenges of all others, in the order that
// they came (16.7 step 7). What a caller who has cancelled gets is no invitation
// to call again.
func (rc *responseContext) otherChallenges(m *message.Message) (added []message.Header) {
	if !isChallenge(m.Status()) || rc.cancelled {
		return nil
	}
	carried := make(map[message.Header]bool)
	for name, value := range m.Fields() {
		if long := challengeName(name); long != "" {
			carried[message.Header{Name: long, Value: value}] = true
		}
	}
	size := len(m.Raw())
	for i := range rc.challenges {
		c := &rc.challenges[i]
		if !carried[c.header] {
			more := len(c.header.Name) + len(c.header.Value) + len(": \r\n")
			if size+more > message.MaxSize {
				continue
			}
			size += more
			added = append(added, c.header)
			carried[c.header] = true
		}
		c.relayed = true
	}
	return added
}

// callKey is a call over all its requests, as its caller numbers them: Call-ID,
// From tag, and who sent it. Another peer has no part in it.
type callKey struct{ peer, callID, fromTag string }

// challengedCall is what is remembered of a request that ended with 401 or 407.
// It is never changed.
type challengedCall struct {
	grants   []grant
	attempts []*redirectv1.Attempt
}

// grant says that a target has asked for the caller's credentials of a realm, and
// the caller was told.
type grant struct {
	target *target
	realm  string
	ends   time.Time
}

// unchallenged is the previous request that a call does not have.
var unchallenged = &challengedCall{}

func (rc *responseContext) callKey() callKey {
	peer := identity(rc.in.trunk, rc.source.Addr())
	// A tag is compared without regard to case (7.3.1).
	return callKey{peer, rc.callID, strings.Clone(strings.ToLower(rc.request.FromTag()))}
}

// previous returns what is remembered of the call's previous request. It is
// looked up once: what a call knows does not change under it.
func (rc *responseContext) previous() *challengedCall {
	if rc.previousCall != nil {
		return rc.previousCall
	}
	rc.previousCall = unchallenged
	if rc.in.inDialog {
		return rc.previousCall
	}
	if call, ok := rc.edge.challengedCalls.get(rc.callKey(), rc.edge.now()); ok {
		rc.previousCall = call
	}
	return rc.previousCall
}

// rememberChallenge remembers a request that ends with 401 or 407: its attempts,
// and who challenged it.
func (rc *responseContext) rememberChallenge(status int) {
	if !isChallenge(status) || rc.in.inDialog {
		return
	}
	now := rc.edge.now()
	key := rc.callKey()
	call := &challengedCall{grants: rc.grants(now)}
	size := len(key.peer) + len(key.callID) + len(key.fromTag) + 1024
	for _, g := range call.grants {
		size += len(g.realm) + len(g.target.proto.GetUri()) + 512
	}
	attempts := 0
	for _, a := range rc.attempts {
		attempts += proto.Size(a)
	}
	if attempts > maxEarlierBytes {
		attempts = 0
	} else {
		call.attempts = detached(rc.attempts)
	}
	rc.edge.challengedCalls.put(key, call, size+attempts, now)
}

// detached copies attempts for longer than their call: their strings are pieces of
// messages, which a few bytes would keep in memory.
func detached(attempts []*redirectv1.Attempt) []*redirectv1.Attempt {
	copies := make([]*redirectv1.Attempt, 0, len(attempts))
	for _, a := range attempts {
		var c redirectv1.Attempt
		b, err := proto.Marshal(a)
		if err == nil {
			err = proto.Unmarshal(b, &c)
		}
		if err != nil { // of bytes that are our own it has no reason to be
			return nil
		}
		copies = append(copies, &c)
	}
	return copies
}

// grants returns what the targets of a call may be sent from now on. The first
// target needs none: it gets all there is.
func (rc *responseContext) grants(now time.Time) (grants []grant) {
	for _, c := range rc.challenges {
		realm, ok := realmOf(c.header.Value)
		if ok && c.relayed && c.target.depth > 0 {
			grants = append(grants, grant{c.target.place(), realm, now.Add(rc.edge.cfg.Timers.Timeout())})
		}
	}
	for _, g := range rc.previous().grants {
		if now.Before(g.ends) && len(grants) < maxGrants {
			grants = append(grants, g)
		}
	}
	return grants
}

// place returns what makes a target equal to another, without the call it was of
// and the messages that its texts are pieces of.
func (t *target) place() *target {
	p := &target{uri: detachedURI(&t.uri), nextHop: detachedURI(&t.nextHop), proto: &redirectv1.Target{Uri: strings.Clone(t.proto.GetUri())}}
	for i := range t.routes {
		p.routes = append(p.routes, detachedURI(&t.routes[i]))
	}
	return p
}

func detachedURI(uri *sipuri.URI) sipuri.URI {
	copied, _ := sipuri.Parse(strings.Clone(uri.Text)) // it was parsed before; none stays none
	return copied
}
