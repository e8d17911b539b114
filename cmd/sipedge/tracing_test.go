package main

import (
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/redirectd/redirectd/internal/proctest"
	"github.com/redirectd/redirectd/internal/siptest"
	"github.com/redirectd/redirectd/internal/tracing/otlptest"
)

// withEnv runs a program with more variables in its environment.
func withEnv(t *testing.T, name string, env []string, args ...string) *proctest.Process {
	t.Helper()
	return proctest.StartFile(t, "env", "", append(append(env, proctest.Build(t, name)), args...)...)
}

// tracedPair runs sipedge and redirectd, both with traces to a collector.
func tracedPair(t *testing.T, nextHop, policyYAML string, env ...string) (*sipedge, *proctest.Process, *otlptest.Collector) {
	t.Helper()
	collector := otlptest.Start(t)
	env = append([]string{"OTEL_EXPORTER_OTLP_ENDPOINT=" + collector.Endpoint()}, env...)
	policy := withEnv(t, "redirectd", env, "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--config", file(t, "policy.yaml", policyYAML))
	target := policy.Value("msg=listening", "addr")
	config := file(t, "edge.yaml", "policy: {target: \""+target+"\", timeout: 2s}\ninstance: edge1\n")
	e := listening(t, withEnv(t, "sipedge", env, "--listen", "udp://127.0.0.1:0", "--admin", "127.0.0.1:0", "--config", config, "--next-hop", nextHop))
	return e, policy, collector
}

const tracedPolicy = `profiles:
  - name: default
    preset: rfc3261
    rules:
      - name: not abroad
        when: contact.uri.host == "abroad.example"
        then: skip
`

// kin finds spans of one trace.
type kin struct {
	t     *testing.T
	spans []*otlptest.Span
	root  *otlptest.Span
}

// traceOf is the trace of a call, whose spans must all have their parent in it.
func traceOf(t *testing.T, c *otlptest.Collector, callID string) *kin {
	t.Helper()
	k := &kin{t: t, spans: c.Trace("sip.call_id", callID)}
	ids := map[string]bool{}
	for _, s := range k.spans {
		ids[s.ID] = true
	}
	for _, s := range k.spans {
		switch {
		case s.Parent == "" && k.root == nil && s.Name == "redirected call" && s.Kind == "server" && s.Resource["service.name"] == "sipedge":
			k.root = s
		case !ids[s.Parent]:
			t.Errorf("%s %s %v has no parent in its trace", s.Resource["service.name"], s.Name, s.Attributes)
		}
		if s.End.Before(s.Start) {
			t.Errorf("%s ends before it starts", s.Name)
		}
	}
	if k.root == nil {
		t.Fatalf("the call %s has no trace; there are %d spans", callID, len(c.Spans()))
	}
	return k
}

// below returns the spans of that name right below another one.
func (k *kin) below(parent *otlptest.Span, name string, want int) []*otlptest.Span {
	k.t.Helper()
	var found []*otlptest.Span
	for _, s := range k.spans {
		if s.Parent == parent.ID && s.Name == name {
			found = append(found, s)
		}
	}
	if len(found) != want {
		k.t.Fatalf("%d spans %q below %q, want %d", len(found), name, parent.Name, want)
	}
	return found
}

func port(p *siptest.Peer) string { return strconv.Itoa(int(p.Addr().Port())) }

const rpcSpan = "redirect.v1.RedirectPolicyService/Decide"

// has compares attributes of a span.
func has(t *testing.T, what string, got map[string]string, want ...string) {
	t.Helper()
	for i := 0; i < len(want); i += 2 {
		if got[want[i]] != want[i+1] {
			t.Errorf("%s: %s is %q, want %q\n%v", what, want[i], got[want[i]], want[i+1], got)
		}
	}
}

