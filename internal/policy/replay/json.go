package replay

import (
	"bytes"
	"encoding/json"
	"io"

	"google.golang.org/protobuf/encoding/protojson"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
	"github.com/redirectd/redirectd/internal/policy/compare"
)

// difference is a result as JSON has it.
type difference struct {
	Kind         compare.Kind `json:"kind"`
	File         string       `json:"file"`
	Line         int          `json:"line"`
	CallID       string       `json:"call_id"`
	RequestID    string       `json:"request_id"`
	Findings     []finding    `json:"findings"`
	StateDropped bool         `json:"state_dropped"`
	Then         side         `json:"then"`
	Now          side         `json:"now"`
}

// finding is one thing that differs.
type finding struct {
	Kind compare.Kind `json:"kind"`
	What string       `json:"what"`
	Then string       `json:"then"`
	Now  string       `json:"now"`
}

// side is an answer, or why there is none.
type side struct {
	Rule           string          `json:"rule"`
	Text           string          `json:"text"`
	PolicyVersion  string          `json:"policy_version,omitempty"`
	ConfigRevision string          `json:"config_revision,omitempty"`
	Answer         json.RawMessage `json:"answer,omitempty"`
}

// WriteJSON writes a result as one line.
func (r *Result) WriteJSON(w io.Writer) error {
	d := difference{
		Kind: r.Difference.Kind, File: r.File, Line: r.Line,
		CallID: r.Recorded.Question.GetCall().GetCallId(), RequestID: r.Recorded.Question.GetRequestId(),
		Findings: []finding{}, StateDropped: r.StateDropped,
		Then: side{Rule: r.Then.Rule, Text: r.Then.Text},
		Now:  side{Rule: r.Now.Rule, Text: r.Now.Text},
	}
	for _, f := range r.Difference.Findings {
		d.Findings = append(d.Findings, finding{f.Kind, f.What, f.A, f.B})
	}
	if err := d.Then.add(r.Recorded.Answer); err != nil {
		return err
	}
	if err := d.Now.add(r.Answer); err != nil {
		return err
	}
	var line bytes.Buffer
	encoder := json.NewEncoder(&line)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(&d); err != nil {
		return err
	}
	_, err := w.Write(line.Bytes())
	return err
}

func (s *side) add(answer *redirectv1.DecideResponse) (err error) {
	if answer == nil {
		return nil
	}
	s.PolicyVersion = answer.GetExplanation().GetPolicyVersion()
	s.ConfigRevision = answer.GetExplanation().GetConfigRevision()
	s.Answer, err = protojson.Marshal(answer)
	return err
}
