package expr

import (
	"strings"

	"github.com/nyaruka/phonenumbers"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
)

// minDigits is how many digits make a number and not just a country code.
const minDigits = 4

// internationalNumber returns the number of a text in E.164 form, "+15550100",
// or "" if it is none. The text is a number with or without visual separators
// (RFC 3966 section 5), parameters behind ";" aside; it is international if it
// begins with "+".
func internationalNumber(text string) string {
	text = bareNumber(text)
	if len(text) < 2 || text[0] != '+' {
		return ""
	}
	for i := 1; i < len(text); i++ {
		if c := text[i]; c < '0' || c > '9' {
			return spelledNumber(text)
		}
	}
	return checkedNumber(text)
}

// checkedNumber returns a "+" with digits if it can be a number of E.164.
func checkedNumber(text string) string {
	if n := len(text) - 1; n < minDigits || n > maxDigits || text[1] == '0' {
		return ""
	}
	return text
}

// spelledNumber reads an international number with visual separators.
func spelledNumber(text string) string {
	if strings.Contains(text, "(0)") {
		// The 0 in "+44 (0)20 7946 0000" is not dialled from abroad, and that of
		// "+39 (0)6 1234567" is: that takes the plan of each country.
		return nationalNumber(text, "ZZ")
	}
	digits := make([]byte, 1, maxDigits+1)
	digits[0] = '+'
	for _, r := range text[1:] {
		switch {
		case r >= '0' && r <= '9':
			if len(digits) > maxDigits {
				return ""
			}
			digits = append(digits, byte(r))
		case !isSeparator(r):
			return ""
		}
	}
	if len(digits) == 1 {
		return ""
	}
	return checkedNumber(string(digits))
}

// nationalNumber reads a number as it is dialled in a region, and returns it in
// E.164 form, or "" if no number of that plan has this length.
func nationalNumber(text, region string) string {
	n := parseNumber(text, region)
	if n == nil || phonenumbers.IsPossibleNumberWithReason(n) != phonenumbers.IS_POSSIBLE {
		return ""
	}
	return checkedNumber(phonenumbers.Format(n, phonenumbers.E164))
}

// maxDialled is the longest text that is read as a number: E.164 with a prefix,
// spelled with separators.
const maxDialled = 40

// parseNumber reads digits, and letters as none: "1-800-FLOWERS" is a user name.
func parseNumber(text, region string) *phonenumbers.PhoneNumber {
	text = bareNumber(text)
	if text == "" || len(text) > maxDialled {
		return nil
	}
	for i, r := range text {
		if (r < '0' || r > '9') && !isSeparator(r) && (r != '+' || i > 0) {
			return nil
		}
	}
	n, err := phonenumbers.Parse(text, region)
	if err != nil {
		return nil
	}
	return n
}

// bareNumber cuts the parameters of a user part or a tel: URI (RFC 4694 section
// 4), and the space around.
func bareNumber(text string) string {
	if i := strings.IndexByte(text, ';'); i >= 0 {
		text = text[:i]
	}
	return strings.TrimSpace(text)
}

// isRegion tells whether there is a numbering plan for this region, "US".
func isRegion(region string) bool { return phonenumbers.GetSupportedRegions()[region] }

// regionOf returns the region of a number in E.164 form, "US", "001" for one of
// no region such as +800, or "" if it belongs to none.
func regionOf(number string) string {
	n := parseNumber(number, "ZZ")
	if n == nil {
		return ""
	}
	return phonenumbers.GetRegionCodeForNumber(n)
}

// isValid tells whether the plan of its country has this number, in E.164 form.
func isValid(number string) bool {
	n := parseNumber(number, "ZZ")
	return n != nil && phonenumbers.IsValidNumber(n)
}

// dialled returns what of a URI can be a number: the user of sip and sips, and
// the number of tel.
func dialled(u *redirectv1.SipUri) string {
	switch u.GetScheme() {
	case "tel", "sip", "sips":
		return u.GetUser()
	case "":
		if read := readURI(u.GetText()); read != nil {
			return dialled(read)
		}
	}
	return ""
}

// dialledText returns what of a text can be a number: of a URI, with or without
// a name before it, what stands for one, else the text itself.
func dialledText(text string) string {
	if text == "" || text[0] == '+' || text[0] >= '0' && text[0] <= '9' {
		return text
	}
	if u := readURI(addrSpec(text)); u != nil {
		return dialled(u)
	}
	return text
}
