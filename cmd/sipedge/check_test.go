package main

import (
	"strings"
	"testing"

	"github.com/redirectd/redirectd/internal/proctest"
)

const goodEdge = "listen: [udp://127.0.0.1:5060]\ntrunks: [{name: a, from: [192.0.2.1]}, {name: b, from: [192.0.2.2]}]\n"

func TestCheckGood(t *testing.T) {
	t.Parallel()
	config, profiles := file(t, "edge.yaml", goodEdge), file(t, "policy.yaml", "profiles: [{name: off}]\n")
	const revision = "d68f4fb3550f"
	empty := file(t, "empty.yaml", "")
	names := file(t, "names.yaml", "policy: {config: "+profiles+"}\nprofile: off\n")
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"--config", config}, config + ": ok: 1 listener, 2 trunks\n"},
		{[]string{"--config", empty}, empty + ": ok: the default listeners, 0 trunks\n"},
		{[]string{"--policy-config", profiles}, profiles + ": ok: 1 profile, revision " + revision + "\n"},
		{[]string{"--config", config, "--policy-config", profiles, "--profile", "off"}, config + ": ok: 1 listener, 2 trunks\n" + profiles + ": ok: 1 profile, revision " + revision + "\n"},
		{[]string{"--config", names}, names + ": ok: the default listeners, 0 trunks\n" + profiles + ": ok: 1 profile, revision " + revision + "\n"},
		{[]string{"--config", config, "--policy", "dns:///redirectd:50051", "--profile", "theirs"}, config + ": ok: 1 listener, 2 trunks\n"},
	} {
		code, out, errs := runWith(t, append([]string{"check"}, c.args...)...)
		if code != exitGood || out != c.want || errs != "" {
			t.Errorf("%q: exit code %d, %q\n got %q\nwant %q", c.args, code, errs, out, c.want)
		}
	}
}

