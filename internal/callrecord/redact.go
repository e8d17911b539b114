package callrecord

import (
	"reflect"
	"regexp"
	"strings"
)

// masked stands for what is not shown.
const masked = "***"

// redact masks who is called and who calls in every text of a record. What a
// text is, the tag of its field says: personal:"uri", "text" or "no".
func redact(line Line) { redactIn(reflect.ValueOf(line).Elem(), "no") }

func redactIn(v reflect.Value, personal string) {
	switch {
	case v.Kind() == reflect.String:
		switch personal {
		case "uri":
			v.SetString(RedactURI(v.String()))
		case "text":
			v.SetString(RedactText(v.String()))
		}
	case v.Kind() == reflect.Pointer:
		if !v.IsNil() {
			redactIn(v.Elem(), personal)
		}
	case v.Kind() == reflect.Slice:
		for i := range v.Len() {
			redactIn(v.Index(i), personal)
		}
	case v.Kind() == reflect.Struct:
		for i := range v.NumField() {
			redactIn(v.Field(i), v.Type().Field(i).Tag.Get("personal"))
		}
	}
}

// RedactURI masks the user part of a URI and its headers ("?name=value"); of one
// that is not SIP, all but the scheme. A text that is no URI is masked whole.
func RedactURI(uri string) string {
	scheme, rest, ok := strings.Cut(uri, ":")
	switch {
	case uri == "" || uri == "onward":
		return uri
	case !ok:
		return masked
	case !strings.EqualFold(scheme, "sip") && !strings.EqualFold(scheme, "sips"):
		if !scheme1.MatchString(scheme) { // a contact that can't be read, with its display name
			return masked
		}
		return scheme + ":" + masked
	}
	user := ""
	if _, after, found := strings.Cut(rest, "@"); found {
		user, rest = masked+"@", after
	}
	rest, _, headers := strings.Cut(rest, "?")
	rest = rest[strings.LastIndexByte(rest, '@')+1:]
	if headers {
		rest += "?" + masked
	}
	return scheme + ":" + user + number.ReplaceAllString(rest, masked)
}

var (
	scheme1 = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9+.-]*$`)
	sipUser = regexp.MustCompile(`(?i)\b(sips?):[^\s<>"]*@`)
	tel     = regexp.MustCompile(`(?i)\btel:[^\s<>"]+`)
	number  = regexp.MustCompile(`\+?[0-9]{7,}`)
)

// RedactText masks, in a sentence, the user parts of URIs and every number of seven
// digits or more.
func RedactText(s string) string {
	s = sipUser.ReplaceAllString(s, "${1}:"+masked+"@")
	s = tel.ReplaceAllString(s, "tel:"+masked)
	return number.ReplaceAllString(s, masked)
}
