package policyrpc_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
	"github.com/redirectd/redirectd/internal/policy"
	"github.com/redirectd/redirectd/internal/policy/policyrpc"
)

const (
	decidePath = "/redirect.v1.RedirectPolicyService/Decide"
	infoPath   = "/redirect.v1.RedirectPolicyService/GetPolicyInfo"
)

// serveHTTP serves p over HTTP until the test ends, and returns its address.
func serveHTTP(t *testing.T, p policy.Policy, o policyrpc.ServerOptions) (*served, string) {
	t.Helper()
	s := servePolicy(t, p, o)
	h := httptest.NewServer(s.HTTP())
	t.Cleanup(h.Close)
	return s, h.URL
}

// connectClient is a client of Connect, as its own code generator makes one.
func connectClient(url string, o ...connect.ClientOption) *connect.Client[redirectv1.DecideRequest, redirectv1.DecideResponse] {
	return connect.NewClient[redirectv1.DecideRequest, redirectv1.DecideResponse](http.DefaultClient, url+decidePath, o...)
}

// TestHTTPIsTheContract: clients of Connect get, by each encoding, what gRPC gives.
func TestHTTPIsTheContract(t *testing.T) {
	t.Parallel()
	s, url := serveHTTP(t, policy.NewBuiltin(nil), policyrpc.ServerOptions{LogEvery: 1})
	want, err := dial(t, s.address, policyrpc.ClientOptions{}).Decide(t.Context(), question())
	if err != nil {
		t.Fatal(err)
	}
	get := connect.WithClientOptions(connect.WithHTTPGet(), connect.WithIdempotency(connect.IdempotencyNoSideEffects))
	for name, o := range map[string][]connect.ClientOption{
		"protobuf":     nil,
		"JSON":         {connect.WithProtoJSON()},
		"JSON, gzip":   {connect.WithProtoJSON(), connect.WithSendGzip()},
		"GET":          {get},
		"GET of JSON":  {connect.WithProtoJSON(), get},
		"GET and gzip": {get, connect.WithSendGzip()},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := connectClient(url, o...).CallUnary(t.Context(), connect.NewRequest(question()))
			if err != nil || !proto.Equal(got.Msg, want) {
				t.Errorf("%v, %v\nwant %v", got, err, want)
			}
		})
	}
}

// post sends a body as it stands.
func post(t *testing.T, url, contentType, body string, headers ...string) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", contentType)
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(b)
}

// TestHTTPByHand is what a program does that has no library: JSON by POST, of which
// unknown fields are ignored.
func TestHTTPByHand(t *testing.T) {
	t.Parallel()
	_, url := serveHTTP(t, policy.NewBuiltin(nil), policyrpc.ServerOptions{})
	resp, body := post(t, url+infoPath, "application/json", `{"aFieldOfTheFuture": 1}`, "Connect-Protocol-Version", "1")
	var info redirectv1.GetPolicyInfoResponse
	if err := protojson.Unmarshal([]byte(body), &info); err != nil || resp.StatusCode != 200 || info.GetContractRevision() == "" {
		t.Errorf("%s: %s", resp.Status, body)
	}
	asked, err := protojson.Marshal(question())
	if err != nil {
		t.Fatal(err)
	}
	resp, body = post(t, url+decidePath, "application/json", string(asked))
	var answer redirectv1.DecideResponse
	if err := protojson.Unmarshal([]byte(body), &answer); err != nil || resp.StatusCode != 200 || len(answer.GetTryTargets().GetTargets()) != 1 {
		t.Errorf("%s: %s", resp.Status, body)
	}
}

// TestHTTPErrors: each has the code of gRPC in the words of Connect.
func TestHTTPErrors(t *testing.T) {
	t.Parallel()
	s, url := serveHTTP(t, policy.NewBuiltin(nil), policyrpc.ServerOptions{})
	gold, err := protojson.Marshal(question(func(req *redirectv1.DecideRequest) { req.Call.Profile = "gold" }))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, body string
		status     int
		code, says string
	}{
		{"unknown profile", string(gold), 400, "failed_precondition", `unknown profile "gold"; there are: default`},
		{"no sense", `{}`, 400, "invalid_argument", "call is missing"},
		{"no JSON", `{"call": `, 400, "invalid_argument", "unexpected EOF"},
		{"empty", ``, 400, "invalid_argument", "JSON"},
		{"too big", `{"policyState": "` + strings.Repeat("A", 300<<10) + `"}`, 429, "resource_exhausted", "262144"},
	} {
		resp, body := post(t, url+decidePath, "application/json", c.body)
		var got struct{ Code, Message string }
		if err := json.Unmarshal([]byte(body), &got); err != nil || resp.StatusCode != c.status || got.Code != c.code || !strings.Contains(got.Message, c.says) {
			t.Errorf("%s: %s %s", c.name, resp.Status, body)
		}
	}
	if got := s.log.with("level=WARN", "protocol=http", "profile=gold"); len(got) != 1 {
		t.Errorf("want the unknown profile logged once, got %q", s.log.with(""))
	}
	if resp, _ := post(t, url+decidePath, "text/html", "{}"); resp.StatusCode != http.StatusUnsupportedMediaType {
		t.Errorf("text/html: %s", resp.Status)
	}
}

