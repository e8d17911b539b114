package sipuri

import "testing"

// FuzzEqual: reading never panics; equality is symmetric and reflexive; what is
// made of a URI is one again, and still names the same place.
func FuzzEqual(f *testing.F) {
	for _, c := range equalCases {
		f.Add(c.a, c.b)
	}
	f.Add("sip:a?b;method=x@h;method=INVITE;x=1?Subject=y", "sip:h;;lr;?&&")
	f.Fuzz(func(t *testing.T, x, y string) {
		a, errA := Parse(x)
		b, errB := Parse(y)
		if errA == nil {
			checkURI(t, &a)
		}
		if errB == nil {
			checkURI(t, &b)
		}
		if errA == nil && errB == nil && Equal(&a, &b) != Equal(&b, &a) {
			t.Errorf("Equal(%q, %q) = %v, the other way round %v", x, y, Equal(&a, &b), Equal(&b, &a))
		}
	})
}

func checkURI(t *testing.T, u *URI) {
	t.Helper()
	if !Equal(u, u) {
		t.Errorf("%q does not equal itself", u.Text)
	}
	if len(u.Text)+len(";lr") > MaxLen || len(u.Params) == MaxParams {
		return // with lr it may be over a bound
	}
	request, err := Parse(u.RequestURI())
	if err != nil {
		t.Fatalf("Request-URI %q of %q: %v", u.RequestURI(), u.Text, err)
	}
	if again := request.RequestURI(); again != request.Text {
		t.Errorf("Request-URI of %q is %q, and of that %q", u.Text, request.Text, again)
	}
	if _, ok := request.Param("method"); u.IsSIP() && (ok || len(request.Headers) > 0) {
		t.Errorf("Request-URI %q of %q has a method or headers", request.Text, u.Text)
	}
	route, err := Parse(u.WithLR())
	if err != nil {
		t.Fatalf("route %q of %q: %v", u.WithLR(), u.Text, err)
	}
	if _, ok := route.Param("lr"); u.IsSIP() && !ok {
		t.Errorf("route %q of %q has no lr", route.Text, u.Text)
	}
	if !Equal(&request, &route) {
		t.Errorf("lr made %q another URI than %q", route.Text, request.Text)
	}
}
