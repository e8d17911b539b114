package demo

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// item is a line of a ladder: a datagram, a decision, or a stretch that is only
// counted.
type item struct {
	at       time.Time
	event    *event
	decision *decision
	fold     string
}

// items puts the datagrams and the decisions of a call in the order of time.
func items(t trace, decisions []decision) []item {
	var list []item
	for i := range t {
		list = append(list, item{at: t[i].at, event: &t[i]})
	}
	for i := range decisions {
		list = append(list, item{at: decisions[i].answered, decision: &decisions[i]})
	}
	slices.SortStableFunc(list, func(a, b item) int { return a.at.Compare(b.at) })
	return fold(list)
}

// attemptLines is what an attempt that failed takes in a ladder: INVITE, final
// response, ACK.
const attemptLines = 3

// fold counts attempts in a row that ended alike, where there are more than
// three: the first and the last are shown.
func fold(list []item) []item {
	var folded []item
	for i := 0; i < len(list); {
		n := alike(list[i:])
		if n < 4 {
			folded = append(folded, list[i])
			i++
			continue
		}
		last := i + (n-1)*attemptLines
		hidden := list[i+attemptLines : last]
		folded = append(folded, list[i:i+attemptLines]...)
		folded = append(folded, item{at: hidden[0].at, fold: foldText(hidden)})
		folded = append(folded, list[last:last+attemptLines]...)
		i = last + attemptLines
	}
	return folded
}

// alike returns how many attempts at the head of a list failed alike.
func alike(list []item) int {
	n, first := 0, failedAttempt(list)
	for first != "" && failedAttempt(list) == first {
		n++
		list = list[attemptLines:]
	}
	return n
}

// failedAttempt says how the attempt at the head of a list failed, and where;
// "" if the list does not begin with one.
func failedAttempt(list []item) string {
	if len(list) < attemptLines {
		return ""
	}
	invite, final, ack := list[0].event, list[1].event, list[2].event
	if invite == nil || final == nil || ack == nil {
		return ""
	}
	if invite.from != edgeName || invite.msg.method() != "INVITE" || ack.msg.method() != "ACK" || final.msg.status() < 300 {
		return ""
	}
	if final.from != invite.to || ack.to != invite.to || invite.again || final.again || ack.again {
		return ""
	}
	return invite.to + " " + final.msg.start
}

// foldText counts the attempts that are not shown.
func foldText(hidden []item) string {
	var users []string
	for i := 0; i < len(hidden); i += attemptLines {
		_, uri := hidden[i].event.msg.requestLine()
		user, _, _ := strings.Cut(strings.TrimPrefix(uri, "sip:"), "@")
		users = append(users, printable(user))
	}
	return "⋮ the same for " + strings.Join(users, ", ") + " (" + strconv.Itoa(len(hidden)) + " messages)"
}
