package next

import (
	"bytes"
	"time"

	"google.golang.org/protobuf/encoding/protodelim"
	"google.golang.org/protobuf/proto"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
)

// state is what is known of a call between two questions, in the contract's own
// messages: a token is the two of them, one after the other.
type state struct {
	// The question that would be put next: the call, all attempts, of which the last
	// one is under way, and the policy's own state.
	req *redirectv1.DecideRequest
	// The decision in force, with the targets that are left.
	decision *redirectv1.TryTargets
}

func (s *state) token(sealer *Sealer, now time.Time) (string, error) {
	req := proto.CloneOf(s.req)
	req.Event, req.Remaining = nil, nil
	var b bytes.Buffer
	for _, m := range []proto.Message{req, s.decision} {
		if _, err := protodelim.MarshalTo(&b, m); err != nil {
			return "", err
		}
	}
	return sealer.seal(b.Bytes(), now.Add(TokenLife))
}

func stateOf(token string, sealer *Sealer, now time.Time) (*state, error) {
	content, err := sealer.open(token, now)
	if err != nil {
		return nil, err
	}
	s := &state{req: &redirectv1.DecideRequest{}, decision: &redirectv1.TryTargets{}}
	r := bytes.NewReader(content)
	for _, m := range []proto.Message{s.req, s.decision} {
		if err := protodelim.UnmarshalFrom(r, m); err != nil {
			return nil, errForeign // it was signed, by a program that has other ideas of a token
		}
	}
	if len(s.req.GetAttempts()) == 0 {
		return nil, errForeign
	}
	return s, nil
}
