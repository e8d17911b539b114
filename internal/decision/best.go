package decision

// Better reports whether a response is a better answer than another (16.7
// step 6): any 6xx, otherwise the lowest class; within 4xx those that tell the
// caller what to change; within 5xx rather not 503; what a target said, which is
// real, rather than what we conclude; then, as Kamailio does, the lower code.
func Better(a int, realA bool, b int, realB bool) bool {
	if ra, rb := rank(a), rank(b); ra != rb {
		return ra < rb
	}
	if realA != realB {
		return realA
	}
	return a < b
}

func rank(status int) int {
	switch {
	case status >= 600:
		return 0
	case status == 401, status == 407, status == 415, status == 420, status == 484:
		return 40
	case status == 408:
		return 42
	case status < 500:
		return 41
	case status == 503:
		return 51
	}
	return 50
}
