package expr_test

import (
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/redirectd/redirectd/internal/policy/expr"
)

// TestMistakes: what is wrong with an expression is said so that a stranger can
// put it right, and the caret stands under it.
func TestMistakes(t *testing.T) {
	env := environment(t)
	for _, want := range []string{
		// Names and fields.
		`undeclared reference to "contct" (did you mean "contact"?)
  contct.uri.host == "a"
  ^`,
		`undeclared reference to "request"; the request of the caller is "call"
  request.trunk == "a"
  ^`,
		`undeclared reference to "startswith" (did you mean "startsWith"?)
  call.trunk.startswith("a")
             ^`,
		`undeclared reference to "Outcome.OUTCOME_REFSED" (did you mean "Outcome.OUTCOME_REFUSED"?)
  attempts[0].outcome == Outcome.OUTCOME_REFSED
                                 ^`,
		`a SipUri has no field "hst" (did you mean "host"?)
  contact.uri.hst == "a"
              ^`,
		`a SipUri has no field "hots" (did you mean "host"?)
  redirect.contacts.exists(c, c.uri.hots == "a")
                                    ^`,
		`a SipResponse has no field "reason" (did you mean "reason_phrase"?)
  response.reason == "a"
           ^`,
		`an Attempt has no field "nextHop"; it has target, started_at, duration, provisional_status, outcome, response, destination_address, trunk, rang, detail
  attempts[0].nextHop == "a"
              ^`,
		`a SipUri has no field "displayName" (did you mean "display_name"?)
  contact.uri.displayName == "a"
              ^`,
		`a string has no fields; a function is called with parentheses, size()
  call.trunk.size > 5
             ^`,
		`a rule reads messages and makes none
  contact == redirect.v1.Contact{}
                                ^`,
		// Types.
		`a condition is true or false, and this is a string
  call.trunk
  ^`,
		`a string and an int do not go together with "=="; a text is written "5", and a number 5
  call.trunk == 5
             ^`,
		`a string and a null do not go together with "=="; what is absent reads as "" or 0, and has(contact.q_milli) tells whether it is there
  call.trunk == null
             ^`,
		`a duration and an int do not go together with "<"; a duration is written duration("5s")
  call.time_left < 5
                 ^`,
		`a double and an int do not go together with "=="; a number of type double is written with a point, as in 1.0
  q(contact) == 1
             ^`,
		`a timestamp and a string do not go together with ">"; a time is written timestamp("2026-01-31T18:00:00Z"), and windows of a week are asked for by in_time
  now > "18:00"
      ^`,
		`a list(Attempt) and an int do not go together with ">"
  attempts > 5
           ^`,
		`this is a string, and want true or false; compare it, as in == "x" or != ""
  call.trunk && true
       ^`,
		`"!" stands before a string, which makes no sense; compare it, as in == "x" or != ""
  !call.trunk
  ^`,
		`what stands before ? is an int, and want true or false; compare it, as in != 0
  attempts.size() ? true : false
                  ^`,
		`the results on both sides of : are of one type, and these are an int and a string
  (true ? 1 : "a") == 1
        ^`,
		`the elements of a list are of one type, and this is a string among those of type int
  contact.uri.port in [5060, "5070"]
                             ^`,
		`a list is indexed by a number; header(call, "X-Tenant") and param(contact.uri, "rn") look for a name
  call.headers["X"] == "a"
              ^`,
		`a string is no list, and all, exists, exists_one, map and filter want one
  call.trunk.exists(x, true)
       ^`,
		// Calls.
		`e164 is called as e164(string | SipUri | Contact) or e164(string | SipUri | Contact, region string), and not with (int)
  e164(5) == ""
  ^`,
		`startsWith is called as string.startsWith(string), and not with (string, string)
  startsWith(call.trunk, "a")
  ^`,
		`share is called as share(name string, percent number)
  share("a")
  ^`,
		`share is called as share(name string, percent number), and not with (Call, int, int)
  share(5, 5)
  ^`,
		`in_list is called as in_list(string | SipUri | Contact, list string)
  in_list("premium")
  ^`,
		`exists is called as list.exists(x, condition of x)
  attempts.exists(a.rang)
           ^`,
		`all, exists, exists_one, map and filter take a name for the element first, as in attempts.exists(a, a.rang)
  attempts.exists(a.rang, true)
                   ^`,
		`has takes a field, as in has(contact.q_milli)
  has(contact)
      ^`,
		// Literals.
		`there is no list "premum" (did you mean "premium"?)
  in_list(contact, "premum")
                   ^`,
		`the argument list of in_list has to be written out as a literal, so that it can be checked
  in_list(contact, call.trunk)
                       ^`,
		`the list "partners" is one of domains, and longest_prefix wants one of prefixes
  longest_prefix(contact, "partners") == ""
                          ^`,
		`there is no region "XX"; want two letters of ISO 3166, such as "US"
  e164(contact, "XX") == ""
                ^`,
		`regions are written in capitals: "US"
  e164(contact, "us") == ""
                ^`,
		`"192.0.2.1/24": it has bits set behind its /24; write "192.0.2.0/24" for the network or "192.0.2.1" for the address
  in_network(contact, "192.0.2.1/24")
                      ^`,
		`"a.*.example": "*" stands for whole labels and only at the beginning, as in "*.example.com"
  in_domain(contact, "a.*.example")
                     ^`,
		`the name is empty
  header(call, "") == "a"
               ^`,
		`the percentage is out of range (0 to 100)
  share("a", 100.5)
             ^`,
		`the name of a share is empty; calls are drawn anew for each name
  share("", 10)
        ^`,
		`"x" is no day of Mo, Tu, We, Th, Fr, Sa and Su; want days and times, such as "Mo-Fr 08:00-18:00" or "Mo-Fr 08:00-12:00,13:00-18:00; Sa 22:00-02:00"
  in_time(now, "x", "UTC")
               ^`,
		`"Europe/Berln": there is no such time zone; want a name such as "Europe/Berlin" or "UTC"
  in_time(now, "Mo-Fr", "Europe/Berln")
                        ^`,
		`"Local": it names no time zone; want a name such as "Europe/Berlin" or "UTC"
  now.getHours("Local") == 1
               ^`,
		`a time zone has to be written out as a literal, so that it can be checked
  now.getHours(call.trunk) == 1
                   ^`,
		"the regular expression is wrong: missing closing ): `(`\n  call.trunk.matches(\"(\")\n                     ^",
		`"5x" is no duration; want numbers with units, such as "90s", "1m30s" or "500ms"
  call.time_left > duration("5x")
                            ^`,
		`"yesterday" is no time; want one as in RFC 3339, "2026-01-31T18:00:00Z"
  now > timestamp("yesterday")
                  ^`,
		// Syntax.
		`the expression is empty; want one such as contact.uri.host == "a.example"
  
  ^`,
		`a single "=" means nothing; "==" compares
  call.trunk = "x"
             ^`,
		`a single "&" means nothing; "&&" is and
  true & true
       ^`,
		`a single "|" means nothing; "||" is or
  true | true
       ^`,
		`"and" is written &&
  true and true
       ^`,
		`")" is missing here
  (call.trunk == "x"
                    ^`,
		`the text that begins here is not closed by another "
  call.trunk == "x
                ^`,
		`"\\q" is no escape, or the text is not closed; a backslash is written \\, or the text r"..."
  "\q" == call.trunk
  ^`,
		`quotes are straight: "..." or '...'
  call.trunk == “x”
                ^`,
		`the expression ends where a value should stand
  call.trunk == 'a' ||
                      ^`,
		`the name of a field is missing behind "."
  call.
       ^`,
		`"+" stands between two values; a telephone number is a text in quotes
  e164(contact) == +1900
                   ^`,
		`"trunk" is not expected here; an operator such as && may be missing before it
  call trunk
       ^`,
		`the number is out of range; a whole number has 64 bits, and a telephone number is a text
  99999999999999999999 > 1
  ^`,
		`there is no "if"; a condition stands alone, and a choice is written condition ? this : that
  if (true)
  ^`,
		`"@" means nothing here
  @share(call, "a", 5)
  ^`,
		// Places.
		`undeclared reference to "contct" (did you mean "contact"?)
    contct.uri.host == "a"
    ^
call.trunk == "x" ||
  contct.uri.host == "a"`,
		`undeclared reference to "contct" (did you mean "contact"?)
  "日本" == contct.uri.host
          ^`,
	} {
		message, rest, _ := strings.Cut(want, "\n")
		lines := strings.Split(rest, "\n")
		src := strings.TrimPrefix(lines[0], "  ")
		if len(lines) > 2 {
			src = strings.Join(lines[2:], "\n")
			want = strings.Join(append([]string{message}, lines[:2]...), "\n")
		}
		_, err := env.Condition(src)
		var e *expr.Error
		if !errors.As(err, &e) || e.Render() != want || e.Error() != message || e.Source != src {
			t.Errorf("%s\n got %s\nwant %s", src, rendered(err), want)
		}
	}
}

