package canary

import (
	"sync"
	"time"
)

const (
	// inARow is how many questions without a decision, one after another, are too
	// many, however few there are in the window.
	inARow = 5
	// trialPart is what the share is divided by when the second policy is tried
	// again, and trialQuestions how many count then.
	trialPart      = 10
	trialQuestions = 5
	// slowPercent of the answers may be slower than MaxLatency.
	slowPercent = 5
)

// state is whether the second policy is asked.
type state string

const (
	stateOn    state = "on"    // about all of the share
	stateLeft  state = "left"  // about nothing
	stateTrial state = "trial" // about a part of the share
)

// Why the second policy is left.
const (
	reasonErrors  = "errors"
	reasonLatency = "latency"
)

// change is one of the state, and what made it.
type change struct {
	to     state
	reason string // of stateLeft
	seen   counts
	inARow int
}

// trust is how far the second policy is trusted.
type trust struct {
	cfg *Config

	mu     sync.Mutex
	state  state
	since  time.Time // of the state
	epoch  int       // how often it was left
	window window
	failed int // questions without a decision, one after another
}

func newTrust(cfg *Config, now time.Time) *trust {
	t := &trust{cfg: cfg}
	t.enter(stateOn, now)
	return t
}

func (t *trust) enter(s state, now time.Time) {
	t.state, t.since, t.failed = s, now, 0
	t.window = window{began: now, slot: t.cfg.Window / slots}
}

// at returns the state at a time: that of the next question.
func (t *trust) at(now time.Time) state {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.isBack(now) {
		return stateTrial
	}
	return t.state
}

// isBack reports whether the time has come to try again.
func (t *trust) isBack(now time.Time) bool {
	return t.state == stateLeft && t.cfg.BackAfter > 0 && now.Sub(t.since) >= t.cfg.BackAfter
}

// asks reports whether a question of the share is for the second policy, and the
// epoch to note its result with.
func (t *trust) asks(now time.Time, call standing, isTrial bool) (asks bool, epoch int, c *change) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.isBack(now) {
		t.enter(stateTrial, now)
		c = &change{to: stateTrial}
	}
	switch {
	case t.state == stateLeft || call.to == first:
	case call.to == second: // unless it was left since: then the first has it
		asks = call.epoch == t.epoch
	default:
		asks = t.state == stateOn || isTrial
	}
	return asks, t.epoch, c
}

// note counts the result of a question, and says what changes by it.
func (t *trust) note(now time.Time, epoch int, good bool, took time.Duration) *change {
	t.mu.Lock()
	defer t.mu.Unlock()
	if epoch != t.epoch || t.state == stateLeft { // one that was asked before it was left
		return nil
	}
	result := counts{questions: 1}
	t.failed++
	if good {
		t.failed = 0
	} else {
		result.errors = 1
	}
	if t.cfg.MaxLatency > 0 && took > t.cfg.MaxLatency {
		result.slow = 1
	}
	t.window.add(now, result)
	seen := t.window.sum()
	if reason := t.judge(seen); reason != "" {
		c := &change{to: stateLeft, reason: reason, seen: seen, inARow: t.failed}
		t.epoch++
		t.enter(stateLeft, now)
		return c
	}
	if t.state == stateTrial && now.Sub(t.since) >= t.cfg.Window && seen.questions >= trialQuestions {
		t.state, t.since = stateOn, now
		return &change{to: stateOn}
	}
	return nil
}

// judge says why the second policy is to be left; "" if it is not.
func (t *trust) judge(seen counts) string {
	enough := t.cfg.MinQuestions
	if t.state == stateTrial {
		enough = min(enough, trialQuestions)
	}
	switch {
	case t.failed >= inARow:
		return reasonErrors
	case seen.questions < enough:
		return ""
	case float64(seen.errors)*100 > *t.cfg.MaxErrors*float64(seen.questions):
		return reasonErrors
	case seen.slow*100 > slowPercent*seen.questions:
		return reasonLatency
	}
	return ""
}
