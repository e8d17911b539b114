package sipuri

import (
	"strings"
	"testing"
)

func TestRewrite(t *testing.T) {
	for _, c := range []struct {
		text    string
		changes Changes
		want    string
	}{
		{"sip:a@h:5070;x?S=y", Changes{}, "sip:a@h:5070;x?S=y"},
		{"SIP:a@h", Changes{Host: "gw.example"}, "sip:a@gw.example"},
		{"sip:a:secret@h", Changes{User: new("b c;rn=1")}, "sip:b%20c;rn=1@h"},
		{"sip:a@h", Changes{User: new("")}, "sip:h"},
		{"sip:h", Changes{User: new("ü@")}, "sip:%C3%BC%40@h"},
		{"sip:a@h:5070;x", Changes{Port: new(uint16(0))}, "sip:a@h;x"},
		{"sip:a@h", Changes{Port: new(uint16(5080)), Host: "2001:db8::1"}, "sip:a@[2001:db8::1]:5080"},
		{"sip:a@[2001:db8::1]:5070;lr", Changes{Scheme: "sips"}, "sips:a@[2001:db8::1]:5070;lr"},
		{"sip:a@h;Transport=tcp;x=1", Changes{Params: []Param{{"transport", "tls", true}, {"ob", "", false}}}, "sip:a@h;x=1;transport=tls;ob"},
		{"sip:a@h;tgrp=x;y?S=1", Changes{Without: []string{"TGRP"}, Params: []Param{{"a b", "c=d", true}}}, "sip:a@h;y;a%20b=c%3Dd?S=1"},
		{"tel:+1800;rn=+1801;npdi", Changes{Scheme: "sip", Host: "gw"}, "sip:+1800;rn=+1801;npdi@gw;user=phone"},
		{"tel:+1800", Changes{Scheme: "sips", Host: "gw", User: new("1800"), Without: []string{"user"}}, "sips:1800@gw"},
		{"tel:+1800;npdi", Changes{Without: []string{"transport"}}, "tel:+1800;npdi"}, // there is nothing to take out
	} {
		u := mustParse(t, c.text)
		got, err := u.Rewrite(&c.changes)
		if err != nil || got.Text != c.want {
			t.Errorf("%s: got %s, %v; want %s", c.text, got.Text, err, c.want)
		}
	}
}

func TestRewriteErrors(t *testing.T) {
	for _, c := range []struct {
		text    string
		changes Changes
		want    string
	}{
		{"sip:a@h", Changes{Host: "a b"}, "character ' '"},
		{"sip:a@h", Changes{Host: "h;lr?x"}, "character ';'"},
		{"sip:a@h", Changes{Host: "[h]"}, "no IPv6 address"},
		{"tel:+1", Changes{Scheme: "sip"}, "no host"},
		{"tel:+1", Changes{Host: "gw"}, "to a SIP URI only"},
		{"mailto:bob@h", Changes{Scheme: "sip", Host: "gw"}, `the scheme "mailto"`},
		{"sip:a@h", Changes{User: new(strings.Repeat("a", MaxLen))}, "more than 4096"},
	} {
		u := mustParse(t, c.text)
		if got, err := u.Rewrite(&c.changes); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %s, %v; want an error with %q", c.text, got.Text, err, c.want)
		}
	}
}