// TestCheckBad: every mistake at once, each with its place, and so does serve.
func TestCheckBad(t *testing.T) {
	t.Parallel()
	good := file(t, "good.yaml", goodEdge)
	bad := file(t, "edge.yaml", "listn: []\nlimits: {attempts: 0}\ntrunks:\n  - {name: a, from: [nowhere]}\n")
	badProfiles := file(t, "policy.yaml", "profiles:\n- name: a\n  max_atempts: 3\n  map: {302: 200}\n")
	badEdge := bad + `:1:1: listn: unknown key; did you mean "listen"?` + "\n" +
		bad + ":2:20: limits.attempts: 0 is out of range (1 to 64)\n" +
		bad + `:4:22: trunks[0].from[0]: "nowhere" is no address and no network: want 192.0.2.1 or 192.0.2.0/24` + "\n"
	badPolicy := badProfiles + `:3:3: profiles[0].max_atempts: unknown key; did you mean "max_attempts"?` + "\n" +
		badProfiles + ":4:14: profiles[0].map.302: 200 is out of range (400 to 699)\n"
	unknown := file(t, "unknown.yaml", "profile: gold\ntrunks: [{name: a, from: [192.0.2.1], profile: silver}]\n")
	open := file(t, "open.yaml", "listen: [udp://0.0.0.0:5060]\nnext_hop: sip:192.0.2.10\n")
	for _, c := range []struct {
		args []string
		want string // COMMAND stands for who says it
	}{
		{[]string{"--config", bad}, badEdge},
		{[]string{"--policy-config", badProfiles}, badPolicy},
		{[]string{"--config", bad, "--policy-config", badProfiles}, badEdge + badPolicy},
		{[]string{"--config", good, "--policy-config", badProfiles}, badPolicy},
		{[]string{"--config", file(t, "refers.yaml", "policy: {config: "+badProfiles+"}\n")}, badPolicy},
		{[]string{"--config", good, "--policy-config", "/nowhere"}, "COMMAND: read the policy: open /nowhere: no such file or directory\n"},
		{[]string{"--config", "/nowhere"}, "COMMAND: open /nowhere: no such file or directory\n"},
		{[]string{"--config", good, "--profile", "gold"}, "COMMAND: profile: the policy has no profile \"gold\"; it has default\n"},
		{[]string{"--config", unknown}, "COMMAND: profile: the policy has no profile \"gold\"; it has default\n" +
			"COMMAND: trunk a: profile: the policy has no profile \"silver\"; it has default\n"},
		{[]string{"--config", open}, "COMMAND: listen: udp://0.0.0.0:5060 is no loopback address: without trunks the edge would relay for everybody; configure trunks\n"},
		{[]string{"--config", file(t, "several.yaml", "listen: [udp://0.0.0.0:5060, tls://127.0.0.1:5061]\n")}, "COMMAND: listen: udp://0.0.0.0:5060 is no loopback address: without trunks the edge would relay for everybody; configure trunks\n" +
			"COMMAND: listen: tls://127.0.0.1:5061 needs tls.cert and tls.key\n"},
		{[]string{"--config", file(t, "nofiles.yaml", "tls: {cert: /nowhere.pem, key: /nowhere.key, ca: /nowhere.ca}\n")}, "COMMAND: tls.cert: open /nowhere.pem: no such file or directory\n"},
		{[]string{"--config", file(t, "nocerts.yaml", "tls: {ca: "+good+"}\n")}, "COMMAND: tls.ca " + good + ": holds no certificate: want at least one in PEM, -----BEGIN CERTIFICATE-----\n"},
		{[]string{"--config", file(t, "half.yaml", "tls: {cert: a.pem}\n")}, "COMMAND: tls.cert and tls.key are needed together: only one of them is given\n"},
		{[]string{"--config", file(t, "records.yaml", "records: {file: /nowhere/records.jsonl}\n")}, "COMMAND: records.file: there is no directory /nowhere\n"},
		{[]string{"--config", file(t, "record.yaml", "policy: {record: {file: /nowhere/recording.jsonl}}\n")}, "COMMAND: policy.record.file: there is no directory /nowhere\n"},
		{[]string{"--config", file(t, "shadow.yaml", "policy: {record: {file: a.jsonl}, shadow: {target: '127.0.0.1:1', file: a.jsonl}}\n")}, "COMMAND: policy.record.file: a.jsonl is where policy.shadow.file goes; want another one\n"},
		{[]string{"--config", file(t, "both.yaml", "policy: {record: {file: stdout}}\nrecords: {file: stdout}\n")}, "COMMAND: policy.record.file: stdout is where records.file goes; want another one\n"},
		{[]string{"--config", good, "--records", "/"}, "COMMAND: records.file: / is a directory: want a file, or stdout\n"},
		{[]string{"--config", good, "--listen", "sctp://127.0.0.1:5061"}, "COMMAND: --listen: listen address \"sctp://127.0.0.1:5061\": transport \"sctp\" is unknown: want udp, tcp, tls, ws or wss\n"},
		{[]string{"--config", good, "--admin", "9060"}, "COMMAND: admin: \"9060\" is no HOST:PORT: address 9060: missing port in address\n"},
		{[]string{"--config", good, "--next-hop", "tel:+1"}, "COMMAND: next_hop: \"tel:+1\" is no SIP URI (sip:HOST:PORT)\n"},
		{[]string{"--config", good, "--admin", "127.0.0.1:0", "--listen", "udp://127.0.0.1:0", "--policy", "redirectd"}, "COMMAND: policy target \"redirectd\": \"redirectd\" is not host:port, as in redirectd:50051\n"},
		{[]string{"--admin", "127.0.0.1:0", "--listen", "udp://127.0.0.1:0", "--config", file(t, "targets.yaml", "policy: {target: a, shadow: b}\n")}, "COMMAND: policy target \"a\": \"a\" is not host:port, as in redirectd:50051\n" +
			"COMMAND: policy target \"b\": \"b\" is not host:port, as in redirectd:50051\n"},
		{[]string{"--config", file(t, "shadow.yaml", "policy: {shadow: {target: 'a:1', file: /nowhere/shadow.jsonl}}\n")}, "COMMAND: policy.shadow.file: there is no directory /nowhere\n"},
		{[]string{"--config", file(t, "itself.yaml", "policy: {canary: {target: 'a:1', share: 1%}}\n"), "--policy", "a:1"}, "COMMAND: policy.canary.target: a:1 is the first policy itself (policy.target)\n"},
		{[]string{"--config", file(t, "profile.yaml", "profile: gold\npolicy: {target: 'a:1', shadow: embedded}\n")}, "COMMAND: profile: the policy has no profile \"gold\"; it has default\n"},
	} {
		for _, command := range []string{"check", "serve", ""} {
			args, path := c.args, "sipedge"
			if command != "" {
				args, path = append([]string{command}, c.args...), "sipedge "+command
			}
			code, out, errs := runWith(t, args...)
			want := strings.ReplaceAll(c.want, "COMMAND", path)
			if code != exitUsage || out != "" || errs != want {
				t.Errorf("%q: exit code %d, %q, got\n%swant\n%s", args, code, out, errs, want)
			}
		}
	}
}

