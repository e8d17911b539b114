package sipcontract

import (
	"errors"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
	"github.com/redirectd/redirectd/internal/edge/message"
)

// Options are what the messages of a call do not say. The zero value is for a 3xx
// at no known time.
type Options struct {
	// Advice takes a response from 400 to 699 too: what a redirect server that is
	// nothing else had to say.
	Advice bool
	// AskedAt is when the request came, was sent on and is asked about. Zero: not
	// said.
	AskedAt time.Time
	// NextHop is where the request was sent. Empty: [DefaultNextHop], so that a contact
	// with the caller's own Request-URI is another target than the next hop was.
	NextHop string
}

// DefaultNextHop is a next hop that nobody has (RFC 6761 section 6.4).
const DefaultNextHop = "sip:next-hop.invalid"

// Question makes the first question about a call: the request went to the next hop,
// which answered with the response. Both are texts as [Split] takes them, of at
// most 64 KiB; of more than 64 contacts the rest is counted only. Without a
// request the call is what From, To, Call-ID and CSeq of the response say, with
// the URI of To as its Request-URI.
//
// The policy is shown all header fields of the request but those that Call has
// fields for, that are for the next hop only, or that hold credentials; an edge
// shows what it is configured to. Its Via says where the request came from. Trunk,
// profile, attributes and what the edge can do are for the caller to set.
//
// Errors are of type [*Error]. The question shares no memory with what was
// given. It is safe for concurrent use.
func Question(request, response []byte, o Options) (*redirectv1.DecideRequest, error) {
	answer, err := readResponse(response, o.Advice)
	if err != nil {
		return nil, in(InResponse, err)
	}
	asked := answer // what says who calls whom
	if len(request) > 0 {
		if asked, err = readRequest(request); err != nil {
			return nil, in(InRequest, err)
		}
		if err := checkPair(asked, answer); err != nil {
			return nil, in(InResponse, err)
		}
	}
	if o.NextHop == "" {
		o.NextHop = DefaultNextHop
	}
	call := readCall(asked)
	if !o.AskedAt.IsZero() {
		call.ReceivedAt = timestamppb.New(o.AskedAt)
	}
	shown := Response(answer, "", isShown)
	q := &redirectv1.DecideRequest{
		RequestId: "1",
		Call:      call,
		Attempts: []*redirectv1.Attempt{{
			Target:    &redirectv1.Target{Uri: call.GetRequestUri().GetText(), NextHop: o.NextHop},
			StartedAt: call.GetReceivedAt(),
			Outcome:   redirectv1.Outcome_OUTCOME_RESPONSE,
			Response:  shown,
		}},
		AskedAt: call.GetReceivedAt(),
	}
	if answer.Status() >= 400 {
		q.Event = &redirectv1.DecideRequest_Advice{Advice: &redirectv1.Advice{Response: shown}}
		return q, nil
	}
	event := &redirectv1.Redirect{Response: shown}
	event.Contacts, event.ContactsOmitted = Contacts(answer)
	q.Event = &redirectv1.DecideRequest_Redirect{Redirect: event}
	return q, nil
}

// in says which message an error is in.
func in(part string, err error) error {
	if e, ok := errors.AsType[*Error](err); ok {
		e.In = part
	}
	return err
}

func readRequest(text []byte) (*message.Message, error) {
	m, err := Parse(text)
	if err != nil {
		return nil, err
	}
	switch {
	case !m.IsRequest():
		return nil, errorAt(1, "this is a response, %d %s; want the request that it answers", m.Status(), clip(Text(m.ReasonPhrase())))
	case m.Method() == "ACK" || m.Method() == "CANCEL":
		return nil, errorAt(1, "%s is never redirected; want INVITE or another request", m.Method())
	}
	return m, nil
}

func readResponse(text []byte, advice bool) (*message.Message, error) {
	m, err := Parse(text)
	if err != nil {
		return nil, err
	}
	status := m.Status()
	switch {
	case m.IsRequest():
		return nil, errorAt(1, "this is a request, %s; want the response to it", clip(Text(m.Method())))
	case status < 300:
		return nil, errorAt(1, "%d is no redirect; want 300 to 399", status)
	case status >= 400 && !advice:
		return nil, &Error{Line: 1, Text: strconv.Itoa(status) + " is no redirect but an advice; want 300 to 399", err: ErrAdvice}
	}
	return m, nil
}

// checkPair refuses a response to another request (17.1.3, 8.1.3.3).
func checkPair(request, response *message.Message) error {
	cseq := func(m *message.Message) string {
		n, method := m.CSeq()
		return strconv.FormatUint(uint64(n), 10) + " " + method
	}
	for _, c := range [...]struct{ header, what, request, response string }{
		{"Call-ID", "Call-ID", request.CallID(), response.CallID()},
		{"CSeq", "CSeq", cseq(request), cseq(response)},
		{"From", "the tag of From", request.FromTag(), response.FromTag()},
	} {
		if c.request != c.response {
			return errorAt(lineOfHeader(response.Raw(), c.header), "%s is %q, that of the request %q: it answers another request",
				c.what, clip(c.response), clip(c.request))
		}
	}
	return nil
}

// readCall reads the call from its request, or from a response to it.
func readCall(m *message.Message) *redirectv1.Call {
	call := &redirectv1.Call{
		Method: Text(m.Method()),
		Caller: NameAddr(m.From()),
		Callee: NameAddr(m.To()),
		CallId: Text(m.CallID()),
	}
	if !m.IsRequest() {
		call.RequestUri = NameAddr(m.To())
		call.RequestUri.DisplayName = ""
		return call
	}
	call.RequestUri = URI(m.RequestURI(), "")
	call.SourceAddress, call.Transport = source(m.TopVia())
	for name, value := range m.Fields() {
		if isShown(name) {
			call.Headers = append(call.Headers, Header(name, value))
		}
	}
	return call
}

// notShown are header fields that tell a policy nothing that Call does not, or that
// are nobody's but the next hop's.
var notShown = []string{
	"Via", "From", "To", "Call-ID", "CSeq", "Max-Forwards", "Route", "Record-Route", "Content-Length",
	"Authorization", "Proxy-Authorization",
}

func isShown(name string) bool {
	return !slices.ContainsFunc(notShown, func(n string) bool { return strings.EqualFold(n, name) })
}

// defaultPorts are those of RFC 3261 section 19.1.2 and RFC 7118 section 5.
var defaultPorts = map[string]uint16{"udp": 5060, "tcp": 5060, "sctp": 5060, "tls": 5061, "ws": 80, "wss": 443}

// source returns the address and the transport that a request came from, as its Via
// has them (18.2.1, RFC 3581); no address if there is a name only.
func source(via message.Via) (address, transport string) {
	transport = strings.ToLower(Text(via.Transport))
	host, port := via.Received, via.Port
	if host == "" {
		host = via.Host
	}
	if via.RPort != 0 {
		port = via.RPort
	}
	if _, err := netip.ParseAddr(host); err != nil {
		return "", transport
	}
	if port == 0 {
		port = defaultPorts[transport]
	}
	return net.JoinHostPort(host, strconv.Itoa(int(port))), transport
}
