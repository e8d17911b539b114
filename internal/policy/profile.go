package policy

import (
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/redirectd/redirectd/internal/strictyaml"
)

// Profile says how the calls that name it are treated. The same profile holds
// for all attempts of a call. Take one from [NewProfile] rather than from zero.
type Profile struct {
	// Name by which Call.profile asks for it, 1 to 64 bytes.
	Name string
	// Preset that the other fields started from.
	Preset string
	// Redirect is whether a 3xx is followed at all; without it every 3xx is
	// answered with its mapped status.
	Redirect bool
	// MaxAttempts is how many redirect targets one call may try in all, nested
	// redirects included, 1 to 64. The request to the next hop is none.
	MaxAttempts int
	// Follow lists the statuses whose contacts are tried, 300 to 399 without
	// 380.
	Follow []int
	// Map gives the final status, 400 to 699 without 408, for a 3xx that is not
	// followed or of which nothing usable is left.
	Map map[int]int
	// MapDefault is that status for a 3xx that Map does not name.
	MapDefault int
	// StopAfterRinging ends the search once a target has answered 180 or 183.
	StopAfterRinging bool
	// FollowRegister is whether a 3xx to REGISTER is followed.
	FollowRegister bool
}

// Mapped returns the final status that stands for a 3xx.
func (p *Profile) Mapped(redirect int) int {
	if status, ok := p.Map[redirect]; ok {
		return status
	}
	return p.MapDefault
}

// Follows reports whether the contacts of a 3xx with that status are tried.
func (p *Profile) Follows(redirect int) bool { return slices.Contains(p.Follow, redirect) }

// readProfile reads one profile: the preset first, then the keys that change
// it.
func readProfile(m *strictyaml.Map) Profile {
	var name string
	if m.Require("name") && m.String("name", &name) {
		switch {
		case name == "" || len(name) > maxProfileName:
			m.Failf("name", "a name of %d bytes; want 1 to %d", len(name), maxProfileName)
		case strings.ContainsFunc(name, unicode.IsControl): // it stands in answers and logs
			m.Failf("name", "%q has a control character", name)
		}
	}
	preset := PresetRFC3261
	m.Enum("preset", &preset, Presets()...)
	p, _ := NewProfile(name, preset)
	redirect, ringing, register := "", "", ""
	if m.Enum("redirect", &redirect, "enabled", "disabled") {
		p.Redirect = redirect == "enabled"
	}
	m.Int("max_attempts", &p.MaxAttempts, 1, maxTargets)
	readFollow(m, &p)
	readMap(m.Map("map"), &p)
	if m.Enum("after_ringing", &ringing, "continue", "stop") {
		p.StopAfterRinging = ringing == "stop"
	}
	if m.Enum("register", &register, "follow", "map") {
		p.FollowRegister = register == "follow"
	}
	m.Done()
	return p
}

func readFollow(m *strictyaml.Map, p *Profile) {
	if !m.Has("follow") {
		return
	}
	p.Follow = nil
	m.Each("follow", func(v strictyaml.Value) {
		code, ok := v.Int(300, 399)
		switch {
		case !ok:
		case code == 380:
			v.Failf("380 cannot be followed: it is its body, not its Contact, that names alternatives (RFC 3261 section 21.3.5)")
		case slices.Contains(p.Follow, code):
			v.Failf("%d stands in the list twice", code)
		default:
			p.Follow = append(p.Follow, code)
		}
	})
}

// readMap changes single entries of the preset's map.
func readMap(m *strictyaml.Map, p *Profile) {
	m.Entries(func(key, value strictyaml.Value) {
		from := 0
		if key.Text != "default" {
			code, err := strconv.Atoi(key.Text)
			if err != nil || len(key.Text) != 3 || code < 300 || code > 399 {
				key.Failf("%q is no redirect; want 300 to 399, or default", key.Text)
				return
			}
			from = code
		}
		to, ok := value.Int(400, 699)
		switch {
		case !ok:
		case to == 408:
			value.Failf("408 is not allowed: only an INVITE may be answered with it (RFC 4320), and a redirect is no timeout")
		case from == 0:
			p.MapDefault = to
		default:
			p.Map[from] = to
		}
	})
}
