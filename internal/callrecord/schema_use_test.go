package callrecord

import (
	"bytes"
	"math/rand/v2"
	"os"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// TestSchemaTakesRecords, and nothing else.
func TestSchemaTakesRecords(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile(schemaFile)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	if err := compiler.AddResource("record", doc); err != nil {
		t.Fatal(err)
	}
	schema, err := compiler.Compile("record")
	if err != nil {
		t.Fatal(err)
	}
	late := &Late{Kind: KindLate, Schema: Schema, Time: At(time.Now()), Result: ResultSent}
	shadow := &Shadow{
		Kind: KindShadow, Schema: Schema, Time: At(time.Now()), Event: EventRedirect, AskedAt: At(time.Now()), Result: DiffersCode,
		Differences: []Difference{{Kind: DiffersCode, What: "status", First: "480", Second: "603"}},
		First:       Opinion{Action: ActionReject, Status: 480, Contacts: []ContactOpinion{{Verdict: VerdictDropped}}},
		Second:      Opinion{NoDecision: NoDecisionTimeout},
	}
	bad := typical()
	bad.Final.Result = "perhaps"
	unnamed := &hostile{rand.New(rand.NewPCG(1, 1)), []string{""}, 2}
	for name, c := range map[string]struct {
		line Line
		good bool
	}{
		"typical": {typical(), true}, "late": {late, true}, "shadow": {shadow, true},
		"a word that is none": {bad, false}, "no kind": {unnamed.call(), false},
	} {
		value, err := jsonschema.UnmarshalJSON(bytes.NewReader(encoded(t, c.line)))
		if err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(value); (err == nil) != c.good {
			t.Errorf("%s: %v", name, err)
		}
	}
}