// TestCheckUnreadable: of a file that cannot be read nothing else is said.
func TestCheckUnreadable(t *testing.T) {
	t.Parallel()
	for content, want := range map[string]string{
		"trunks: [":                  ":1:1: not YAML: did not find expected node content\n",
		"zone: &a x\ninstance: *a":   ":2:11: instance: the alias *a is not allowed; write the value out\n",
		"zone: x\n---\nzone: y":      ":2:1: a second document starts here (\"---\"); one file is one document\n",
		strings.Repeat("#", 1<<20+1): ":1:1: the file has more than 1048576 bytes\n",
	} {
		for _, flag := range []string{"--config", "--policy-config"} {
			path := file(t, "bad.yaml", content)
			code, out, errs := runWith(t, "check", flag, path)
			if code != exitUsage || out != "" || errs != path+want {
				t.Errorf("%s: exit code %d, %q, got\n%swant\n%s", flag, code, out, errs, path+want)
			}
		}
	}
}

// TestUsage: what is wrong with a command line, and where to read more.
func TestUsage(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"srve"}, "sipedge: unknown command \"srve\"; there are: serve, check, schema, demo, version\ntry: sipedge --help\n"},
		{[]string{"--prot", "5060"}, "sipedge: unknown flag: --prot\ntry: sipedge --help\n"},
		{[]string{"serve", "x"}, "sipedge serve: unexpected argument \"x\"\ntry: sipedge serve --help\n"},
		{[]string{"check"}, "sipedge check: which file? Name one with --config or --policy-config\ntry: sipedge check --help\n"},
		{[]string{"check", "edge.yaml"}, "sipedge check: unexpected argument \"edge.yaml\"\ntry: sipedge check --help\n"},
		{[]string{"check", "--drain", "1s"}, "sipedge check: unknown flag: --drain\ntry: sipedge check --help\n"},
		{[]string{"demo", "--fast"}, "sipedge demo: unknown flag: --fast\ntry: sipedge demo --help\n"},
		{[]string{"--drain", "11m"}, "sipedge: --drain 11m0s is out of range (0s to 10m)\ntry: sipedge --help\n"},
		{[]string{"--drain", "-1s"}, "sipedge: --drain -1s is out of range (0s to 10m)\ntry: sipedge --help\n"},
		{[]string{"--log-format", "xml"}, "sipedge: --log-format \"xml\" is not allowed; want text or json\ntry: sipedge --help\n"},
		{[]string{"--log-level", "loud"}, "sipedge: --log-level \"loud\" is not allowed; want debug, info, warn or error\ntry: sipedge --help\n"},
	} {
		code, out, errs := runWith(t, c.args...)
		if code != exitUsage || out != "" || errs != c.want {
			t.Errorf("%q: exit code %d, %q, got\n%swant\n%s", c.args, code, out, errs, c.want)
		}
	}
}

// TestExitCodeOfTheProcess: what run returns is what the shell sees.
func TestExitCodeOfTheProcess(t *testing.T) {
	t.Parallel()
	for _, arg := range []string{"srve", "--prot"} {
		p := proctest.Start(t, "sipedge", arg)
		if code := p.ExitCode(); code != exitUsage || !strings.Contains(p.Stderr(), arg) {
			t.Errorf("%s: exit code %d, %s", arg, code, p.Stderr())
		}
	}
}
