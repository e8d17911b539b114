package message

import (
	"strings"
	"testing"
)

func viaRequest(via string) string {
	return strings.Replace(request(), "SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1", via, 1)
}

func TestTopVia(t *testing.T) {
	for value, want := range map[string]Via{
		"SIP/2.0/UDP h":                                {Transport: "UDP", Host: "h"},
		"sip/2.0/udp h;BRANCH=b":                       {Transport: "UDP", Host: "h", Branch: "b"},
		"SIP / 2.0 / UDP host: 4000 ; branch = z9":     {Transport: "UDP", Host: "host", Port: 4000, Branch: "z9"},
		"SIP\r\n /\r\n 2.0/\tTcp  h\r\n :1\r\n ;rport": {Transport: "TCP", Host: "h", Port: 1, HasRPort: true},
		"SIP/2.0/wss [2001:db8::1]:65535;rport=1;received=[2001:db8::2];maddr=[ff02::1];ttl=1": {
			Transport: "WSS", Host: "2001:db8::1", Port: 65535, HasRPort: true, RPort: 1, Received: "2001:db8::2", Maddr: "ff02::1",
		},
		"SIP/2.0/UDP h;received=2001:db8::9:255;branch=b": {Transport: "UDP", Host: "h", Received: "2001:db8::9:255", Branch: "b"},
		"SIP/2.0/UNKNOWN t4.example.com;x=\"a;,branch=no\";branch=b": {
			Transport: "UNKNOWN", Host: "t4.example.com", Branch: "b",
		},
		"SIP/2.0/new h;branch=":     {Transport: "NEW", Host: "h"},
		"SIP/2.0/UDP h;rport=x":     {Transport: "UDP", Host: "h", HasRPort: true},
		"SIP/2.0/UDP h;branch=b,;;": {Transport: "UDP", Host: "h", Branch: "b"},
	} {
		if got := mustParse(t, viaRequest(value)).TopVia(); got != want {
			t.Errorf("TopVia of %q = %+v, want %+v", value, got, want)
		}
	}
}

func TestBadVia(t *testing.T) {
	for value, answerable := range map[string]bool{
		"":                             false,
		"h":                            false,
		"SIP/2.0 h":                    false,
		"SIP/2.0/UDP":                  false,
		"SIP/2.0/ h":                   false,
		",SIP/2.0/UDP h":               false,
		"SIP/2.0/UDP h:0":              false,
		"SIP/2.0/UDP h:65536":          false,
		"SIP/2.0/UDP h:":               false,
		"SIP/2.0/UDP h:x":              false,
		"SIP/2.0/UDP 2001:db8::1":      false,
		"SIP/2.0/UDP [2001:db8::1":     false,
		"SIP/2.0/UDP [192.0.2.1]":      false,
		"SIP/2.0/UDP h%61":             false,
		"SIP/2.0/UDP ;branch=b":        false,
		"SIP/3.0/UDP h;branch=b":       true,
		"XIP/2.0/UDP h;branch=b":       true,
		"SIP/2.0/UDP 192.0.2.15;;,;,,": true, // RFC 4475 3.1.2.1
		"SIP/2.0/UDP h;branch=b;":      true,
		"SIP/2.0/UDP h;=b":             true,
		"SIP/2.0/UDP h;x=\"b":          true,
		"SIP/2.0/UDP h;branch=b c":     true,
		"SIP/2.0/UDP h SIP/2.0/UDP i":  true,
	} {
		m, err := parseError(t, viaRequest(value))
		if err.Status != 400 || err.Reason != "Bad Via" {
			t.Errorf("Via %q: error %v, want 400 Bad Via", value, err)
		}
		if m.Answerable() != answerable {
			t.Errorf("Via %q: Answerable %v, want %v (%v)", value, m.Answerable(), answerable, err)
		}
	}
}