// TestHTTPGzipIsBounded: a small body must not become a large one.
func TestHTTPGzipIsBounded(t *testing.T) {
	t.Parallel()
	_, url := serveHTTP(t, policy.NewBuiltin(nil), policyrpc.ServerOptions{})
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write(bytes.Repeat([]byte(" "), 100<<20)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	resp, body := post(t, url+decidePath, "application/json", b.String(), "Content-Encoding", "gzip")
	if resp.StatusCode != http.StatusTooManyRequests || !strings.Contains(body, "resource_exhausted") {
		t.Errorf("100 MiB in %d bytes: %s %.200s", b.Len(), resp.Status, body)
	}
}

// TestHTTPDeadline: the time that a client waits is the context of the policy.
func TestHTTPDeadline(t *testing.T) {
	t.Parallel()
	_, url := serveHTTP(t, policy.Func(func(ctx context.Context, _ *redirectv1.DecideRequest) (*redirectv1.DecideResponse, error) {
		if _, ok := ctx.Deadline(); !ok {
			return &redirectv1.DecideResponse{}, nil
		}
		<-ctx.Done()
		return nil, ctx.Err()
	}), policyrpc.ServerOptions{})
	resp, body := post(t, url+decidePath, "application/json", "{}", "Connect-Timeout-Ms", "20")
	if resp.StatusCode != http.StatusGatewayTimeout || !strings.Contains(body, `"code":"deadline_exceeded"`) {
		t.Errorf("%s: %s", resp.Status, body)
	}
}

// TestHTTPPanic: it is counted, and its text stays here.
func TestHTTPPanic(t *testing.T) {
	t.Parallel()
	s, url := serveHTTP(t, policy.Func(func(context.Context, *redirectv1.DecideRequest) (*redirectv1.DecideResponse, error) {
		panic("the key is 1234")
	}), policyrpc.ServerOptions{})
	resp, body := post(t, url+decidePath, "application/json", "{}")
	if resp.StatusCode != 500 || !strings.Contains(body, `"code":"internal"`) || strings.Contains(body, "1234") {
		t.Errorf("%s: %s", resp.Status, body)
	}
	if n := s.value(t, "redirectd_panics_total"); n != 1 {
		t.Errorf("%v panics were counted", n)
	}
	if got := s.log.with("level=ERROR", "msg=panic", "the key is 1234"); len(got) != 1 {
		t.Errorf("want the panic logged, got %q", s.log.with(""))
	}
}

// TestDecisionsByProtocol: metrics and logs tell what a decision was asked for by.
func TestDecisionsByProtocol(t *testing.T) {
	t.Parallel()
	s, url := serveHTTP(t, policy.NewBuiltin(nil), policyrpc.ServerOptions{LogEvery: 1})
	if err := s.decide(t); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := connectClient(url).CallUnary(t.Context(), connect.NewRequest(question())); err != nil {
			t.Fatal(err)
		}
	}
	for range 3 {
		if _, err := s.Policy(policyrpc.ProtocolNext).Decide(t.Context(), question()); err != nil {
			t.Fatal(err)
		}
	}
	for protocol, want := range map[string]float64{"grpc": 1, "http": 2, "next": 3} {
		if n := s.value(t, "redirectd_decisions_total", "action=try_targets", "protocol="+protocol, "redirect=302"); n != want {
			t.Errorf("%s: %v decisions, want %v", protocol, n, want)
		}
		if got := s.log.with("msg=decision", "protocol="+protocol); len(got) != int(want) {
			t.Errorf("%s: %d lines in the log, want %v", protocol, len(got), want)
		}
	}
}
