package decision

// Mapped returns the status for a 3xx that is not followed: 480 for 302, which
// is temporary, and otherwise 410. A call that was not redirected, status 0, has
// no target but its first, and that has given no answer: 408. Anything but a 3xx
// stands for itself, a 503 for 500: the next one up would not try us again (16.7
// step 6).
func Mapped(status int) int {
	switch {
	case status == 0:
		return 408
	case status == 503:
		return 500
	case status >= 400:
		return status
	case status == 302:
		return 480
	}
	return 410
}
