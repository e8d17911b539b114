package probe

import "testing"

func TestContactsByQ(t *testing.T) {
	t.Parallel()
	got := contacts([]byte("SIP/2.0 300 X\r\nContact: <sip:a@127.0.0.1:1>;q=0.1, <sip:b@127.0.0.1:2>\r\nContact: <sip:c@127.0.0.1:3;transport=tcp>;q=0.5\r\n\r\n"))
	want := []string{"sip:b@127.0.0.1:2", "sip:c@127.0.0.1:3;transport=tcp", "sip:a@127.0.0.1:1"}
	if len(got) != len(want) {
		t.Fatalf("%v", got)
	}
	for i, w := range want {
		if got[i].uri != w || int(got[i].address.Port()) != []int{2, 3, 1}[i] {
			t.Errorf("%d: %+v, want %s", i, got[i], w)
		}
	}
}

func TestQuantile(t *testing.T) {
	t.Parallel()
	hundred := make([]float64, 100)
	for i := range hundred {
		hundred[i] = float64(i + 1)
	}
	for _, test := range []struct {
		values      []float64
		share, want float64
	}{
		{nil, 0.5, 0},
		{[]float64{7}, 0.999, 7},
		{[]float64{1, 2, 3}, 0.5, 2},
		{hundred, 0.5, 50},
		{hundred, 0.99, 99},
		{hundred, 0.999, 100},
	} {
		if got := Quantile(test.values, test.share); got != test.want {
			t.Errorf("%d values, %v: %v, want %v", len(test.values), test.share, got, test.want)
		}
	}
}
