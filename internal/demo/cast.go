package demo

// member is a player as it is introduced.
type member struct {
	name, about string
	plays       func(*network, *peer) // says what it does with requests; nil: it calls
}

// cast are all players but the edges and redirectd, in the order of columns.
var cast = []member{
	{name: "alice", about: "a phone; makes every call"},
	{name: "north", about: "a redirect server; every call goes there first", plays: redirects("north")},
	{name: "south", about: "another redirect server", plays: redirects("south")},
	{name: "bob", about: "a phone; always busy: 486", plays: answers(486, nil)},
	{name: "carol", about: "a phone; out of order: 503", plays: answers(503, nil)},
	{name: "dave", about: "a phone; answers", plays: answers(200, nil)},
	{name: "proxy", about: "a proxy's address; answers for whomever is called", plays: answers(200, nil)},
	{name: "lines", about: "a switchboard of twelve lines: 503, but line4 is busy", plays: answers(503, map[string]int{"line4": 486})},
}

func answers(status int, lines map[string]int) func(*network, *peer) {
	return func(_ *network, p *peer) {
		ph := &phone{peer: p, status: status, lines: lines}
		ph.handle()
	}
}

// redirects gives a redirect server the answers that the rows say.
func redirects(name string) func(*network, *peer) {
	return func(n *network, p *peer) {
		s := &redirectServer{peer: p, redirects: map[string]redirect{}}
		for i := range table {
			r, ok := table[i].answers[name]
			if !ok {
				continue
			}
			expanded := redirect{status: r.status}
			for _, contact := range r.contacts {
				expanded.contacts = append(expanded.contacts, n.expand(contact))
			}
			s.redirects[table[i].dial] = expanded
		}
		s.handle()
	}
}

// column returns the place of a player among the columns of a ladder.
func column(name string) int {
	for i, member := range cast {
		if member.name == name {
			if i == 0 {
				return 0
			}
			return i + 1 // the edge stands beside the caller
		}
	}
	return 1
}