// TestTraces: each redirected call is one trace across both programs, and what ends
// with them is sent before they do.
func TestTraces(t *testing.T) {
	t.Parallel()
	caller, server, one, two := siptest.UDP(t), siptest.UDP(t), siptest.UDP(t), siptest.UDP(t)
	e, policy, collector := tracedPair(t, server.URI(""), tracedPolicy, "OTEL_RESOURCE_ATTRIBUTES=deployment.environment=test")

	plain := caller.Invite(e.udp, "sip:plain@example.com")
	server.Respond(server.Expect("INVITE "), 486, "Busy Here")
	server.Expect("ACK ")
	plain.Ack(caller.ExpectSkipping100("SIP/2.0 486"))

	answered := caller.Invite(e.udp, "sip:bob@example.com")
	redirect(server, "<"+one.URI("bob")+">;q=0.9", "<sip:bob@abroad.example>;q=0.8", "<"+two.URI("bob")+">;q=0.7")
	one.Respond(one.Expect("INVITE "), 503, "Service Unavailable")
	one.Expect("ACK ")
	invite := two.Expect("INVITE ")
	two.Respond(invite, 180, "Ringing")
	caller.ExpectSkipping100("SIP/2.0 180")
	two.Respond(invite, 200, "OK")
	answered.Ack(caller.Expect("SIP/2.0 200"))
	two.Expect("ACK ")

	cancelled := caller.Invite(e.udp, "sip:carol@example.com")
	redirect(server, "<"+one.URI("carol")+">")
	invite = one.Expect("INVITE ")
	one.Respond(invite, 180, "Ringing")
	caller.ExpectSkipping100("SIP/2.0 180")
	cancelled.Cancel()
	caller.Expect("SIP/2.0 200")
	one.Respond(one.Expect("CANCEL "), 200, "OK")
	one.Respond(invite, 487, "Request Terminated")
	one.Expect("ACK ")
	cancelled.Ack(caller.Expect("SIP/2.0 487"))

	nested := caller.Invite(e.udp, "sip:dave@example.com")
	redirect(server, "<"+one.URI("dave")+">")
	redirect(one, "<"+two.URI("dave")+">")
	two.Respond(two.Expect("INVITE "), 404, "Not Found")
	two.Expect("ACK ")
	nested.Ack(caller.ExpectSkipping100("SIP/2.0 404"))

	policy.Signal(syscall.SIGSTOP)
	t.Cleanup(func() { policy.Signal(syscall.SIGCONT) })
	undecided := caller.Invite(e.udp, "sip:erin@example.com")
	redirect(server, "<"+one.URI("erin")+">")
	undecided.Ack(caller.ExpectSkipping100("SIP/2.0 480"))
	policy.Signal(syscall.SIGCONT)

	logged := e.Value("msg=\"redirected call\" call_id="+answered.CallID, "trace_id")
	e.end(t)
	policy.Signal(sigterm)
	if code := policy.ExitCode(); code != exitGood {
		t.Errorf("redirectd: exit code %d", code)
	}
	roots := 0
	for _, s := range collector.Spans() {
		if s.Parent == "" {
			roots++
		}
	}
	if roots != 4 {
		t.Errorf("%d traces, want one for each redirected call, and none of anything else", roots)
	}
	if k := traceOf(t, collector, answered.CallID); k.root.TraceID != logged {
		t.Errorf("the log says trace_id=%s, and it is %s", logged, k.root.TraceID)
	} else {
		checkAnswered(t, k, server, one, two)
	}
	checkCancelled(t, traceOf(t, collector, cancelled.CallID))
	checkNested(t, traceOf(t, collector, nested.CallID))
	checkUndecided(t, traceOf(t, collector, undecided.CallID))
}

