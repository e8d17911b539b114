package callrecord

import (
	"bytes"
	"encoding/json"
	"sync"
)

// MaxBytes is how long a line can be, its end included.
const MaxBytes = 128 << 10

// steps are how texts (bytes) and lists (elements) are cut until a record is no
// longer than MaxBytes. The last one always is enough: a byte takes six at most
// ("\u0000").
var steps = []struct{ text, list int }{{2048, 64}, {256, 64}, {128, 16}, {48, 8}, {48, 4}}

// encoder writes JSON into a buffer of its own.
type encoder struct {
	buf  bytes.Buffer
	json *json.Encoder
}

var encoders = sync.Pool{New: func() any {
	e := &encoder{}
	e.json = json.NewEncoder(&e.buf)
	e.json.SetEscapeHTML(false) // <sip:a@b> shall be found by who greps for it
	return e
}}

// encode writes a line, with its end, and gives it to f. What is not UTF-8 becomes
// U+FFFD. A line over MaxBytes is shortened.
func encode(line Line, f func([]byte)) error {
	e := encoders.Get().(*encoder)
	defer e.done()
	if err := e.json.Encode(line); err != nil {
		return err
	}
	for _, step := range steps {
		if e.buf.Len() <= MaxBytes {
			break
		}
		e.buf.Reset()
		line.shorten(step.text, step.list)
		if err := e.json.Encode(line); err != nil {
			return err
		}
	}
	f(e.buf.Bytes())
	return nil
}

func (e *encoder) done() {
	if e.buf.Cap() > MaxBytes { // one long record shall not keep its memory
		return
	}
	e.buf.Reset()
	encoders.Put(e)
}
