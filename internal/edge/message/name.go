package message

import "strings"

// headerID is a header field that the package acts on. It is an alias because
// no switch need name them all.
type headerID = uint8

const (
	idOther headerID = iota
	idVia
	idFrom
	idTo
	idCallID
	idCSeq
	idMaxForwards
	idContentLength
	idRoute
	idRecordRoute
	idContact

	idCount
)

var idNames = [idCount]string{
	idVia: "Via", idFrom: "From", idTo: "To", idCallID: "Call-ID", idCSeq: "CSeq",
	idMaxForwards: "Max-Forwards", idContentLength: "Content-Length",
	idRoute: "Route", idRecordRoute: "Record-Route", idContact: "Contact",
}

// idsByLength finds the candidates for a name without comparing with them all.
var idsByLength = [...][2]headerID{
	2: {idTo}, 3: {idVia}, 4: {idFrom, idCSeq}, 5: {idRoute}, 7: {idContact, idCallID},
	12: {idRecordRoute, idMaxForwards}, 14: {idContentLength},
}

// compactForms holds the long names of the compact forms (7.3.3 and the IANA
// registry of SIP header fields).
var compactForms = [...]string{
	'a': "Accept-Contact", 'b': "Referred-By", 'c': "Content-Type", 'd': "Request-Disposition",
	'e': "Content-Encoding", 'f': "From", 'i': "Call-ID", 'j': "Reject-Contact", 'k': "Supported",
	'l': "Content-Length", 'm': "Contact", 'n': "Identity-Info", 'o': "Event", 'r': "Refer-To",
	's': "Subject", 't': "To", 'u': "Allow-Events", 'v': "Via", 'x': "Session-Expires", 'y': "Identity",
}

// longName expands a compact form; another name stays as it is.
func longName(name string) string {
	if len(name) != 1 {
		return name
	}
	if c := int(name[0] | 0x20); c < len(compactForms) && compactForms[c] != "" {
		return compactForms[c]
	}
	return name
}

// identify returns the id of a name in any case, long or compact.
func identify(name string) headerID {
	name = longName(name)
	if len(name) >= len(idsByLength) {
		return idOther
	}
	for _, id := range idsByLength[len(name)] {
		if id != idOther && idNames[id][0]|0x20 == name[0]|0x20 && strings.EqualFold(name, idNames[id]) {
			return id
		}
	}
	return idOther
}

// headerName is a name to look for, prepared once.
type headerName struct {
	id   headerID
	long string
}

func nameOf(name string) headerName { return headerName{identify(name), longName(name)} }

// has reports whether f is a field of that name.
func (m *Message) has(f *field, n headerName) bool {
	if f.id != idOther || n.id != idOther {
		return f.id == n.id
	}
	return strings.EqualFold(longName(m.name(f)), n.long)
}

// isToken reports whether s is a token of section 25.1.
func isToken(s string) bool {
	for i := range len(s) {
		if !tokenChar[s[i]] {
			return false
		}
	}
	return s != ""
}

var tokenChar = func() (t [256]bool) {
	for _, c := range []byte("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.!%*_+`'~") {
		t[c] = true
	}
	return t
}()
