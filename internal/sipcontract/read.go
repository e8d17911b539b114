package sipcontract

import (
	"strings"
	"unicode/utf8"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
	"github.com/redirectd/redirectd/internal/edge/message"
	"github.com/redirectd/redirectd/internal/sipuri"
)

// MaxContacts is how many contacts of a 3xx a policy is shown: the bound of the
// contract.
const MaxContacts = 64

// Contacts reads the first [MaxContacts] contacts of a response, and says how many
// more it has.
func Contacts(m *message.Message) (shown []*redirectv1.Contact, omitted uint32) {
	contacts, more := m.Contacts(MaxContacts)
	shown = make([]*redirectv1.Contact, 0, len(contacts))
	for i := range contacts {
		shown = append(shown, Contact(&contacts[i]))
	}
	return shown, uint32(more)
}

// Contact reads one value of the Contact header fields. One that can't be read is
// shown as it is: an index means the same to both sides.
func Contact(c *message.Contact) *redirectv1.Contact {
	if c.Err != nil {
		return &redirectv1.Contact{
			Uri: &redirectv1.SipUri{Text: URIText(c.Value)}, Unreadable: Text(c.Err.Error()),
		}
	}
	p := &redirectv1.Contact{Uri: readURI(&c.URI, c.NameAddr.Display)}
	if c.HasQ {
		p.QMilli = new(uint32(c.Q))
	}
	if c.HasExpires {
		p.ExpiresSeconds = new(c.Expires)
	}
	for _, param := range c.NameAddr.Params {
		if !strings.EqualFold(param.Name, "q") && !strings.EqualFold(param.Name, "expires") {
			p.Params = append(p.Params, &redirectv1.Param{Name: Text(param.Name), Value: Text(message.Unquote(param.Value))})
		}
	}
	return p
}

// Response shows a response: all header fields of a 3xx, of others those whose
// names are shown. The source is the address and port that it came from.
func Response(m *message.Message, source string, shown func(name string) bool) *redirectv1.SipResponse {
	r := &redirectv1.SipResponse{
		Status: uint32(m.Status()), ReasonPhrase: Text(m.ReasonPhrase()), SourceAddress: source,
	}
	all := m.Status() >= 300 && m.Status() < 400
	for name, value := range m.Fields() {
		if all || shown(name) {
			r.Headers = append(r.Headers, Header(name, value))
		}
	}
	return r
}

// Header shows one header field, with its exact bytes if they are not UTF-8.
func Header(name, value string) *redirectv1.Header {
	h := &redirectv1.Header{Name: Text(name), Value: value}
	if !utf8.ValidString(value) {
		h.Value, h.RawValue = Text(value), []byte(value)
	}
	return h
}

// NameAddr reads the value of From or To; one that can't be read is all text.
func NameAddr(value string) *redirectv1.SipUri {
	n, err := message.ParseNameAddr(value)
	if err != nil {
		return &redirectv1.SipUri{Text: URIText(value)}
	}
	return URI(n.URI, n.Display)
}

// URI reads a URI; one that can't be read is all text.
func URI(text, display string) *redirectv1.SipUri {
	uri, err := sipuri.Parse(text)
	if err != nil {
		return &redirectv1.SipUri{Text: URIText(text), DisplayName: Text(display)}
	}
	return readURI(&uri, display)
}

func readURI(uri *sipuri.URI, display string) *redirectv1.SipUri {
	p := &redirectv1.SipUri{
		Text: URIText(uri.Text), Scheme: uri.Scheme, User: Text(sipuri.Unescape(uri.User)),
		Host: Text(uri.Host), Port: uint32(uri.Port), DisplayName: Text(display),
	}
	for _, of := range uri.Params {
		p.Params = append(p.Params, param(of))
	}
	for _, of := range uri.Headers {
		p.Headers = append(p.Headers, param(of))
	}
	return p
}

func param(p sipuri.Param) *redirectv1.Param {
	return &redirectv1.Param{Name: Text(sipuri.Unescape(p.Name)), Value: Text(sipuri.Unescape(p.Value))}
}

// Text is what protobuf can carry. As all strings of a question it may be a
// piece of a message: whoever keeps it keeps that.
func Text(s string) string { return strings.ToValidUTF8(s, "\uFFFD") }

// URIText is a URI in which bytes that are not UTF-8 are escaped: the same
// URI (19.1.4).
func URIText(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	for len(s) > 0 {
		r, n := utf8.DecodeRuneInString(s)
		if r == utf8.RuneError && n == 1 {
			b.WriteByte('%')
			b.WriteByte(hex[s[0]>>4])
			b.WriteByte(hex[s[0]&15])
		} else {
			b.WriteString(s[:n])
		}
		s = s[n:]
	}
	return b.String()
}
