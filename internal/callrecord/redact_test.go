package callrecord

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestRedactURI(t *testing.T) {
	t.Parallel()
	for uri, want := range map[string]string{
		"sip:alice@example.com":                                    "sip:***@example.com",
		"SIPS:alice:secret@example.com:5061;transport=tls":         "SIPS:***@example.com:5061;transport=tls",
		"sip:+15551234567;rn=+15557654321;npdi@192.0.2.1;user=tel": "sip:***@192.0.2.1;user=tel",
		"sip:a?b@example.com":                                      "sip:***@example.com",
		"sip:a@b@example.com":                                      "sip:***@example.com",
		"sip:alice@[2001:db8::1]:5060":                             "sip:***@[2001:db8::1]:5060",
		"sip:example.com":                                          "sip:example.com",
		"sip:+15551234567":                                         "sip:***",
		"sip:192.0.2.1;x-caller=15551234567":                       "sip:192.0.2.1;x-caller=***",
		"sip:a@example.com?Diversion=%3Csip:bob%40example.com%3E":  "sip:***@example.com?***",
		"sip:example.com?From=bob@example.com":                     "sip:***@example.com",
		"tel:+1-555-123-4567;phone-context=+1":                     "tel:***",
		"mailto:bob@example.com":                                   "mailto:***",
		`"Bob, B. <sip:bob@`:                                       "***",
		"Bob":                                                      "***",
		"onward":                                                   "onward",
		"":                                                         "",
	} {
		if got := RedactURI(uri); got != want {
			t.Errorf("%s became %s, want %s", uri, got, want)
		}
	}
}

func TestRedactText(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"sip:bob@192.0.2.7:5060 was tried as attempt 1":           "sip:***@192.0.2.7:5060 was tried as attempt 1",
		`"Bob" <sips:bob;x=y@example.com>, sip:a@h equals it`:     `"Bob" <sips:***@example.com>, sip:***@h equals it`,
		"tel:+1-555-123 has the scheme tel":                       "tel:*** has the scheme tel",
		"premium.txt:3: prefix 1900 of +19005551234":              "premium.txt:3: prefix 1900 of ***",
		"q=0.9, 1st of 2, 10.0.0.0/8, 3 of 10 attempts, 486 Busy": "q=0.9, 1st of 2, 10.0.0.0/8, 3 of 10 attempts, 486 Busy",
	} {
		if got := RedactText(text); got != want {
			t.Errorf("%q became %q, want %q", text, got, want)
		}
	}
}

// TestRedactedRecord: nobody is left in it, and everything else is.
func TestRedactedRecord(t *testing.T) {
	t.Parallel()
	c := typical()
	c.Attempts[0].Routes = []string{"sip:proxy-user@192.0.2.5;lr"}
	c.Attempts[1].Label = "sip:secret@h"
	c.Attempts[1].Late = &LateResponse{Reason: "Ask +15550000001"}
	redact(c)
	got, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	for _, personal := range []string{"1555", "secret", "proxy-user"} {
		if strings.Contains(string(got), personal) {
			t.Errorf("%s is still in %s", personal, got)
		}
	}
	for _, kept := range []string{"b1@192.0.2.1", "sip:***@192.0.2.20", "192.0.2.21:5060", "Busy Here", "d68f4fb3550f"} {
		if !strings.Contains(string(got), kept) {
			t.Errorf("%s is not in %s", kept, got)
		}
	}
}
