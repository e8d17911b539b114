package message

import "net/netip"

// Edit collects a proxy's changes to a message and builds the new one; all of
// them are relative to the message as received, which is never changed. It is
// for messages that [Message.Parse] took without an error, and for one
// goroutine. Slices given to it must not change before [Edit.Bytes].
//
// A CR, LF or NUL in a value given to it becomes a space, so that no value can
// end its header field.
type Edit struct {
	m *Message

	uri           string
	hasURI        bool
	maxForwards   int
	setMF         bool
	popVia        int
	popRoutes     int
	src           netip.AddrPort
	routes        []string
	setRoutes     bool
	contacts      []int
	keepContacts  bool
	contentLength bool
	removes       bool

	few  [6]change // as many as forwarding needs without allocating
	n    int
	more []change
}

// change is an edit that can be made any number of times.
type change struct {
	kind  changeKind
	name  headerName
	value string
	drop  func(value string) bool // of changeRemove: which ones; nil is all
	after int                     // of changeAdd: the last field of that name, -1 if there is none
}

type changeKind uint8

const (
	changeVia changeKind = iota + 1
	changeRecordRoute
	changeRemove
	changeAdd
)

// Edit starts changing a copy of the message. It allocates nothing if the
// result stays where it was made.
func (m *Message) Edit() *Edit { return &Edit{m: m} }

// SetRequestURI replaces the Request-URI (16.6 step 2).
func (e *Edit) SetRequestURI(uri string) { e.uri, e.hasURI = uri, true }

// SetMaxForwards replaces the value of Max-Forwards, or adds it (16.6 step 3).
func (e *Edit) SetMaxForwards(n int) { e.maxForwards, e.setMF = n, true }

// PushVia puts a Via on top of the others, such as
// "SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK..." (16.6 step 8).
func (e *Edit) PushVia(value string) { e.change(change{kind: changeVia, value: value}) }

// PopVia removes the topmost Via value (16.7 step 3); called twice, two of them.
func (e *Edit) PopVia() { e.popVia++ }

// MarkReceived notes in the topmost Via value that the request came from src:
// received if the host in sent-by is not that address (18.2.1), or if there is
// an rport, which then gets src's port (RFC 3581 section 4). A received or a
// value of rport that the peer put there itself is replaced.
func (e *Edit) MarkReceived(src netip.AddrPort) { e.src = src }

// PushRecordRoute puts value, "<sip:...;lr>", before the first Record-Route
// (16.6 step 4). Of two, the one pushed last is above.
func (e *Edit) PushRecordRoute(value string) {
	e.change(change{kind: changeRecordRoute, value: value})
}

// PopRoutes removes the first n Route values, or as many as there are (16.4).
func (e *Edit) PopRoutes(n int) { e.popRoutes += n }

// SetRoutes replaces all Route header fields by one with these URIs, each in
// angle brackets; without any, it removes them.
func (e *Edit) SetRoutes(uris []string) { e.routes, e.setRoutes = uris, true }

// Remove removes all received header fields of that name, in any case, the
// compact form too.
func (e *Edit) Remove(name string) {
	e.change(change{kind: changeRemove, name: nameOf(name)})
	e.removes = true
}

// RemoveIf removes the received header fields of that name whose unfolded value
// drop accepts. It may be called more than once for a field.
func (e *Edit) RemoveIf(name string, drop func(value string) bool) {
	e.change(change{kind: changeRemove, name: nameOf(name), drop: drop})
	e.removes = true
}

// Add adds a header field after those of the same name, or at the end. After
// Remove of that name it takes the place of what was removed.
func (e *Edit) Add(name, value string) {
	c := change{kind: changeAdd, name: nameOf(name), value: value, after: -1}
	for i := len(e.m.fields) - 1; i >= 0; i-- {
		if e.m.has(&e.m.fields[i], c.name) {
			c.after = i
			break
		}
	}
	e.change(c)
}

// KeepContacts removes all Contact values but those with the given indexes, as
// counted by [Message.Contacts].
func (e *Edit) KeepContacts(indexes []int) { e.contacts, e.keepContacts = indexes, true }

// EnsureContentLength adds Content-Length if it is absent (16.6 step 9).
func (e *Edit) EnsureContentLength() { e.contentLength = true }

func (e *Edit) change(c change) {
	if e.n < len(e.few) {
		e.few[e.n] = c
	} else {
		e.more = append(e.more, c)
	}
	e.n++
}

func (e *Edit) at(i int) *change {
	if i < len(e.few) {
		return &e.few[i]
	}
	return &e.more[i-len(e.few)]
}

// removed reports whether f is a field that Remove named.
func (e *Edit) removed(f *field) bool {
	if !e.removes {
		return false
	}
	for i := range e.n {
		if c := e.at(i); c.kind == changeRemove && e.m.has(f, c.name) && (c.drop == nil || c.drop(e.m.value(f))) {
			return true
		}
	}
	return false
}
