package edge

import (
	"strings"

	"github.com/redirectd/redirectd/internal/edge/message"
)

// refusal is the final response to a request that is not served.
type refusal struct {
	status  int
	reason  string // empty: the standard phrase
	headers []message.Header
	silent  bool // it is not sent at all
}

// validate checks what a proxy must check before it forwards (16.3). The syntax
// has been checked; the scheme is the target's business (416, target.go).
func validate(m *message.Message) *refusal {
	if n, ok := m.MaxForwards(); ok && n == 0 { // step 3
		return &refusal{status: 483}
	}
	if breadth, ok := m.Header("Max-Breadth"); ok && strings.Trim(breadth, "0") == "" && breadth != "" { // RFC 5393 section 5.3.3
		return &refusal{status: 440}
	}
	if unknown := m.Values("Proxy-Require"); len(unknown) > 0 { // step 5: we have no extension
		return &refusal{status: 420, headers: []message.Header{
			{Name: "Unsupported", Value: strings.Join(unknown, ", ")},
		}}
	}
	return nil
}
