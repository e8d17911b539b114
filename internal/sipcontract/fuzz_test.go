package sipcontract_test

import (
	"bytes"
	"errors"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/redirectd/redirectd/internal/edge/message"
	"github.com/redirectd/redirectd/internal/edge/message/messagetest"
	"github.com/redirectd/redirectd/internal/sipcontract"
)

// FuzzQuestion reads anything: what is taken is a question that can be sent, and
// within its bounds; the bytes given stay as they are.
func FuzzQuestion(f *testing.F) {
	f.Add([]byte(invite), []byte(moved))
	f.Add([]byte(nil), []byte(lf(moved)))
	f.Add([]byte(lf(invite)), []byte(moved))
	for _, raw := range messagetest.Torture(f) {
		f.Add([]byte(raw), []byte(moved))
		f.Add([]byte(nil), []byte(raw))
	}
	f.Fuzz(func(t *testing.T, request, response []byte) {
		requestWas, responseWas := bytes.Clone(request), bytes.Clone(response)
		q, err := sipcontract.Question(request, response, sipcontract.Options{Advice: true})
		if !bytes.Equal(request, requestWas) || !bytes.Equal(response, responseWas) {
			t.Error("what was given has changed")
		}
		if err != nil {
			e, ok := errors.AsType[*sipcontract.Error](err)
			if !ok || e.In == "" || e.Line < 1 || e.Line > 2+max(bytes.Count(request, []byte("\n")), bytes.Count(response, []byte("\n"))) {
				t.Errorf("error %#v", err)
			}
			return
		}
		if _, err := proto.Marshal(q); err != nil {
			t.Errorf("it cannot be sent: %v", err)
		}
		if q.GetCall().GetRequestUri() == nil || len(q.GetRedirect().GetContacts()) > sipcontract.MaxContacts {
			t.Errorf("got %v", q)
		}
	})
}

// FuzzSplit: a message that was found is found again, alone and the same.
func FuzzSplit(f *testing.F) {
	f.Add([]byte(invite + moved))
	f.Add([]byte(lf(invite + "\n" + moved)))
	for _, raw := range messagetest.Torture(f) {
		f.Add([]byte(raw + moved))
		f.Add([]byte(moved + raw))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		messages, err := sipcontract.Split(text)
		if err != nil {
			return
		}
		line := 0
		for _, m := range messages {
			if m.Line <= line || len(m.Raw) > message.MaxSize {
				t.Errorf("a message in line %d after %d, %d bytes", m.Line, line, len(m.Raw))
			}
			line = m.Line
			again, err := sipcontract.Split(m.Raw)
			if err != nil || len(again) != 1 || !bytes.Equal(again[0].Raw, m.Raw) {
				t.Errorf("%q is %+v, %v", m.Raw, again, err)
			}
		}
	})
}
