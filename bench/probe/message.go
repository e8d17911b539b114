package probe

import (
	"bytes"
	"cmp"
	"fmt"
	"net/netip"
	"os"
	"regexp"
	"slices"
	"strconv"

	"github.com/redirectd/redirectd/bench/responder"
)

// head is what all requests of a call begin with.
func (p *probe) head(method, uri string, id int, branch string) string {
	return fmt.Sprintf("%s %s SIP/2.0\r\nVia: SIP/2.0/UDP %s;branch=z9hG4bKp%d-%d-%s\r\nFrom: <sip:p@%s>;tag=p%d\r\nCall-ID: p%d-%d@127.0.0.1\r\nMax-Forwards: 70\r\n",
		method, uri, p.local, os.Getpid(), id, branch, p.local, id, os.Getpid(), id)
}

// invite is as large as that of the load.
func (p *probe) invite(id, attempt int, uri string) []byte {
	return fmt.Appendf(nil, "%sTo: <sip:%s@%s;user=phone>\r\nCSeq: 1 INVITE\r\nContact: <sip:p@%s>\r\n"+
		"Allow: INVITE, ACK, CANCEL, BYE, OPTIONS, UPDATE, PRACK\r\nSupported: timer, replaces\r\nP-Asserted-Identity: <sip:+15557650000@127.0.0.1>\r\n"+
		"User-Agent: probe\r\nContent-Type: application/sdp\r\nContent-Length: %d\r\n\r\n%s",
		p.head("INVITE", uri, id, "I"+strconv.Itoa(attempt)), p.o.Number, p.o.Server, p.local, len(responder.SDP), responder.SDP)
}

// inDialog is an ACK or a BYE for a 200, straight to the target.
func (p *probe) inDialog(method string, cseq, id int, answer []byte) []byte {
	_, to, _ := bytes.Cut(answer, []byte("\r\nTo: "))
	to, _, _ = bytes.Cut(to, []byte("\r"))
	return fmt.Appendf(nil, "%sTo: %s\r\nCSeq: %d %s\r\nContent-Length: 0\r\n\r\n",
		p.head(method, "sip:s@"+p.o.Target.String(), id, method), to, cseq, method)
}

// target is a contact of a 3xx.
type target struct {
	uri     string
	address netip.AddrPort
	q       float64
}

var contact = regexp.MustCompile(`<(sip:[^@>]+@([0-9.:]+)[^>]*)>(?:;q=([0-9.]+))?`)

// contacts are those of a 3xx, by q. It is the responder's own, so it has one form.
func contacts(m []byte) (all []target) {
	for line := range bytes.SplitSeq(m, []byte("\r\n")) {
		if !bytes.HasPrefix(line, []byte("Contact: ")) {
			continue
		}
		for _, match := range contact.FindAllSubmatch(line, -1) {
			address, err := netip.ParseAddrPort(string(match[2]))
			if err != nil {
				continue
			}
			q := 1.0
			if len(match[3]) > 0 {
				q, _ = strconv.ParseFloat(string(match[3]), 64) // 0: tried last
			}
			all = append(all, target{string(match[1]), address, q})
		}
	}
	slices.SortStableFunc(all, func(a, b target) int { return cmp.Compare(b.q, a.q) })
	return all
}
