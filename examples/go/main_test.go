package main

import (
	"encoding/json"
	"os"
	"testing"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
)

// read decodes a table that every example here has to agree on.
func read[T any](t *testing.T, name string) (rows []T) {
	t.Helper()
	data, err := os.ReadFile("../testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &rows); err != nil {
		t.Fatal(err)
	}
	return rows
}

func TestDecide(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../routes.csv")
	if err != nil {
		t.Fatal(err)
	}
	routes, err := ParseRoutes("routes.csv", string(text))
	if err != nil {
		t.Fatal(err)
	}
	cases := read[struct {
		Name             string
		Question, Answer json.RawMessage
	}](t, "cases.json")
	if len(cases) < 40 {
		t.Errorf("only %d cases were found", len(cases))
	}
	for _, c := range cases {
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			var question redirectv1.DecideRequest
			var want redirectv1.DecideResponse
			if err := protojson.Unmarshal(c.Question, &question); err != nil {
				t.Fatal(err)
			}
			if err := protojson.Unmarshal(c.Answer, &want); err != nil {
				t.Fatal(err)
			}
			asked := proto.CloneOf(&question)
			got := decide(routes, &question)
			want.Explanation.PolicyVersion, want.Explanation.ConfigRevision = version, routes.Revision
			if !proto.Equal(got, &want) {
				t.Errorf("got\n%s\nwant\n%s", protojson.Format(got), protojson.Format(&want))
			}
			if !proto.Equal(asked, &question) {
				t.Error("the question was modified")
			}
		})
	}
}

func TestBrokenRoutes(t *testing.T) {
	t.Parallel()
	for _, b := range read[struct{ CSV, Error string }](t, "broken.json") {
		if _, err := ParseRoutes("routes.csv", b.CSV); err == nil || err.Error() != b.Error {
			t.Errorf("%q: got error %v, want %s", b.CSV, err, b.Error)
		}
	}
}

func TestRevisionIsOfTheContent(t *testing.T) {
	t.Parallel()
	one, errOne := ParseRoutes("routes.csv", "49, sip:gw.example, 0.01")
	other, errOther := ParseRoutes("routes.csv", "49, sip:gw.example, 0.02")
	if errOne != nil || errOther != nil || one.Revision == other.Revision {
		t.Errorf("got %+v, %v and %+v, %v", one, errOne, other, errOther)
	}
}
