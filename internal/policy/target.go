package policy

import (
	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
	"github.com/redirectd/redirectd/internal/sipuri"
)

// identity is what makes a target itself: the pair of the Request-URI as it
// will be sent and the way there, its route set or next hop. It enters the
// target set of a call at most once (16.5).
type identity struct {
	uri sipuri.URI
	via []sipuri.URI
}

func identify(t *redirectv1.Target) identity {
	id := identity{uri: reading(t.GetUri())}
	for _, r := range t.GetRoutes() {
		id.via = append(id.via, reading(r))
	}
	if hop := t.GetNextHop(); hop != "" {
		id.via = append(id.via, reading(hop))
	}
	return id
}

// equal compares the Request-URI and the way by 19.1.4. A route and a next hop
// of the same URI are the same way: it differs only in who adds the Route.
func (a *identity) equal(b *identity) bool {
	if len(a.via) != len(b.via) || !sipuri.Equal(&a.uri, &b.uri) {
		return false
	}
	for i := range a.via {
		if !sipuri.Equal(&a.via[i], &b.via[i]) {
			return false
		}
	}
	return true
}

// reading returns a URI as it is sent. One that cannot be read has no scheme,
// and so is equal to the same text only.
func reading(text string) sipuri.URI {
	u, err := sipuri.Parse(text)
	if err != nil {
		return sipuri.URI{Text: text}
	}
	if sent := u.RequestURI(); sent != text {
		if u, err = sipuri.Parse(sent); err != nil {
			return sipuri.URI{Text: sent}
		}
	}
	return u
}
