package transaction

import (
	"math"
	"strings"
	"testing"

	"github.com/redirectd/redirectd/internal/edge/message"
)

// request returns a parsed request; pairs of old and new are replaced in it.
func request(tb testing.TB, replace ...string) *message.Message {
	tb.Helper()
	raw := strings.NewReplacer(replace...).Replace("INVITE sip:bob@example.com SIP/2.0\r\n" +
		"Via: SIP/2.0/UDP client.example.org:5070;branch=z9hG4bKabc\r\n" +
		"Via: SIP/2.0/UDP phone.example.org;branch=z9hG4bKdef\r\n" +
		"Max-Forwards: 70\r\n" +
		"From: <sip:alice@example.org>;tag=1928\r\n" +
		"To: <sip:bob@example.com>\r\n" +
		"Call-ID: a84b4c76e66710\r\n" +
		"CSeq: 314159 INVITE\r\n" +
		"Content-Length: 0\r\n\r\n")
	m := new(message.Message)
	if err := m.Parse([]byte(raw)); err != nil {
		tb.Fatalf("%q: %v", raw, err)
	}
	return m
}

const (
	branchABC = ";branch=z9hG4bKabc"
	toBob     = "To: <sip:bob@example.com>"
)

var rfc2543 = []string{branchABC, ""}

// TestServerKey: which messages belong to the same server transaction (17.2.3).
func TestServerKey(t *testing.T) {
	for _, tt := range []struct {
		name string
		a, b []string // replacements
		same bool
	}{
		{"the same again", nil, nil, true},
		{"ACK of a non-2xx", nil, []string{"INVITE", "ACK", toBob, toBob + ";tag=x"}, true},
		{"CANCEL has a key of its own", nil, []string{"INVITE", "CANCEL"}, false},
		{"another method", nil, []string{"INVITE", "OPTIONS"}, false},
		{"methods are case-sensitive", nil, []string{"INVITE", "Invite"}, false},
		{"case of the host", nil, []string{"client.example.org", "Client.EXAMPLE.org"}, true},
		{"IPv6 and its case", []string{"client.example.org", "[2001:db8::a]"}, []string{"client.example.org", "[2001:DB8::A]"}, true},
		{"another host", nil, []string{"client.example.org", "other.example.org"}, false},
		{"another port", nil, []string{":5070", ":5071"}, false},
		{"no port", nil, []string{":5070", ""}, false},
		{"another branch", nil, []string{"z9hG4bKabc", "z9hG4bKabd"}, false},
		{"case of the branch", nil, []string{"z9hG4bKabc", "z9hG4bKABC"}, false},
		{"a branch makes the rest irrelevant", nil, []string{"314159", "1", "tag=1928", "tag=2", "a84b4c76e66710", "other"}, true},
		{"a lower Via is irrelevant", nil, []string{"z9hG4bKdef", "z9hG4bKxyz"}, true},
		{"the cookie alone is a branch", []string{"z9hG4bKabc", "z9hG4bK"}, []string{"z9hG4bKabc", "z9hG4bK"}, true},
		{"folded", nil, []string{" client.example.org:5070;branch=", "\r\n client.example.org : 5070 ; Branch = "}, true},

		{"RFC 2543: the same again", rfc2543, rfc2543, true},
		{"RFC 2543: ACK", rfc2543, append([]string{"INVITE", "ACK", toBob, toBob + ";tag=x"}, rfc2543...), true},
		{"RFC 2543: CANCEL", rfc2543, append([]string{"INVITE", "CANCEL"}, rfc2543...), false},
		{"RFC 2543: a branch without the cookie", []string{"z9hG4bKabc", "1"}, []string{"z9hG4bKabc", "2"}, false},
		{"RFC 2543: an empty branch", []string{branchABC, ";branch="}, rfc2543, true},
		{"RFC 2543: case of the host", rfc2543, append([]string{"client.example.org", "CLIENT.example.org"}, rfc2543...), true},
		{"RFC 2543: another host", rfc2543, append([]string{"client.example.org", "other.example.org"}, rfc2543...), false},
		{"RFC 2543: another port", rfc2543, append([]string{":5070", ""}, rfc2543...), false},
		{"RFC 2543: another Request-URI", rfc2543, append([]string{"INVITE sip:bob@", "INVITE sip:carol@"}, rfc2543...), false},
		{"RFC 2543: another Call-ID", rfc2543, append([]string{"a84b4c76e66710", "other"}, rfc2543...), false},
		{"RFC 2543: another From tag", rfc2543, append([]string{"tag=1928", "tag=2"}, rfc2543...), false},
		{"RFC 2543: another CSeq", rfc2543, append([]string{"314159", "314160"}, rfc2543...), false},
		{
			"RFC 2543: a BYE in each of two dialogs of a fork", append([]string{"INVITE", "BYE", toBob, toBob + ";tag=x"}, rfc2543...),
			append([]string{"INVITE", "BYE", toBob, toBob + ";tag=y"}, rfc2543...), false,
		},
		{"RFC 2543 is never RFC 3261", rfc2543, nil, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a, b := ServerKey(request(t, tt.a...)), ServerKey(request(t, tt.b...))
			if (a == b) != tt.same {
				t.Errorf("same is %v, want %v:\n%q\n%q", a == b, tt.same, a, b)
			}
		})
	}
}

