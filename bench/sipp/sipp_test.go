package sipp

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"
)

// TestStatistics reads the last line, by the names of its columns.
func TestStatistics(t *testing.T) {
	t.Parallel()
	head := "StartTime;TotalCallCreated;SuccessfulCall(P);SuccessfulCall(C);FailedCall(P);FailedCall(C);Retransmissions(C);CallRate(C);\n"
	got, err := parse(strings.NewReader(head + "x;10;9;9;0;0;0;100.5;\nx\t2026;20;1;17;1;3;5;99.25;\n"))
	if want := (Statistics{Created: 20, OK: 17, Failed: 3, Retransmissions: 5, Rate: 99.25}); err != nil || got != want {
		t.Errorf("%+v, %v; want %+v", got, err, want)
	}
	for _, wrong := range []string{"", head, "a;b\n1;2\n", head + "x;20\n", head + "x;20;1;many;1;3;5;1;\n", head + "x;20;1;17;1;3;5;fast;\n"} {
		if got, err := parse(strings.NewReader(wrong)); err == nil {
			t.Errorf("%q: %+v", wrong, got)
		}
	}
}

// TestScenarios are XML.
func TestScenarios(t *testing.T) {
	t.Parallel()
	entries, err := scenarios.ReadDir(".")
	if err != nil || len(entries) != 3 {
		t.Fatalf("%v, %v", entries, err)
	}
	for _, entry := range entries {
		b, err := scenarios.ReadFile(entry.Name())
		if err != nil {
			t.Fatal(err)
		}
		decoder := xml.NewDecoder(strings.NewReader(strings.Replace(string(b), "ISO-8859-1", "UTF-8", 1)))
		for err == nil {
			_, err = decoder.Token()
		}
		if !errors.Is(err, io.EOF) {
			t.Errorf("%s: %v", entry.Name(), err)
		}
	}
}
