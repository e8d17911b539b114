package rehearse_test

import (
	"os"
	"strings"
	"testing"

	"github.com/redirectd/redirectd/internal/policy"
	"github.com/redirectd/redirectd/internal/policy/rehearse"
)

// FuzzParse reads anything: a file that is good has tests that run.
func FuzzParse(f *testing.F) {
	f.Add([]byte(one(moved, expect)))
	f.Add([]byte(one("call: {uri: tel:+1, headers: ['A: b']}", "failure: {status: 486, from: {uri: sip:a@h}}",
		"attempts: [{uri: sip:b@h, outcome: refused}]", "remaining: [sip:c@h]", "expect: {targets: [{uri: sip:c@h, headers: []}], exhausted: best}")))
	f.Add([]byte(one("call: {invite: |", "  INVITE sip:a@h SIP/2.0}", "advice: {status: 404}", "expect: {pass_through: true, contacts: {1: taken}}")))
	data, err := os.ReadFile("testdata/report_test.yaml")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	p := policy.NewBuiltin(nil)
	f.Fuzz(func(t *testing.T, data []byte) {
		if strings.Contains(string(data), "_file") { // no file that it might name is read
			return
		}
		file, err := rehearse.Parse("t.yaml", data)
		if (err == nil) == (file == nil) {
			t.Fatalf("got %v and %v", file, err)
		}
		if err != nil {
			return
		}
		for _, test := range file.Tests {
			r := test.Run(t.Context(), p)
			var out strings.Builder
			if err := r.WriteText(&out, true); err != nil || !strings.Contains(out.String(), "t.yaml:") {
				t.Errorf("%q, %v", &out, err)
			}
			if _, err := r.MarshalJSON(); err != nil {
				t.Error(err)
			}
		}
	})
}
