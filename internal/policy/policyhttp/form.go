package policyhttp

import (
	"bytes"
	"encoding/json"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/redirectd/redirectd/internal/next"
	"github.com/redirectd/redirectd/internal/sipcontract"
)

// form is how a question, or an answer, is written.
type form string

// The forms, by their media type.
const (
	asJSON = form("application/json")
	asText = form("text/plain")
	asForm = form("application/x-www-form-urlencoded")
)

// formOf returns the form of a question: what its Content-Type says, and what curl
// and Asterisk send if they are not told.
func formOf(r *http.Request) (form, error) {
	header := r.Header.Get("Content-Type")
	media, _, err := mime.ParseMediaType(header)
	if header == "" {
		return asText, nil
	}
	if f := form(media); err == nil && slices.Contains([]form{asJSON, asText, asForm}, f) {
		return f, nil
	}
	return asText, &next.Error{Field: "Content-Type", Text: fmt.Sprintf("%.64q is none of %s, %s, %s", header, asJSON, asText, asForm)}
}

// answerForm returns the form of the answer: what Accept asks for, or that of the
// question.
func answerForm(r *http.Request, question form) form {
	for _, accept := range r.Header.Values("Accept") {
		for one := range strings.SplitSeq(accept, ",") {
			media, _, _ := mime.ParseMediaType(one)
			if f := form(media); slices.Contains([]form{asJSON, asText, asForm}, f) {
				return f
			}
		}
	}
	return question
}

// fields are the values of a question by name, in lower case with underscores.
type fields map[string][]string

func (f fields) add(name, value string) {
	name = strings.ReplaceAll(strings.ToLower(name), "-", "_")
	if plural, ok := plurals[name]; ok {
		name = plural
	}
	f[name] = append(f[name], value)
}

// plurals are what lists are called where each value stands for itself.
var plurals = map[string]string{
	"contact": "contacts", "attribute": "attributes", "feature": "features", "allowed_header": "allowed_headers",
}

// read reads the fields of a body.
func (f fields) read(is form, body []byte) error {
	switch is {
	case asJSON:
		return f.readJSON(body)
	case asForm:
		values, err := url.ParseQuery(string(body))
		if err != nil {
			return &next.Error{Field: "body", Text: err.Error()}
		}
		f.addAll(values)
		return nil
	case asText:
	}
	return f.readText(body)
}

func (f fields) addAll(values url.Values) {
	for name, list := range values {
		for _, value := range list {
			f.add(name, value)
		}
	}
}

// readText reads lines "Name: value", and then the text of SIP messages.
func (f fields) readText(body []byte) error {
	for len(body) > 0 {
		line, rest, _ := bytes.Cut(body, []byte("\n"))
		line = bytes.TrimRight(line, " \t\r")
		name, value, ok := strings.Cut(string(line), ":")
		if len(line) > 0 && (!ok || strings.ContainsAny(name, " \t/")) {
			break // the start line of a message
		}
		if len(line) > 0 {
			f.add(name, strings.TrimSpace(value))
		}
		body = rest
	}
	messages, err := sipcontract.Split(body)
	if err != nil {
		return &next.Error{Field: "body", Text: "after the fields, " + err.Error()}
	}
	for _, m := range messages {
		name := "response"
		if m.IsRequest() {
			name = "invite"
		}
		f.add(name, string(m.Raw))
	}
	return nil
}

// readJSON reads an object of strings, numbers, booleans, lists of strings, and the
// object of attributes.
func (f fields) readJSON(body []byte) error {
	var object map[string]json.RawMessage
	if err := json.Unmarshal(body, &object); err != nil {
		return &next.Error{Field: "body", Text: err.Error() + "; want a JSON object"}
	}
	for name, raw := range object {
		if err := f.readValue(name, raw); err != nil {
			return err
		}
	}
	return nil
}

func (f fields) readValue(name string, raw json.RawMessage) error {
	var value any
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	if err := decoder.Decode(&value); err != nil {
		return &next.Error{Field: name, Text: err.Error()}
	}
	switch v := value.(type) {
	case nil:
	case []any:
		for i, one := range v {
			text, ok := one.(string)
			if !ok {
				return &next.Error{Field: fmt.Sprintf("%s[%d]", name, i), Text: "it is no string"}
			}
			f.add(name, text)
		}
	case map[string]any:
		for key, one := range v {
			text, ok := one.(string)
			if !ok {
				return &next.Error{Field: name + "." + key, Text: "it is no string"}
			}
			f.add(name, key+"="+text)
		}
	default:
		f.add(name, fmt.Sprint(v))
	}
	return nil
}