// TestCancelledKey: a CANCEL finds its INVITE and nothing else (9.2).
func TestCancelledKey(t *testing.T) {
	for _, peer := range [][]string{nil, rfc2543} {
		invite := ServerKey(request(t, peer...))
		cancel := request(t, append([]string{"INVITE", "CANCEL"}, peer...)...)
		if got := CancelledKey(cancel); got != invite {
			t.Errorf("CancelledKey is %q, want the INVITE's %q", got, invite)
		}
		if ServerKey(cancel) == invite {
			t.Error("the CANCEL's own key is that of its INVITE")
		}
		other := request(t, append([]string{"INVITE", "CANCEL", "client.example.org", "attacker.example.org"}, peer...)...)
		if CancelledKey(other) == invite {
			t.Error("a CANCEL from another sent-by finds the INVITE")
		}
	}
}

func TestBranch(t *testing.T) {
	for _, tt := range []struct {
		id   uint64
		n    int
		want string
	}{
		{0, 0, "z9hG4bK0.0"},
		{35, 36, "z9hG4bKz.10"},
		{math.MaxUint64, math.MaxInt32, "z9hG4bK3w5e11264sgsf.zik0zj"},
	} {
		got := Branch(tt.id, tt.n)
		if got != tt.want {
			t.Errorf("Branch(%d, %d) = %q, want %q", tt.id, tt.n, got, tt.want)
		}
		if id, n, ok := ParseBranch(got); !ok || id != tt.id || n != tt.n {
			t.Errorf("ParseBranch(%q) = %d, %d, %v", got, id, n, ok)
		}
	}
}

func TestParseBranchRefuses(t *testing.T) {
	for _, branch := range []string{
		"", "z9hG4bK", "z9hG4bK.", "z9hG4bK1", "z9hG4bK1.", "z9hG4bK.1", "1.1", "z9hg4bk1.1",
		"z9hG4bK-1.1", "z9hG4bK1.-1", "z9hG4bK+1.1", "z9hG4bK1.+1", "z9hG4bK1.1.1", "z9hG4bK1_0.1", "z9hG4bK0x1.1_0",
		"z9hG4bK1 .1", "z9hG4bK1.1 ", "z9hG4bK-ack-1", `"z9hG4bK1.1"`,
		"z9hG4bK3w5e11264sgsg.1", // 2^64
		"z9hG4bK1.zik0zk",        // 2^31
		"z9hG4bK" + strings.Repeat("9", 60000) + ".1",
	} {
		if id, n, ok := ParseBranch(branch); ok {
			t.Errorf("ParseBranch(%.80q) = %d, %d", branch, id, n)
		}
	}
}

func FuzzParseBranch(f *testing.F) {
	for _, seed := range []string{"z9hG4bK1.2", "z9hG4bK3w5e11264sgsf.zik0zj", "z9hG4bK1.zik0zk", "z9hG4bK.", "z9hG4bK01.Z", "x", "z9hG4bK+1.1"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, branch string) {
		id, n, ok := ParseBranch(branch)
		if !ok {
			return
		}
		if n < 0 || n > math.MaxInt32 {
			t.Fatalf("ParseBranch(%q): n is %d", branch, n)
		}
		ours := Branch(id, n)
		if id2, n2, ok := ParseBranch(ours); !ok || id2 != id || n2 != n {
			t.Fatalf("%q reads as %d, %d, which is %q, which reads as %d, %d, %v", branch, id, n, ours, id2, n2, ok)
		}
		if len(branch) < len(ours) {
			t.Fatalf("%q is shorter than what Branch makes of it, %q", branch, ours)
		}
	})
}

func BenchmarkServerKey(b *testing.B) {
	m := request(b)
	b.ReportAllocs()
	for b.Loop() {
		ServerKey(m)
	}
}

func BenchmarkServerKeyRFC2543(b *testing.B) {
	m := request(b, rfc2543...)
	b.ReportAllocs()
	for b.Loop() {
		ServerKey(m)
	}
}
