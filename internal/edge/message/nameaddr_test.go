package message

import (
	"reflect"
	"strings"
	"testing"

	"github.com/redirectd/redirectd/internal/sipuri"
)

func TestParseNameAddr(t *testing.T) {
	type params = []sipuri.Param
	for value, want := range map[string]NameAddr{
		"<sip:a@h>":                  {URI: "sip:a@h"},
		"sip:a@h":                    {URI: "sip:a@h"},
		"sip:a@h;q=0.3;lr":           {URI: "sip:a@h", Params: params{{Name: "q", Value: "0.3", HasValue: true}, {Name: "lr"}}},
		"<sip:a@h;q=1>;q=0.3":        {URI: "sip:a@h;q=1", Params: params{{Name: "q", Value: "0.3", HasValue: true}}},
		"<sip:a@h> ; q = 0.7 ":       {URI: "sip:a@h", Params: params{{Name: "q", Value: "0.7", HasValue: true}}},
		"<sip:a@h>\r\n ;\r\n q=\t1":  {URI: "sip:a@h", Params: params{{Name: "q", Value: "1", HasValue: true}}},
		"<sip:a@h>;;x=;":             {URI: "sip:a@h", Params: params{{Name: "x", HasValue: true}}},
		`<sip:a@h>;x="a;b=\"c\"";y`:  {URI: "sip:a@h", Params: params{{Name: "x", Value: `"a;b=\"c\""`, HasValue: true}, {Name: "y"}}},
		`"A, \"B\" <x>" <sip:a@h>`:   {Display: `A, "B" <x>`, URI: "sip:a@h"},
		"caller<sip:caller@h>":       {Display: "caller", URI: "sip:caller@h"},
		"T. Watson  <sip:t@h>":       {Display: "T. Watson", URI: "sip:t@h"},
		"Bell, Alexander <sip:a@h>":  {Display: "Bell, Alexander", URI: "sip:a@h"},
		`"" <sip:a@h>`:               {URI: "sip:a@h"},
		"\"W, T\" < sip:t@h >":       {Display: "W, T", URI: "sip:t@h"}, // RFC 4475 3.1.2.14
		"<tel:+1;rn=2;npdi>;expires": {URI: "tel:+1;rn=2;npdi", Params: params{{Name: "expires"}}},
		"<sip:a,b@h;x=y?c=d>":        {URI: "sip:a,b@h;x=y?c=d"},
		"*":                          {URI: "*"},
	} {
		got, err := ParseNameAddr(value)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("ParseNameAddr(%q) = %+v, %v\nwant %+v", value, got, err, want)
		}
	}
}

func TestParseNameAddrErrors(t *testing.T) {
	for value, want := range map[string]string{
		"":                     "no URI",
		" \t":                  "no URI",
		"<>":                   "no URI",
		";q=1":                 "no URI",
		`"Bob" <sip:a@h`:       "< has no >",
		`"Bob <sip:a@h>`:       "quote does not close",
		`"Bob\"<sip:a@h>`:      "quote does not close",
		`<sip:a@h>;x="y`:       "quote does not close",
		"<sip:a@h> x":          "stands after the >",
		"<sip:a@h>, <sip:b@h>": "stands after the >",
		"<sip:a@h>;=x":         "no name",
		"<sip:a@h>" + strings.Repeat(";x", sipuri.MaxParams+1): "more than 32 parameters",
	} {
		if got, err := ParseNameAddr(value); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("ParseNameAddr(%.60q) = %+v, %v, want an error with %q", value, got, err, want)
		}
	}
}

func TestNameAddrParam(t *testing.T) {
	n, err := ParseNameAddr(`<sip:a@h>;Q=0.5;text="a \"b\" \\";lr;x=`)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"q": "0.5", "TEXT": `a "b" \`, "lr": "", "X": ""} {
		if got, ok := n.Param(name); got != want || !ok {
			t.Errorf("Param(%q) = %q, %v, want %q", name, got, ok, want)
		}
	}
	if got, ok := n.Param("tag"); ok {
		t.Errorf("Param(tag) = %q, want none", got)
	}
}
