package policy

import (
	"strconv"
	"strings"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
	"github.com/redirectd/redirectd/internal/sipuri"
)

// historyInfo returns the History-Info of a request that is retargeted (RFC 7044
// section 10): what the caller sent, the Request-URI that was redirected with its
// Reason, an entry for each target tried before, and one for this target. A
// retarget because of a response counts as one more branch of the fork (10.3).
func (d *decision) historyInfo(t *redirectv1.Target) []*redirectv1.HeaderOp {
	h := d.history()
	if h == nil {
		d.note("History-Info: what the caller sent, or a target before, cannot be read, so nothing is added")
		return nil
	}
	index := h.parent + "." + strconv.Itoa(h.branches+len(d.targets)+1)
	uri := reading(t.GetUri())
	from := int(d.eventAttempt())
	if ref := t.GetContact(); ref != nil && int(ref.GetAttempt()) < len(h.indexes) {
		from = int(ref.GetAttempt())
	}
	value := h.text + ", <" + withHeaders(&uri, h.privacy...) + ">;index=" + index + h.how(d, t, from)
	if err := checkHeaderValue(value); err != nil || uri.Scheme == "" {
		d.note("History-Info is not added: the value would be longer than 8 KiB, or has a control character")
		return nil
	}
	return []*redirectv1.HeaderOp{setOp(&redirectv1.Header{Name: "History-Info", Value: value})}
}

// renewHistory gives a target that remained the History-Info as it is now, with
// what was tried since.
func (d *decision) renewHistory(t *redirectv1.Target) {
	ops := t.GetHeaderOps()
	for i, op := range ops {
		if op.GetSet() != nil && strings.EqualFold(opName(op), "History-Info") {
			if now := d.historyInfo(t); len(now) == 1 {
				ops[i] = now[0]
			}
			return
		}
	}
}

// history is the History-Info of the call so far.
type history struct {
	text     string   // every entry
	parent   string   // index of the Request-URI that was redirected
	branches int      // how many targets were tried
	indexes  []string // of each attempt; empty for what was not sent
	privacy  []string // what each entry that is added carries
}

// history works it out once for a question; nil if the caller's cannot be read.
func (d *decision) history() *history {
	if d.historyDone {
		return d.historySoFar
	}
	d.historyDone = true
	received := splitEntries(d.call.GetHeaders())
	original := reading(d.call.GetRequestUri().GetText())
	if original.Scheme == "" {
		return nil
	}
	h := &history{parent: "1"}
	if d.hidesHistory() {
		h.privacy = []string{"Privacy=history"}
	}
	first := append([]string{reasonHeader(d.attempts[0])}, h.privacy...)
	if n := len(received); n > 0 {
		uri, params, ok := splitEntry(received[n-1])
		index := indexOf(params)
		if !ok || index == "" {
			return nil
		}
		last, err := sipuri.Parse(uri) // its "?headers" too
		if err != nil {
			return nil
		}
		bare := reading(last.RequestURI())
		if sipuri.Equal(&bare, &original) {
			h.parent = index
			received[n-1] = "<" + withHeaders(&last, first...) + ">" + params
		} else { // an element before did not add its own: the gap is a 0
			h.parent = index + ".0.1"
			received = append(received, "<"+withHeaders(&original, first...)+">;index="+h.parent)
		}
	} else {
		received = append(received, "<"+withHeaders(&original, first...)+">;index=1")
	}
	h.indexes = append(h.indexes, h.parent)
	for _, a := range d.attempts[1:] {
		if a.GetOutcome() == redirectv1.Outcome_OUTCOME_REFUSED {
			h.indexes = append(h.indexes, "")
			continue
		}
		h.branches++
		index := h.parent + "." + strconv.Itoa(h.branches)
		uri := reading(a.GetTarget().GetUri())
		if uri.Scheme == "" {
			return nil
		}
		entry := "<" + withHeaders(&uri, append([]string{reasonHeader(a)}, h.privacy...)...) + ">;index=" + index
		entry += h.how(d, a.GetTarget(), int(a.GetTarget().GetContact().GetAttempt()))
		h.indexes = append(h.indexes, index)
		received = append(received, entry)
	}
	h.text = strings.Join(received, ", ")
	d.historySoFar = h
	return h
}

// how says how a target came from the one that was redirected: what the redirect
// server said (8.3), otherwise mp for another user, rc for another place of the
// same, np for no change.
func (h *history) how(d *decision, t *redirectv1.Target, from int) string {
	if from >= len(h.indexes) || h.indexes[from] == "" {
		return ""
	}
	index := "=" + h.indexes[from]
	if c := d.contactOf(t); c != nil {
		for _, p := range c.GetParams() {
			switch strings.ToLower(p.GetName()) {
			case "mp":
				return ";mp" + index
			case "rc":
				return ";rc" + index
			case "np":
				return ";np" + index
			}
		}
	}
	before, now := reading(d.attempts[from].GetTarget().GetUri()), reading(t.GetUri())
	switch {
	case sipuri.Equal(&before, &now):
		return ";np" + index
	case before.User == now.User:
		return ";rc" + index
	}
	return ";mp" + index
}

// reasonHeader is the "?Reason=" that says why a target was left (RFC 7044 section
// 10.2): its final status, or what that counts as.
func reasonHeader(a *redirectv1.Attempt) string {
	cause := 500
	switch a.GetOutcome() {
	case redirectv1.Outcome_OUTCOME_RESPONSE:
		cause = int(a.GetResponse().GetStatus())
	case redirectv1.Outcome_OUTCOME_RESPONSE_TIMEOUT, redirectv1.Outcome_OUTCOME_ANSWER_TIMEOUT:
		cause = 408
	case redirectv1.Outcome_OUTCOME_TRANSPORT_ERROR, redirectv1.Outcome_OUTCOME_UNRESOLVABLE:
		cause = 503
	case redirectv1.Outcome_OUTCOME_REFUSED, redirectv1.Outcome_OUTCOME_UNSPECIFIED:
	}
	return "Reason=" + sipuri.EscapeHeader("SIP;cause="+strconv.Itoa(cause))
}

// splitEntries returns the entries of all History-Info header fields.
func splitEntries(headers []*redirectv1.Header) []string {
	var entries []string
	for _, h := range headers {
		if !strings.EqualFold(h.GetName(), "History-Info") {
			continue
		}
		start, quoted, angle := 0, false, false
		v := h.GetValue()
		for i := 0; i < len(v); i++ {
			switch c := v[i]; {
			case quoted && c == '\\':
				i++
			case c == '"' && !angle:
				quoted = !quoted
			case quoted:
			case c == '<':
				angle = true
			case c == '>':
				angle = false
			case c == ',' && !angle:
				entries = append(entries, strings.TrimSpace(v[start:i]))
				start = i + 1
			}
		}
		entries = append(entries, strings.TrimSpace(v[start:]))
	}
	return entries
}

// splitEntry returns the URI of an entry and what follows it.
func splitEntry(entry string) (uri, params string, ok bool) {
	_, rest, ok := strings.Cut(entry, "<")
	if !ok {
		return "", "", false
	}
	return strings.Cut(rest, ">")
}

// indexOf returns the index parameter of an entry; empty if it has none.
func indexOf(params string) string {
	for param := range strings.SplitSeq(params, ";") {
		name, value, _ := strings.Cut(param, "=")
		value = strings.TrimSpace(value)
		if strings.EqualFold(strings.TrimSpace(name), "index") && strings.Trim(value, "0123456789.") == "" {
			return value
		}
	}
	return ""
}
