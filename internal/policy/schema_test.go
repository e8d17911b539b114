package policy

import (
	"testing"

	"github.com/redirectd/redirectd/internal/schematest"
)

// everyKey is a policy that says all that can be said.
const everyKey = `
lists:
  - {name: premium, type: prefixes, values: ["+1900", "+44909"]}
  - {name: partners, type: domains, values: [example.com, "*.example.net"]}
  - {name: inside, type: networks, values: [10.0.0.0/8]}
profiles:
  - name: default
    preset: clearip
    redirect: enabled
    use: place
    methods: [INVITE, MESSAGE]
    register: map
    follow: [302, 399]
    unknown: as_300
    map: {301: 404, 302: 486, default: 500}
    no_advice: [404, 500-503]
    max_contacts: 5
    max_attempts: 5
    max_nesting: 2
    setup_time: 30s
    order: weighted
    nested: after
    response_timeout: 1500ms
    answer_timeout: 30s
    advance: [404, 500-503, timeout, transport_error]
    stop: [503, timeout]
    after_ringing: stop
    exhausted: 486
    copy_headers: [Identity, {name: P-Asserted-Identity, as: X-Asserted, replace: true}]
    contact_headers: [X-Tenant, "*"]
    diversion: true
    history_info: false
    deny:
      domains: [bad.example]
      networks: [192.0.2.0/24]
      prefixes: ["+1900"]
      ports: [25, 1-1023]
      schemes: [sips]
      lists: [premium]
      own_address: true
    allow: {domains: [example.org], networks: [203.0.113.0/24], prefixes: ["+44"], ports: [5060], schemes: [sip, tel], lists: [partners]}
    rules:
      - name: no calls to there
        on: [redirect, advice]
        when: call.trunk == "carrier-a"
        then: {reject: {status: 603, reason: "not ${call.trunk}", headers: [{add: X-Why, value: rule}]}}
      - name: not that
        when: e164(contact.uri).startsWith("+1900")
        then: skip
      - name: busy
        when: redirect.response.status == 301
        then: {reject: 486}
      - name: last
        on: [failure]
        then: stop
      - name: change
        then:
          prefer: first
          weight: 10
          rewrite: {scheme: sip, user: "1${call.trunk}", host: gw.example.com, port: 5070, params: {transport: tcp, lr: ""}, remove_params: [user]}
          via: [sip:192.0.2.1;lr]
          next_hop: onward
          label: changed
          response_timeout: 2s
          answer_timeout: 1m
          headers:
            - {add: X-A, value: a}
            - {set: X-B, value: "${call.trunk}"}
            - {remove: X-C}
            - {copy: Identity, from: response, as: X-Identity, replace: true}
  - {name: gateway, preset: img2020, exhausted: best, rules: [{name: a, then: {via: "sip:192.0.2.1;lr", prefer: last}}]}
`

func load(file []byte) error {
	_, err := ParseConfig("policy.yaml", file)
	return err
}

// compiled is the schema. If this fails because a key has no description: add one
// to schema.go, and run make generate.
func compiled(tb testing.TB) *schematest.Schema {
	tb.Helper()
	text, err := Schema()
	if err != nil {
		tb.Fatal(err)
	}
	return schematest.Compile(tb, text)
}

// TestSchemaRefuses: what is wrong with the shape of a file, an editor sees.
func TestSchemaRefuses(t *testing.T) {
	t.Parallel()
	s := compiled(t)
	for name, file := range map[string]string{
		"nothing":              "",
		"no profiles":          "{}",
		"a key with a slip":    "profiles: [{name: a, max_attempt: 1}]",
		"an unknown key":       "profiles: [{name: a}]\ncolour: red",
		"no list":              "profiles: {name: a}",
		"a list of texts":      "profiles: [a]",
		"no name":              "profiles: [{preset: rfc3261}]",
		"a name that is none":  "profiles: [{name: 1}]",
		"an empty value":       "profiles: [{name: a, map: }]",
		"an unknown preset":    "profiles: [{name: a, preset: rfc2543}]",
		"an unknown word":      "profiles: [{name: a, after_ringing: halt}]",
		"too few":              "profiles: [{name: a, max_attempts: 0}]",
		"too many":             "profiles: [{name: a, max_attempts: 65}]",
		"a number in quotes":   "profiles: [{name: a, max_attempts: '5'}]",
		"no redirect":          "profiles: [{name: a, follow: [404]}]",
		"one status":           "profiles: [{name: a, follow: 302}]",
		"map of another":       "profiles: [{name: a, map: {404: 480}}]",
		"map to no final":      "profiles: [{name: a, map: {302: 200}}]",
		"map to a text":        "profiles: [{name: a, map: {302: busy}}]",
		"map of maps":          "profiles: [{name: a, map: {302: {}}}]",
		"a map that is a list": "profiles: [{name: a, map: [480]}]",
	} {
		schema, loader := s.NoFalseAlarm(t, load, []byte(file))
		if schema == nil || loader == nil {
			t.Errorf("%s: the schema says %v, the loader %v", name, schema, loader)
		}
	}
}

// TestSchemaRefusesNothingGood: files with mistakes, of which some are none.
func TestSchemaRefusesNothingGood(t *testing.T) {
	t.Parallel()
	s := compiled(t)
	if schema, loader := s.NoFalseAlarm(t, load, []byte(everyKey)); schema != nil || loader != nil {
		t.Fatalf("the schema says %v, the loader %v", schema, loader)
	}
	var good, seen, unseen int
	for file := range schematest.Mutants(t, everyKey, 1500) {
		switch schema, loader := s.NoFalseAlarm(t, load, file); {
		case loader == nil:
			good++
		case schema != nil:
			seen++
		default:
			unseen++
		}
	}
	t.Logf("%d good, %d bad by the schema, %d bad for the loader only", good, seen, unseen)
	if good < 30 || seen < unseen {
		t.Errorf("%d good, %d bad by the schema, %d bad for the loader only: want at least 30 good, and most of the bad ones seen by the schema", good, seen, unseen)
	}
}

// FuzzSchema: no file at all is good for the loader and bad by the schema.
func FuzzSchema(f *testing.F) {
	f.Add([]byte(everyKey))
	f.Add([]byte("profiles: [{name: default, map: {302: 480}}]"))
	s := compiled(f)
	f.Fuzz(func(t *testing.T, file []byte) { _, _ = s.NoFalseAlarm(t, load, file) })
}
