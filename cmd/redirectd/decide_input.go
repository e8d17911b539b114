package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"
	"google.golang.org/protobuf/encoding/protojson"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
	"github.com/redirectd/redirectd/internal/sipcontract"
	"github.com/redirectd/redirectd/internal/strictyaml"
)

// maxInput is the longest question that decide reads, in bytes: JSON takes more
// than the 256 KiB that the server takes.
const maxInput = 1 << 20

// question is what decide was asked.
type question struct {
	req   *redirectv1.DecideRequest
	isSIP bool     // it was read from SIP messages
	notes []string // what was assumed
}

func (q *question) note(text string) { q.notes = append(q.notes, text) }

// decideInput says where the question is.
type decideInput struct {
	invite, response string // files
	advice           bool
}

func (o *decideInput) flags(f *pflag.FlagSet) {
	f.StringVar(&o.invite, "invite", "", "`file` with the INVITE, or another request, as text")
	f.StringVar(&o.response, "response", "", "`file` with the 3xx as text")
	f.BoolVar(&o.advice, "advice", false, "take a response from 400 to 699 too: the advice of a redirect server")
}

// read reads the files that flags name, or the one in args, or stdin if there is
// none or it is "-".
func (o *decideInput) read(args []string, stdin io.Reader) (*question, error) {
	if o.invite != "" || o.response != "" {
		return o.readTwo(args, stdin)
	}
	name := "-"
	if len(args) == 1 {
		name = args[0]
	}
	file, err := readInput(name, stdin)
	if err != nil {
		return nil, err
	}
	if bytes.HasPrefix(bytes.TrimSpace(file.text), []byte("{")) {
		return file.json()
	}
	messages, err := sipcontract.Split(file.text)
	if err != nil {
		return nil, file.at(err)
	}
	var request, response part
	for _, m := range messages {
		p := part{input: file, text: m.Raw, line: m.Line}
		if m.IsRequest() && request.text == nil {
			request = p
		} else {
			response = p
		}
	}
	switch {
	case len(messages) == 0:
		return nil, fmt.Errorf("%s is empty; want a DecideRequest as JSON, or an INVITE and the 3xx that answered it", file.name)
	case response.text == nil:
		return nil, fmt.Errorf("%s: there is no response to the request; want a 3xx after it", request.where(1))
	case len(messages) > 1 && request.text == nil:
		return nil, fmt.Errorf("%s: a second response begins here; want a request and its response", response.where(1))
	}
	return o.question(request, response)
}

func (o *decideInput) readTwo(args []string, stdin io.Reader) (*question, error) {
	switch {
	case len(args) > 0:
		return nil, usagef("FILE %s is given beside --invite and --response", args[0])
	case o.response == "":
		return nil, usagef("--invite is given without --response: which 3xx answered it?")
	case o.invite == "-" && o.response == "-":
		return nil, usagef("--invite and --response can't both be standard input; give it as FILE")
	}
	var request part
	if o.invite != "" {
		file, err := readInput(o.invite, stdin)
		if err != nil {
			return nil, err
		}
		request = part{input: file, text: file.text, line: 1}
		if len(bytes.TrimSpace(file.text)) == 0 {
			return nil, fmt.Errorf("%s is empty; want a request", file.name)
		}
	}
	file, err := readInput(o.response, stdin)
	if err != nil {
		return nil, err
	}
	return o.question(request, part{input: file, text: file.text, line: 1})
}

// question makes the question of two messages; the request may be none.
func (o *decideInput) question(request, response part) (*question, error) {
	req, err := sipcontract.Question(request.text, response.text, sipcontract.Options{Advice: o.advice, AskedAt: time.Now().Truncate(time.Millisecond)})
	if err != nil {
		in := response
		e, ok := errors.AsType[*sipcontract.Error](err)
		if !ok {
			return nil, err
		}
		if e.In == sipcontract.InRequest {
			in = request
		}
		text := e.Text
		if errors.Is(err, sipcontract.ErrAdvice) {
			text += ", or --advice if a redirect server that is nothing else said it"
		}
		return nil, fmt.Errorf("%s: %s", in.where(e.Line), text)
	}
	q := &question{req: req, isSIP: true}
	if request.text == nil {
		q.note("no request was given: " + req.GetCall().GetMethod() + " " + req.GetCall().GetRequestUri().GetText() +
			" is made up of To, From, Call-ID and CSeq of the response")
	}
	if req.GetRedirect() != nil && len(req.GetRedirect().GetContacts()) == 0 {
		for _, h := range req.GetRedirect().GetResponse().GetHeaders() {
			if strictyaml.Nearest(h.GetName(), []string{"Contact"}) != "" {
				q.note("the response has no Contact; is " + strconv.Quote(h.GetName()) + " meant to be it?")
				break
			}
		}
	}
	return q, nil
}

// input is a file, read.
type input struct {
	name string
	text []byte
}

// part is a message in a file.
type part struct {
	input
	text []byte
	line int // where it begins
}

// where names a line of the message.
func (p part) where(line int) string { return fmt.Sprintf("%s:%d", p.name, p.line+line-1) }

// readInput reads a file, or stdin if its name is "-".
func readInput(name string, stdin io.Reader) (input, error) {
	from := stdin
	if name == "-" {
		name = "standard input"
	} else {
		file, err := os.Open(name)
		if err != nil {
			return input{}, fmt.Errorf("read the request: %w", err)
		}
		defer func() { _ = file.Close() }() // only read
		from = file
	}
	data, err := io.ReadAll(io.LimitReader(from, maxInput+1))
	if err != nil {
		return input{}, failure{fmt.Errorf("read the request: %w", err)}
	}
	if len(data) > maxInput {
		return input{}, fmt.Errorf("%s has more than %d bytes", name, maxInput)
	}
	return input{name, data}, nil
}

func (f input) json() (*question, error) {
	req := &redirectv1.DecideRequest{}
	if err := protojson.Unmarshal(f.text, req); err != nil {
		return nil, fmt.Errorf("%s is no DecideRequest: %w", f.name, jsonError(err))
	}
	return &question{req: req}, nil
}

// jsonError takes off the prefix of the library, whose blank is now a space and
// now a no-break space, so that nobody relies on it.
func jsonError(err error) error {
	text := strings.ReplaceAll(err.Error(), "\u00a0", " ")
	return errors.New(strings.TrimPrefix(text, "proto: "))
}

// at puts the name of the file before the line of an error about its text. One that
// begins in no form is told of all.
func (f input) at(err error) error {
	e, ok := errors.AsType[*sipcontract.Error](err)
	if !ok {
		return err
	}
	text := e.Text
	if errors.Is(err, sipcontract.ErrNoStartLine) {
		text += ", or a DecideRequest as JSON"
	}
	return fmt.Errorf("%s:%d: %s", f.name, e.Line, text)
}
