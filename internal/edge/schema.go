package edge

import (
	"fmt"

	"github.com/redirectd/redirectd/internal/edge/transport"
	"github.com/redirectd/redirectd/internal/strictyaml"
)

// Schema returns the JSON Schema of the file of an edge: what [ParseConfig] takes,
// as far as single values go. The error names keys that have no description below.
func Schema() ([]byte, error) {
	schema, err := strictyaml.Describe(func(doc *strictyaml.Document) {
		c := &Config{TLS: transport.TLSConfig{ClientAuth: transport.ClientAuthNone}}
		c.setDefaults()
		readConfig(doc, c)
	}).JSON(strictyaml.About{
		ID:          "https://raw.githubusercontent.com/redirectd/redirectd/main/docs/schema/edge.schema.json",
		Title:       "edge.yaml",
		Description: "The configuration of sipedge.",
		Keys:        descriptions,
	})
	if err != nil {
		return nil, fmt.Errorf("descriptions in internal/edge/schema.go: %w", err)
	}
	return schema, nil
}

// descriptions are what an editor shows of each key that is read. Ranges, words
// and what is said in [Config] to be the default need not be said here: they come
// from the code that reads.
var descriptions = map[string]string{
	"listen":                       "Where to listen: udp, tcp, tls, ws or wss, an IP address and a port; default: UDP and TCP at 127.0.0.1:5060.",
	"listen[].address":             "The address of this listener, such as tls://192.0.2.1:5061.",
	"listen[].advertise":           "The host that stands in Via and Record-Route for this listener alone.",
	"advertise":                    "The host that stands in Via and Record-Route, a name or an address; default: the local address.",
	"admin":                        "HOST:PORT of /metrics, /healthz and /readyz; default: 127.0.0.1:9060.",
	"next_hop":                     "SIP URIs, at most 16, that every request outside a dialog goes to, tried in that order; default: its Route or Request-URI.",
	"profile":                      "The policy's profile of calls that no trunk names one for; default: the policy's own.",
	"trunks":                       "The peers that may send requests outside a dialog; without any, whoever reaches a loopback listener.",
	"trunks[].name":                "The name of the trunk in questions to the policy, in logs and in metrics.",
	"trunks[].from":                "Addresses and networks that it sends from.",
	"trunks[].listeners":           "Listeners that its requests arrive at, as they stand in listen.",
	"trunks[].tls_names":           "Domains of which its verified certificate must have one.",
	"trunks[].next_hop":            "SIP URIs, at most 16, that its requests go to, tried in that order; default: next_hop of the edge.",
	"trunks[].onward":              "SIP URIs, at most 16, of its own route, for decisions that say onward; default: none.",
	"trunks[].response_timeout":    "How long each next hop may say nothing; default: 64*T1, 32s.",
	"trunks[].role":                "What the next hop is; of a redirect-server every final response from 300 up goes to the policy; default: proxy.",
	"trunks[].recurse_from":        "Whose 3xx go to the policy; next_hop: those of targets go upstream; default: any.",
	"trunks[].oversize":            "How requests over 1,300 bytes go to a target of UDP: by TCP first, or by UDP in fragments; default: tcp.",
	"trunks[].profile":             "The policy's profile of its calls; default: profile of the edge.",
	"trunks[].methods":             "Methods that it may send outside a dialog, such as INVITE; default: all.",
	"trunks[].credentials":         "The caller's credentials go to all targets (forward), or only to those that asked for them (strip); default: strip.",
	"trunks[].shown_headers":       "Header fields of its requests that the policy sees; default: shown_headers of the edge.",
	"trunks[].allowed_headers":     "Header fields of its requests that a decision may touch; default: allowed_headers of the edge.",
	"trunks[].limits":              "Limits of this trunk; default: those of the edge.",
	"trunks[].limits.attempts":     "Targets that one call may try.",
	"trunks[].limits.nesting":      "How many 3xx may lead from one to the next.",
	"trunks[].limits.setup_time":   "How long after the request a new target may be tried.",
	"trunks[].limits.transactions": "Its transactions that may be in progress at once, without those within dialogs.",
	"trunks[].targets":             "Which addresses its requests may go to that no configuration names, instead of targets of the edge.",
	"trunks[].targets.allow":       "Networks that are allowed; default: all.",
	"trunks[].targets.deny":        "Networks that are not allowed, whatever allow says; default: none.",
	"trunks[].targets.ports":       "Ports, or ranges such as 1024-65535, that are allowed; default: all.",
	"trunks[].attributes":          "Names and values, at most 64, that go to the policy as they are.",
	"strangers":                    "What becomes of a request outside a dialog that no trunk sent: 403, or nothing.",
	"tls":                          "Certificates of listeners, and of connections that the edge makes.",
	"tls.cert":                     "PEM file with the edge's certificate and its chain.",
	"tls.key":                      "PEM file with the key of the certificate.",
	"tls.ca":                       "PEM file with the roots that peers are verified by; default: the system's.",
	"tls.client_auth":              "What is asked of a peer that connects: nothing, a certificate that is verified if it comes, or one that verifies.",
	"dns":                          "How names are resolved.",
	"dns.servers":                  "Addresses of DNS servers, with a port if it is not 53; default: the system's.",
	"dns.timeout":                  "How long one lookup may take; default: 2s.",
	"dns.unreachable_for":          "How long an address that could not be reached comes last; default: 30s.",
	"targets":                      "Which addresses requests may go to that no configuration names: targets of redirects, Request-URIs and routes of callers.",
	"targets.allow":                "Networks that are allowed; default: all.",
	"targets.deny":                 "Networks that are not allowed, whatever allow says; default: none.",
	"targets.ports":                "Ports, or ranges such as 1024-65535, that are allowed; default: all.",
	"connections":                  "Limits of TCP, TLS and WebSocket connections, whoever opened them.",
	"connections.max":              "How many there may be; default: 10000.",
	"connections.per_source":       "How many one IPv4 address or IPv6 /64 may open; default: 1000.",
	"connections.idle":             "How long one may carry no message and no keep-alive; default: 5m.",
	"connections.handshake":        "The time that a peer has for TLS and the upgrade to WebSocket together; default: 5s.",
	"connections.message":          "The time from the first byte of a message to its last; default: 10s.",
	"connections.write":            "The time that a peer has to take what is being written; default: 5s.",
	"connections.queue":            "How many bytes may wait to be written on one; default: 1048576.",
	"secrets":                      "Keys of the MAC in Record-Route, 32 to 128 hexadecimal digits each, at most 8: the first signs, all verify; default: a random one of this process.",
	"shown_headers":                "Names of header fields of a request that the policy sees.",
	"allowed_headers":              "Names of header fields that a decision may touch; X-* stands for all with that prefix.",
	"instance":                     "Tells the policy which edge asks.",
	"zone":                         "Tells the policy where the edge is that asks.",
	"policy":                       "Which policy is asked, and how.",
	"policy.target":                "embedded, or where a policy is: HOST:PORT, dns:///NAME:PORT or unix:///PATH; default: embedded.",
	"policy.config":                "The policy file of the embedded policy, from the working directory; default: its own.",
	"policy.timeout":               "How long to wait for a decision.",
	"policy.shadow":                "Where a second policy is that is asked, too, off the path of the call, and whose answers are compared; default: none.",
	"policy.shadow.target":         "embedded, or where the second policy is: HOST:PORT, dns:///NAME:PORT or unix:///PATH.",
	"policy.shadow.share":          "The share of the calls that it is asked about; default: 100%.",
	"policy.shadow.timeout":        "How long to wait for its answer; default: 1s.",
	"policy.shadow.concurrency":    "How many questions it is asked at once; default: 16.",
	"policy.shadow.queue":          "How many questions may wait, with 16 MiB together; more are skipped; default: 1000.",
	"policy.shadow.file":           "The file that records of disagreements are appended to, or stdout; default: where call records go.",
	"policy.canary":                "A second policy that decides a share of the calls, until it does badly; default: none.",
	"policy.canary.target":         "embedded, or where the second policy is: HOST:PORT, dns:///NAME:PORT or unix:///PATH.",
	"policy.canary.share":          "The share of the calls that it decides.",
	"policy.canary.trunks":         "Names of the trunks whose calls they are; default: all.",
	"policy.canary.timeout":        "How long to wait for its answer, out of policy.timeout; default: half of the time that is left.",
	"policy.canary.max_errors":     "Share of its questions that may get no decision; default: 5%.",
	"policy.canary.max_latency":    "What 95 % of its answers must not take longer than; default: no limit but its timeout.",
	"policy.canary.window":         "The time that both limits look back at; default: 1m.",
	"policy.canary.min_questions":  "How many questions there must be in that time before the limits count; default: 20.",
	"policy.canary.back_after":     "How long after it was left it is tried again with a tenth of its share; default: never.",
	"policy.on_unavailable":        "What the caller gets when none comes: the mapped status, the decision of the embedded policy, or the 3xx itself.",
	"policy.record":                "Where questions and answers are recorded, one line of JSON each; default: nowhere.",
	"policy.record.file":           "The file that they are appended to, from the working directory, or stdout.",
	"policy.record.max_size":       "The size at which the file is rotated, in MiB or GiB; default: 100MiB.",
	"policy.record.max_backups":    "How many rotated files are kept; default: 10.",
	"policy.record.max_age":        "How many days rotated files are kept; default: no limit.",
	"policy.record.compress":       "How rotated files are compressed; default: none.",
	"policy.record.share":          "The share of the calls that is recorded, above 0% to 100%, each with all its questions; default: 100%.",
	"policy.record.redact":         "What is not recorded as it is: nothing, or users and their names, which become pseudonyms; default: none.",
	"records":                      "Where a record of each redirected call goes, one line of JSON; default: nowhere.",
	"records.file":                 "The file that they are appended to, from the working directory, or stdout.",
	"records.max_size":             "The size at which the file is rotated, in MiB or GiB; default: 100MiB.",
	"records.max_backups":          "How many rotated files are kept; default: 10.",
	"records.max_age":              "How many days rotated files are kept; default: no limit.",
	"records.compress":             "How rotated files are compressed; default: none.",
	"records.redact":               "What is masked: nothing, or the user parts of URIs and numbers in texts; default: none.",
	"tracing":                      "What the spans of redirected calls show; where they go, the OTEL_* variables of the environment say.",
	"tracing.redact":               "What is masked: nothing, or the user parts of URIs and numbers in texts; default: none.",
	"limits":                       "Limits that hold against any peer and any policy.",
	"limits.attempts":              "Targets that one call may try.",
	"limits.nesting":               "How many 3xx may lead from one to the next.",
	"limits.setup_time":            "How long after the request a new target may be tried.",
	"limits.decisions":             "Decisions that may be outstanding at once.",
	"limits.transactions":          "Transactions that may be in progress at once.",
	"limits.waiting":               "Calls that may wait for DNS or a connection at once, a tenth of them to one destination.",
	"limits.addresses":             "Addresses of one target, or of each next hop, that are tried.",
}
