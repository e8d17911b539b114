package interop

import (
	"fmt"
	"strings"
)

// packet is a datagram with a SIP message, read only as far as a scripted
// server needs: SIPp and the edge fold nothing and abbreviate nothing.
type packet struct {
	method, uri      string
	vias, routes     []string // lines, as they came
	from, to, callID string
	cseq             string
}

func readPacket(b []byte) (packet, error) {
	head, _, _ := strings.Cut(string(b), "\r\n\r\n")
	lines := strings.Split(head, "\r\n")
	var p packet
	if n, err := fmt.Sscanf(lines[0], "%s %s SIP/2.0", &p.method, &p.uri); n != 2 {
		return p, fmt.Errorf("%q is no request: %w", lines[0], err)
	}
	for _, line := range lines[1:] {
		name, value, _ := strings.Cut(line, ": ")
		switch name {
		case "Via":
			p.vias = append(p.vias, line)
		case "Record-Route":
			p.routes = append(p.routes, line)
		case "From":
			p.from = value
		case "To":
			p.to = value
		case "Call-ID":
			p.callID = value
		case "CSeq":
			p.cseq = value
		}
	}
	if len(p.vias) == 0 || p.callID == "" || !strings.HasSuffix(p.cseq, " "+p.method) {
		return p, fmt.Errorf("%s has no Via, no Call-ID or the wrong CSeq:\n%s", p.method, b)
	}
	return p, nil
}

func (p *packet) branch() string { return param(p.vias[0], "branch") }

// user is the user part of the Request-URI.
func (p *packet) user() string {
	user, _, _ := strings.Cut(strings.TrimPrefix(p.uri, "sip:"), "@")
	return user
}

// response answers the request; tag is "" in a response to a request within a
// dialog and in a 100.
func (p *packet) response(status int, reason, tag string, headers ...string) []byte {
	lines := append([]string{fmt.Sprintf("SIP/2.0 %d %s", status, reason)}, p.vias...)
	if status > 100 && status < 300 {
		lines = append(lines, p.routes...)
	}
	to := p.to
	if tag != "" {
		to += ";tag=" + tag
	}
	lines = append(lines, "From: "+p.from, "To: "+to, "Call-ID: "+p.callID, "CSeq: "+p.cseq)
	lines = append(append(lines, headers...), "Content-Length: 0", "", "")
	return []byte(strings.Join(lines, "\r\n"))
}
