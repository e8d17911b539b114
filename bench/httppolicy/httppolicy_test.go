package httppolicy

import (
	"slices"
	"testing"
)

func TestTargetsByQ(t *testing.T) {
	t.Parallel()
	got := targetsOf("id\n300\n<sip:a@h>;q=0.1, <sip:b@h>;q=0.9,<sip:c@h>")
	if want := []string{"sip:c@h", "sip:b@h", "sip:a@h"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}
