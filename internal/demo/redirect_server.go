package demo

import "github.com/emiago/sipgo/sip"

// redirect is what a redirect server answers.
type redirect struct {
	status   int      // 300 to 399
	contacts []string // values of Contact; {name} stands for the address of a player
}

// redirectServer is a player that answers every INVITE with a 3xx (8.3).
type redirectServer struct {
	*peer
	redirects map[string]redirect // by the user part of the Request-URI
}

func (s *redirectServer) handle() {
	s.server.OnInvite(s.answer)
	s.server.OnAck(func(*sip.Request, sip.ServerTransaction) {})
}

func (s *redirectServer) answer(req *sip.Request, tx sip.ServerTransaction) {
	r, ok := s.redirects[req.Recipient.User]
	if !ok {
		r = redirect{status: 404}
	}
	resp := sip.NewResponseFromRequest(req, r.status, reasonPhrase(r.status), nil)
	for _, contact := range r.contacts {
		resp.AppendHeader(sip.NewHeader("Contact", contact))
	}
	_ = tx.Respond(resp)
}