func checkAnswered(t *testing.T, k *kin, server, one, two *siptest.Peer) {
	t.Helper()
	has(t, "the call", k.root.Attributes, "sip.method", "INVITE", "sip.request_uri", "sip:bob@example.com",
		"sip.status_code", "200", "sip.reason", "OK", "sipedge.result", "sent", "sipedge.why", "target answered", "sipedge.instance", "edge1")
	has(t, "its resource", k.root.Resource, "service.name", "sipedge", "deployment.environment", "test")
	if k.root.Failed {
		t.Errorf("a call that was answered has failed: %s", k.root.Status)
	}
	attempts := k.below(k.root, "attempt", 3)
	has(t, "the first attempt", attempts[0].Attributes, "attempt.n", "0", "sip.status_code", "302",
		"network.peer.address", "127.0.0.1", "network.peer.port", port(server))
	has(t, "the second attempt", attempts[1].Attributes, "attempt.n", "1", "sip.status_code", "503", "attempt.outcome", "response",
		"sip.request_uri", one.URI("bob"), "network.peer.port", port(one), "attempt.contact.n", "0")
	has(t, "the third attempt", attempts[2].Attributes, "attempt.n", "2", "sip.status_code", "200",
		"sip.request_uri", two.URI("bob"), "network.peer.port", port(two), "attempt.contact.n", "2",
		"sip.provisional_status_code", "180", "attempt.rang", "true")
	if attempts[0].Failed || !attempts[1].Failed || attempts[2].Failed || attempts[2].Kind != "client" {
		t.Errorf("failed: %v, %v, %v; want the second one alone", attempts[0].Failed, attempts[1].Failed, attempts[2].Failed)
	}
	if !k.root.Start.Before(attempts[0].End) || attempts[1].Start.Before(attempts[0].End) || attempts[2].Start.Before(attempts[1].End) {
		t.Error("the attempts are not one after the other")
	}
	decision := k.below(k.root, "decision", 1)[0]
	has(t, "the decision", decision.Attributes, "decision.event", "redirect", "decision.attempt", "0", "decision.asked", "remote",
		"decision.action", "try_targets", "decision.targets", "2")
	if decision.Failed || decision.Attributes["decision.why"] == "" || decision.Attributes["decision.policy_version"] == "" {
		t.Errorf("the decision is not explained: %v", decision.Attributes)
	}
	if len(decision.Events) != 3 {
		t.Fatalf("%d contacts are explained, want 3", len(decision.Events))
	}
	for i, verdict := range []string{"taken", "dropped", "taken"} {
		has(t, "contact", decision.Events[i].Attributes, "contact.n", string(rune('0'+i)), "contact.attempt", "0", "contact.verdict", verdict)
	}
	has(t, "the contact that was dropped", decision.Events[1].Attributes, "contact.uri", "sip:bob@abroad.example")
	if rule := decision.Events[1].Attributes["contact.rule"]; !strings.Contains(rule, "not abroad") || !strings.Contains(rule, "policy.yaml:5") {
		t.Errorf("it was dropped by the rule %q, want its name and place", rule)
	}
	try := k.below(decision, rpcSpan, 1)[0]
	served := k.below(try, rpcSpan, 1)[0]
	if try.Kind != "client" || served.Kind != "server" {
		t.Errorf("kinds %s, %s", try.Kind, served.Kind)
	}
	has(t, "redirectd", served.Resource, "service.name", "redirectd", "deployment.environment", "test")
	for _, key := range []string{"decision.rule", "decision.config_revision", "decision.policy_version", "decision.request_id", "decision.action", "decision.targets"} {
		has(t, "redirectd's decision", served.Attributes, key, decision.Attributes[key])
		if decision.Attributes[key] == "" {
			t.Errorf("no %s", key)
		}
	}
}

func checkCancelled(t *testing.T, k *kin) {
	t.Helper()
	has(t, "the cancelled call", k.root.Attributes, "sip.cancelled", "true", "sip.status_code", "487")
	attempts := k.below(k.root, "attempt", 2)
	has(t, "its attempt", attempts[1].Attributes, "sip.status_code", "487", "attempt.rang", "true")
	k.below(k.root, "decision", 1)
}

func checkNested(t *testing.T, k *kin) {
	t.Helper()
	has(t, "the nested call", k.root.Attributes, "sip.status_code", "404")
	k.below(k.root, "attempt", 3)
	decisions := k.below(k.root, "decision", 2)
	has(t, "the second decision", decisions[1].Attributes, "decision.event", "redirect", "decision.attempt", "1")
	for _, d := range decisions {
		k.below(k.below(d, rpcSpan, 1)[0], rpcSpan, 1)
	}
}

