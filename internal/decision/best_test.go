package decision

import "testing"

// TestBestResponse is RFC 3261 section 16.7 step 6.
func TestBestResponse(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		better, worse         int
		betterReal, worseReal bool
	}{
		{603, 401, true, true},
		{604, 486, true, true},
		{600, 603, true, true},
		{404, 500, true, true},
		{401, 403, true, true},
		{407, 404, true, true},
		{415, 400, true, true},
		{420, 404, true, true},
		{484, 404, true, true},
		{486, 408, true, true},
		{404, 486, true, true},
		{500, 503, true, true},
		{502, 503, true, false},
		{504, 503, true, true},
		{486, 480, true, false},
		{408, 408, true, false},
		{408, 500, false, true},
	} {
		if !Better(c.better, c.betterReal, c.worse, c.worseReal) {
			t.Errorf("%d should go upstream rather than %d", c.better, c.worse)
		}
		if Better(c.worse, c.worseReal, c.better, c.betterReal) {
			t.Errorf("%d should not go upstream rather than %d", c.worse, c.better)
		}
	}
}
