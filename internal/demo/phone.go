package demo

import "github.com/emiago/sipgo/sip"

// phone is a player that is called. It always gives the same answer.
type phone struct {
	*peer
	status int            // final status, 200 to 699
	lines  map[string]int // status by the user part of the Request-URI, where it differs
}

// handle says what the phone does with requests.
func (p *phone) handle() {
	p.server.OnInvite(p.ring)
	p.server.OnAck(func(*sip.Request, sip.ServerTransaction) {})
	p.server.OnBye(func(req *sip.Request, tx sip.ServerTransaction) {
		_ = tx.Respond(sip.NewResponseFromRequest(req, 200, "OK", nil))
	})
}

// ring answers an INVITE. What cannot be sent is missing on the socket, and
// found there.
func (p *phone) ring(req *sip.Request, tx sip.ServerTransaction) {
	status := p.status
	if own, ok := p.lines[req.Recipient.User]; ok {
		status = own
	}
	if status >= 300 {
		_ = tx.Respond(sip.NewResponseFromRequest(req, status, reasonPhrase(status), nil))
		return
	}
	ringing := sip.NewResponseFromRequest(req, 180, "Ringing", nil)
	answer := sip.NewResponseFromRequest(req, status, reasonPhrase(status), []byte(sdp))
	if tag, ok := answer.To().Params.Get("tag"); ok {
		ringing.To().Params.Add("tag", tag) // one dialog (12.1.1)
	}
	answer.AppendHeader(sip.NewHeader("Contact", p.contact(p.name)))
	answer.AppendHeader(sip.NewHeader("Content-Type", "application/sdp"))
	_ = tx.Respond(ringing)
	_ = tx.Respond(answer)
}

// reasonPhrase returns the standard phrase of the statuses that players use.
func reasonPhrase(status int) string {
	switch status {
	case 200:
		return "OK"
	case 300:
		return "Multiple Choices"
	case 301:
		return "Moved Permanently"
	case 302:
		return "Moved Temporarily"
	case 305:
		return "Use Proxy"
	case 380:
		return "Alternative Service"
	case 404:
		return "Not Found"
	case 486:
		return "Busy Here"
	case 503:
		return "Service Unavailable"
	}
	return "Redirection of an unknown kind"
}
