package main

import (
	"slices"
	"time"

	"github.com/redirectd/redirectd/bench/report"
	"github.com/redirectd/redirectd/bench/responder"
)

// plan is what is measured.
type plan struct {
	limit          time.Duration // for all of it
	rows           []row
	ringing        []int // calls at once
	ringingSystems []string
	ringingLoad    load
	highestSystems []string
	search         search
	decisions      decisions
	repetitions    int // of decisions
}

var plans = map[string]plan{"full": full(), "quick": quick(), "smoke": smoke()}

// redirected are the systems that carry a redirected call, logs off.
var redirected = []string{
	report.None, report.Floor, report.Kamailio, report.Sipedge, report.KamailioHTTP, report.SipedgeTCP, report.SipedgeUnix,
}

// full is all of the questions, in at most half an hour.
func full() plan {
	one := load{work: responder.One, rate: 1000, seconds: 4, probe: true}
	logged := []string{report.KamailioLogged, report.SipedgeLogged, report.RedirectdLogged}
	plainOnes := []string{report.None, report.Floor, report.Kamailio, report.Sipedge}
	dialogs := []string{report.Kamailio, report.Sipedge, report.KamailioHTTP, report.SipedgeTCP}
	return plan{
		limit: 29 * time.Minute,
		rows: []row{
			{kind: report.Calls, name: "302", load: one, systems: slices.Concat(redirected, logged), repetitions: 5},
			{kind: report.Calls, name: "302", load: one.at(2000, 3), systems: redirected, repetitions: 3},
			{kind: report.Calls, name: "302", load: one.at(500, 3), systems: slices.Concat(redirected, []string{report.RedirectdLogged}), repetitions: 3},
			{kind: report.Calls, name: "300", load: one.of(responder.Three).at(1000, 3), systems: redirected, repetitions: 3},
			{kind: report.Calls, name: "plain", load: one.of(responder.Plain).at(1000, 3), systems: plainOnes, repetitions: 3},
			{kind: report.Calls, name: "302, Record-Route", load: one.at(1000, 3), setup: setup{recordRoute: true}, systems: dialogs, repetitions: 3},
			{kind: report.Calls, name: "302, TCP", load: load{work: responder.One, rate: 1000, seconds: 3}, setup: setup{tcp: true, recordRoute: true}, systems: dialogs, repetitions: 3},
			{kind: report.Minute, name: "302", load: load{work: responder.One, rate: 1000, seconds: 60}, systems: []string{report.Floor, report.Kamailio, report.Sipedge}, repetitions: 1},
		},
		ringing: []int{1, 1000, 4000, 20000}, ringingSystems: []string{report.Floor, report.Kamailio, report.Sipedge},
		ringingLoad:    load{work: responder.One, rate: 1000, seconds: 3},
		highestSystems: []string{report.Floor, report.Kamailio, report.Sipedge, report.SipedgeTCP},
		search:         search{first: 2000, seconds: 2.5, fine: 1.15},
		decisions:      decisions{systems: []string{report.Echo, report.Redirectd, report.RedirectdQuiet, report.RedirectdRules}, inFlight: []int{1, 16}, time: 2 * time.Second},
		repetitions:    5,
	}
}

// quick is for while one works: the main targets, in less than two minutes.
func quick() plan {
	one := load{work: responder.One, rate: 1000, seconds: 2.5, probe: true}
	both := []string{report.Kamailio, report.Sipedge}
	return plan{
		limit: 2 * time.Minute,
		rows: []row{
			{kind: report.Calls, name: "302", load: one, systems: []string{report.Floor, report.Kamailio, report.Sipedge, report.KamailioHTTP, report.RedirectdLogged}, repetitions: 2},
			{kind: report.Calls, name: "300", load: one.of(responder.Three), systems: both, repetitions: 1},
			{kind: report.Calls, name: "302", load: one.at(2000, 2.5), systems: both, repetitions: 1},
		},
		decisions:   decisions{systems: []string{report.Echo, report.Redirectd, report.RedirectdRules}, inFlight: []int{16}, time: 1500 * time.Millisecond},
		repetitions: 1,
	}
}

// smoke is for the test of the benchmark itself.
func smoke() plan {
	return plan{
		limit: time.Minute,
		rows: []row{{
			kind: report.Calls, name: "302", load: load{work: responder.One, rate: 50, seconds: 1, probe: true},
			systems: []string{report.Sipedge}, repetitions: 1,
		}},
	}
}

// at is a load at another rate.
func (l load) at(rate int, seconds float64) load {
	l.rate, l.seconds = rate, seconds
	return l
}

// of is a load of another work.
func (l load) of(work responder.Work) load {
	l.work = work
	return l
}