func checkUndecided(t *testing.T, k *kin) {
	t.Helper()
	has(t, "the call without a decision", k.root.Attributes, "sip.status_code", "480", "sipedge.why", "no decision of the policy")
	decision := k.below(k.root, "decision", 1)[0]
	has(t, "no decision", decision.Attributes, "decision.no_decision", "timeout")
	if !decision.Failed || decision.Status != "no decision: timeout" || decision.Attributes["decision.detail"] == "" {
		t.Errorf("it does not say what failed: %v %q %v", decision.Failed, decision.Status, decision.Attributes)
	}
	for _, try := range k.below(decision, rpcSpan, 2) { // the second one waits for another redirectd, which there is not
		if !try.Failed || strings.Contains(try.Status, " ") {
			t.Errorf("a try without an answer: failed %v, status %q, want no more than a code", try.Failed, try.Status)
		}
	}
}

// TestTracesOfNoSample: a share of 0 sends nothing, from either program.
func TestTracesOfNoSample(t *testing.T) {
	t.Parallel()
	caller, server, target := siptest.UDP(t), siptest.UDP(t), siptest.UDP(t)
	e, policy, collector := tracedPair(t, server.URI(""), tracedPolicy,
		"OTEL_TRACES_SAMPLER=parentbased_traceidratio", "OTEL_TRACES_SAMPLER_ARG=0")
	call := caller.Invite(e.udp, "sip:bob@example.com")
	redirect(server, "<"+target.URI("bob")+">")
	target.Respond(target.Expect("INVITE "), 486, "Busy Here")
	target.Expect("ACK ")
	call.Ack(caller.ExpectSkipping100("SIP/2.0 486"))
	line := e.Await("msg=\"redirected call\"")
	e.end(t)
	policy.Signal(sigterm)
	policy.ExitCode()
	if spans := collector.Spans(); len(spans) > 0 || strings.Contains(line, "trace_id") {
		t.Errorf("%d spans came; the log says %s", len(spans), line)
	}
}

// TestTracesOfNoCollector: a collector that is not there costs no call anything, and
// no more than 2 s at the end.
func TestTracesOfNoCollector(t *testing.T) {
	t.Parallel()
	caller, server, target := siptest.UDP(t), siptest.UDP(t), siptest.UDP(t)
	silent := siptest.TCP(t) // it takes connections, and says nothing
	e := listening(t, withEnv(t, "sipedge", []string{"OTEL_EXPORTER_OTLP_ENDPOINT=http://" + silent.Addr().String()},
		"--listen", "udp://127.0.0.1:0", "--admin", "127.0.0.1:0", "--next-hop", server.URI("")))
	call := caller.Invite(e.udp, "sip:bob@example.com")
	redirect(server, "<"+target.URI("bob")+">")
	target.Respond(target.Expect("INVITE "), 486, "Busy Here")
	target.Expect("ACK ")
	call.Ack(caller.ExpectSkipping100("SIP/2.0 486"))
	e.Signal(sigterm)
	if code := e.ExitCode(); code != exitGood {
		t.Errorf("exit code %d", code)
	}
	e.Await(`level=WARN msg="the last spans are lost"`)
}

// TestTracingVariable: one that can't be read is an error of the configuration.
func TestTracingVariable(t *testing.T) {
	t.Parallel()
	p := withEnv(t, "sipedge", []string{"OTEL_EXPORTER_OTLP_ENDPOINT=collector:4317"}, "--listen", "udp://127.0.0.1:0", "--admin", "127.0.0.1:0")
	if code := p.ExitCode(); code != exitUsage || !strings.Contains(p.Stderr(), `sipedge: OTEL_EXPORTER_OTLP_ENDPOINT: "collector:4317" is no endpoint; want http://HOST:PORT`) {
		t.Errorf("exit code %d\n%s", code, p.Stderr())
	}
}
