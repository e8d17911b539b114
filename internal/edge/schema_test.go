package edge

import (
	"testing"

	"github.com/redirectd/redirectd/internal/schematest"
)

func loadFile(file []byte) error {
	_, err := ParseConfig("edge.yaml", file)
	return err
}

// compiledSchema is the schema. If this fails because a key has no description: add
// one to schema.go, and run make generate.
func compiledSchema(tb testing.TB) *schematest.Schema {
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
	s := compiledSchema(t)
	for name, file := range map[string]string{
		"a list":                      "[a]",
		"a key with a slip":           "listn: []",
		"no list":                     "listen: udp://127.0.0.1:5060",
		"a listener without protocol": "listen: [127.0.0.1:5060]",
		"a listener without address":  "listen: [{advertise: a.example.com}]",
		"a listener that says more":   "listen: [{address: 'udp://127.0.0.1:5060', port: 1}]",
		"a number for a text":         "zone: 1",
		"an empty value":              "tls:",
		"another scheme":              "next_hop: tel:+1",
		"another scheme in a list":    "next_hop: ['sip:a.example.com', 'tel:+1']",
		"a trunk without a name":      "trunks: [{from: [192.0.2.1]}]",
		"a trunk that is everybody":   "trunks: [{name: a}]",
		"a trunk of nobody":           "trunks: [{name: a, from: []}]",
		"an unknown word":             "strangers: drop",
		"an unknown word of a trunk":  "trunks: [{name: a, from: [192.0.2.1], role: b2bua}]",
		"an unknown key of a trunk":   "trunks: [{name: a, from: [192.0.2.1], limits: {waiting: 1}}]",
		"too much":                    "limits: {attempts: 65}",
		"too little":                  "connections: {queue: 1}",
		"a time without a unit":       "policy: {timeout: 200}",
		"a time that is none":         "policy: {timeout: soon}",
		"a shadow without a target":   "policy: {shadow: {share: 5%}}",
		"a shadow that is a number":   "policy: {shadow: 50051}",
		"a canary that is a text":     "policy: {canary: 'a:1'}",
		"a canary without a share":    "policy: {canary: {target: 'a:1'}}",
		"a share that is a number":    "policy: {canary: {target: 'a:1', share: 5}}",
		"a share of text":             "policy: {canary: {target: 'a:1', share: half}}",
		"a canary of no trunks":       "policy: {canary: {target: 'a:1', share: 5%, trunks: []}}",
		"a list of maps":              "secrets: [{}]",
		"no networks":                 "targets: {allow: []}",
		"a network that is a number":  "targets: {deny: [10]}",
		"attributes in a list":        "trunks: [{name: a, from: [192.0.2.1], attributes: [a]}]",
		"attributes that are maps":    "trunks: [{name: a, from: [192.0.2.1], attributes: {a: {b: c}}}]",
	} {
		schema, loader := s.NoFalseAlarm(t, loadFile, []byte(file))
		if schema == nil || loader == nil {
			t.Errorf("%s: the schema says %v, the loader %v", name, schema, loader)
		}
	}
}

// TestSchemaRefusesNothingGood: files with mistakes, of which some are none.
func TestSchemaRefusesNothingGood(t *testing.T) {
	t.Parallel()
	s := compiledSchema(t)
	for _, file := range []string{goodFile, "", "{}"} {
		if schema, loader := s.NoFalseAlarm(t, loadFile, []byte(file)); schema != nil || loader != nil {
			t.Fatalf("the schema says %v, the loader %v", schema, loader)
		}
	}
	var good, seen, unseen int
	for file := range schematest.Mutants(t, goodFile, 1500) {
		switch schema, loader := s.NoFalseAlarm(t, loadFile, file); {
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
	f.Add([]byte(goodFile))
	f.Add([]byte("listen: [{address: 'udp://127.0.0.1:5060', advertise: a.example.com}]"))
	s := compiledSchema(f)
	f.Fuzz(func(t *testing.T, file []byte) { _, _ = s.NoFalseAlarm(t, loadFile, file) })
}