// TestLimits: what is too long, too deep or too much is refused when it is
// compiled.
func TestLimits(t *testing.T) {
	env := environment(t)
	for src, want := range map[string]string{
		`"` + strings.Repeat("a", expr.MaxSource) + `" == ""`:                                                 `the expression has 4104 bytes, which is more than 4096; long lists belong into a named list`,
		strings.Repeat("(", 100) + "true" + strings.Repeat(")", 100):                                          `the expression is nested deeper than 64 levels`,
		strings.Repeat("!(", 1000) + "true" + strings.Repeat(")", 1000):                                       `the expression is nested deeper than 64 levels`,
		"call.trunk == \"\xff\"":                                                                              `the expression is not valid UTF-8`,
		`attempts.exists(a, attempts.exists(b, attempts.exists(c, attempts.exists(d, true))))`:                `stand in one another deeper than 3 levels`,
		`attempts.all(a, redirect.contacts.all(c, attempts.all(b, b.trunk + c.uri.host == a.trunk)))`:         `this is too much work for a decision: up to`,
		`call.trunk.replace("", call.call_id).replace("", call.call_id).replace("", call.call_id).size() > 3`: `this is too much work for a decision: up to`,
		`attempts.map(a, attempts.map(b, attempts.map(c, region(c.trunk)))).size() > 3`:                       `this is too much work for a decision: up to`,
	} {
		if _, err := env.Condition(src); err == nil || !strings.Contains(err.Error(), want) || strings.ContainsAny(err.Error(), "\r\n") || !utf8.ValidString(err.Error()) {
			t.Errorf("%.100s: %v, want %s", src, err, want)
		}
	}
	// What people do write is not refused.
	for _, src := range []string{
		`attempts.exists(a, redirect.contacts.exists(c, c.uri.text == a.target.uri))`,
		`headers(response, "Diversion").exists(d, header_param(d, "reason") == "no-answer")`,
		`contact.uri.user.split(";").exists(p, p == "npdi")`,
		`redirect.contacts.map(c, e164(c, "US")).filter(n, n.startsWith("+1")).size() > 1`,
		`call.headers.exists(h, h.name.lowerAscii().matches("^x-.*") && h.value.contains("acme"))`,
		`redirect.contacts.all(c, redirect.contacts.exists_one(d, c.uri.host == d.uri.host))`,
		strings.Repeat(`call.trunk == "a" || `, 150) + `true`,
	} {
		if _, err := env.Condition(src); err != nil {
			t.Errorf("%s: %s", src, rendered(err))
		}
	}
}

func TestErrorOffset(t *testing.T) {
	e := &expr.Error{Source: "äb\r\ncd\nef", Line: 3, Column: 2}
	if got := e.Offset(); got != 8 {
		t.Errorf("offset %d, want 8", got)
	}
	if got := (&expr.Error{Source: "a", Line: 9, Column: 9, Message: "m"}).Render(); got != "m\n  \n  ^" {
		t.Errorf("a place beyond the text: %q", got)
	}
	if e := (&expr.Error{Source: "a", Message: "m"}); e.Render() != "m" || e.Offset() != 0 {
		t.Errorf("no place: %q, %d", e.Render(), e.Offset())
	}
	long := &expr.Error{Source: strings.Repeat("a", 100) + "!" + strings.Repeat("b", 100), Line: 1, Column: 101, Message: "m"}
	want := "m\n  ..." + strings.Repeat("a", 60) + "!" + strings.Repeat("b", 59) + "...\n  " + strings.Repeat(" ", 63) + "^"
	if got := long.Render(); got != want {
		t.Errorf("a long line:\n%s\nwant\n%s", got, want)
	}
}
