package expr

import (
	"testing"

	"github.com/nyaruka/phonenumbers"
)

func TestInternationalNumber(t *testing.T) {
	for text, want := range map[string]string{
		"+15550100": "+15550100", "+1-555-0100": "+15550100", "+1 (555) 010.0123": "+15550100123", " +15550100 ": "+15550100",
		"+15550100;rn=+1;npdi": "+15550100", "+1-555-0100;ext=5": "+15550100",
		"+44 (0)20 7946 0000": "+442079460000", "+39 (0)6 1234567": "+39061234567",
		"15550100": "", "": "", "+": "", "+-": "", "+()": "", "+123": "", "+1234": "+1234", "+0123456": "", "+123456789012345": "+123456789012345",
		"+1234567890123456": "", "+1-2345678901234567890": "", "+1555O100": "", "+1-555-CALL": "", "++15550100": "", "alice": "", "0015550100": "",
		"+1/555": "", "+１５５５": "", "+1\x00555": "",
	} {
		if got := internationalNumber(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func TestNationalNumber(t *testing.T) {
	for _, c := range []struct{ text, region, want string }{
		{"(212) 555-0100", "US", "+12125550100"},
		{"1 212 555 0100", "US", "+12125550100"},
		{"011 44 20 7946 0000", "US", "+442079460000"},
		{"020 7946 0000", "GB", "+442079460000"},
		{"00 49 30 123456", "GB", "+4930123456"},
		{"030 123456", "DE", "+4930123456"},
		{"06 12345678", "IT", "+390612345678"},
		{"2125550100;rn=1", "US", "+12125550100"},
		{"5550100", "US", ""}, // without an area code it is none
		{"123", "US", ""},
		{"1-800-FLOWERS", "US", ""},
		{"alice", "US", ""},
		{"", "US", ""},
		{"+", "US", ""},
		{"21255501001234567890123456789012345678901234567890", "US", ""},
	} {
		if got := nationalNumber(c.text, c.region); got != c.want {
			t.Errorf("%q, %s: %q, want %q", c.text, c.region, got, c.want)
		}
	}
}

// TestNumbersOfAllRegions: what the library writes in any of its formats is
// read as the same number.
func TestNumbersOfAllRegions(t *testing.T) {
	n := 0
	for region := range phonenumbers.GetSupportedRegions() {
		example := phonenumbers.GetExampleNumber(region)
		if example == nil {
			continue
		}
		n++
		want := phonenumbers.Format(example, phonenumbers.E164)
		if got := internationalNumber(phonenumbers.Format(example, phonenumbers.INTERNATIONAL)); got != want {
			t.Errorf("%s, international: %q, want %q", region, got, want)
		}
		if got := dialledNumber(phonenumbers.Format(example, phonenumbers.RFC3966)); got != want {
			t.Errorf("%s, tel: %q, want %q", region, got, want)
		}
		if got := nationalNumber(phonenumbers.Format(example, phonenumbers.NATIONAL), region); got != want && isPlain(phonenumbers.Format(example, phonenumbers.NATIONAL)) {
			t.Errorf("%s, national %q: %q, want %q", region, phonenumbers.Format(example, phonenumbers.NATIONAL), got, want)
		}
		// Some share a plan, such as Guadeloupe and Saint Barthélemy.
		if got := regionOf(want); phonenumbers.GetCountryCodeForRegion(got) != phonenumbers.GetCountryCodeForRegion(region) {
			t.Errorf("%s: region %q", want, got)
		}
		if !isValid(want) {
			t.Errorf("%s is not valid", want)
		}
	}
	if n < 200 {
		t.Errorf("%d regions", n)
	}
}

func dialledNumber(uri string) string { return internationalNumber(dialledText(uri)) }

// isPlain tells a number of digits and visual separators of RFC 3966.
func isPlain(s string) bool {
	for _, r := range s {
		if (r < '0' || r > '9') && !isSeparator(r) {
			return false
		}
	}
	return true
}

func TestDialledText(t *testing.T) {
	for text, want := range map[string]string{
		"+1": "+1", "123": "123", "sip:+1@h": "+1", "sips:a%2B1@h": "a+1", "tel:+1-2;x=y": "+1-2", "<sip:+1@h>;x": "+1",
		`"a<b" <tel:+1>`: "+1", `"a\"<sip:+3@h>" <tel:+1>`: "+1", "mailto:+1@h": "", "sip:h": "", "alice": "alice", "": "", "<sip:+1@h": "<sip:+1@h",
	} {
		if got := dialledText(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}
