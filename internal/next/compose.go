package next

import (
	"fmt"
	"slices"
	"strings"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
	"github.com/redirectd/redirectd/internal/edge/message"
	"github.com/redirectd/redirectd/internal/sipcontract"
)

// maxContacts is how many contacts a client may list: the bound of the contract.
const maxContacts = 64

// frame are the header fields that stand for those that a client has no text of.
type frame struct{ from, to, callID, cseq string }

// messages returns the texts of the first question, made of the single fields where
// the client has none.
func (q *Question) messages() (invite, response string, composed bool, err error) {
	f := frame{"<sip:anonymous@anonymous.invalid>;tag=1", q.To, q.CallID, "1 INVITE"}
	switch {
	case q.Response != "" && q.Status != 0:
		return "", "", false, &Error{"status", "the response says it already: leave one of the two out"}
	case q.Invite != "":
		if f, err = frameOf(q.Invite); err != nil {
			return "", "", false, err
		}
		invite = q.Invite
	case q.URI != "":
		if f, err = q.frame(f); err != nil {
			return "", "", false, err
		}
		invite = "INVITE " + q.URI + " SIP/2.0\r\n" + f.String() + "\r\n"
	case q.Response == "":
		return "", "", false, &Error{"invite", "it is missing: the request that was redirected, as text, or its uri"}
	}
	if q.Response != "" {
		return invite, q.Response, false, nil
	}
	if q.Status == 0 {
		return "", "", false, &Error{"response", "it is missing: the 3xx as text, or its status and contacts"}
	}
	response, err = q.compose(f)
	return invite, response, true, err
}

// frameOf reads the frame of a request, so that a response made up belongs to it.
func frameOf(invite string) (frame, error) {
	m, err := sipcontract.Parse([]byte(invite))
	if err != nil {
		return frame{}, aboutText(sipcontract.InRequest, err)
	}
	number, method := m.CSeq()
	return frame{m.From(), m.To(), m.CallID(), fmt.Sprintf("%d %s", number, method)}, nil
}

// frame fills a frame from single fields.
func (q *Question) frame(f frame) (frame, error) {
	for field, text := range map[string]string{"uri": q.URI, "from": q.From, "to": q.To, "call_id": q.CallID} {
		if err := oneLine(field, text); err != nil {
			return f, err
		}
	}
	if strings.ContainsAny(q.URI, " \t<>\"") {
		return f, &Error{"uri", fmt.Sprintf("%.64q is no URI; want sip:user@host, without brackets", q.URI)}
	}
	if q.From != "" {
		f.from = q.From
		if !strings.Contains(strings.ToLower(q.From), ";tag=") {
			f.from += ";tag=1"
		}
	}
	if f.to == "" {
		f.to = "<" + q.URI + ">"
	}
	if f.callID == "" {
		f.callID = requestID() + "@anonymous.invalid"
	}
	return f, nil
}

func (f frame) String() string {
	return "Via: SIP/2.0/UDP client.invalid;branch=z9hG4bK1\r\nFrom: " + f.from + "\r\nTo: " + f.to +
		"\r\nCall-ID: " + f.callID + "\r\nCSeq: " + f.cseq + "\r\nContent-Length: 0\r\n"
}

// compose makes the text of a response that a client knows the status of.
func (q *Question) compose(f frame) (string, error) {
	if q.Status < 300 || q.Status > 699 {
		return "", &Error{"status", fmt.Sprintf("%d is out of range (300 to 699)", q.Status)}
	}
	if err := oneLine("reason", q.Reason); err != nil {
		return "", err
	}
	if len(q.Contacts) > maxContacts {
		return "", &Error{"contacts", fmt.Sprintf("%d are more than %d", len(q.Contacts), maxContacts)}
	}
	reason := q.Reason
	if reason == "" {
		reason = message.ReasonPhrase(q.Status)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "SIP/2.0 %d %s\r\n%s", q.Status, reason, f)
	for i, c := range q.Contacts {
		if err := oneLine(fmt.Sprintf("contacts[%d]", i), c); err != nil {
			return "", err
		}
		b.WriteString("Contact: " + c + "\r\n")
	}
	b.WriteString("\r\n")
	return b.String(), nil
}

// oneLine refuses what would begin another header field.
func oneLine(field, text string) error {
	if i := strings.IndexAny(text, "\r\n\x00"); i >= 0 {
		return &Error{field, fmt.Sprintf("it has a CR, LF or NUL at byte %d", i)}
	}
	return nil
}

// onlyContacts takes out of a response what was only made up.
func onlyContacts(r *redirectv1.SipResponse) {
	r.Headers = slices.DeleteFunc(r.GetHeaders(), func(h *redirectv1.Header) bool {
		return !strings.EqualFold(h.GetName(), "Contact")
	})
}
