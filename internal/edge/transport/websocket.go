package transport

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"time"
	"unicode/utf8"

	"github.com/gobwas/ws"
	"github.com/gobwas/ws/wsutil"

	"github.com/redirectd/redirectd/internal/edge/message"
)

// frames reads the messages of a WebSocket connection, each of which is one of
// SIP (RFC 7118 section 5.1). It belongs to the goroutine of its connection.
type frames struct {
	c       *conn
	watch   watch
	in      *bufio.Reader
	ws      wsutil.Reader
	inside  bool // a message has begun
	goodbye bool // the peer has said it, and has been answered
	buf     bytes.Buffer
	m       message.Message
}

func (c *conn) readFrames() error {
	f := &frames{c: c, watch: watch{c: c, heard: time.Now()}}
	f.in = bufio.NewReaderSize(io.MultiReader(bytes.NewReader(c.early), f), framerSmall)
	f.ws = wsutil.Reader{Source: f.in, State: c.side(), CheckUTF8: true, OnIntermediate: f.control}
	for {
		f.inside = f.in.Buffered() > 0
		err := f.next()
		if err != nil {
			return f.close(err)
		}
		f.watch.message()
	}
}

// Read reads from the connection; the first byte starts the time of a message.
func (f *frames) Read(b []byte) (int, error) {
	n, err := f.watch.read(b, f.inside)
	f.inside = true
	return n, err
}

// side is which end of the WebSocket we are: clients mask what they send.
func (c *conn) side() ws.State {
	if c.accepted() {
		return ws.StateServerSide
	}
	return ws.StateClientSide
}

// next reads one message, of SIP or of the WebSocket's own.
func (f *frames) next() error {
	h, err := f.ws.NextFrame()
	switch {
	case err != nil:
		return err
	case h.OpCode.IsControl():
		if err = f.control(h, &f.ws); err != nil {
			return err
		}
		return f.ws.Discard()
	}
	if f.buf.Cap() > queueKept {
		f.buf = bytes.Buffer{}
	}
	f.buf.Reset()
	n, err := f.buf.ReadFrom(io.LimitReader(&f.ws, message.MaxSize+1))
	if err != nil {
		return err
	}
	if n > message.MaxSize {
		err = fmt.Errorf("message is of more than %d bytes: %w", message.MaxSize, message.ErrTooLarge)
		f.c.set.refuse(f.c.flow, &f.m, f.buf.Bytes(), err)
		return err
	}
	f.receive(f.buf.Bytes())
	return nil
}

func (f *frames) receive(b []byte) {
	switch {
	case string(b) == "\r\n\r\n":
		f.c.pong(1)
	case !isKeepAlive(b):
		f.c.set.receive(f.c.flow, &f.m, b)
	}
}

// control answers a ping or a close (RFC 6455 section 5.5). It is called for those
// that stand between the fragments of a message as well.
func (f *frames) control(h ws.Header, payload io.Reader) error {
	var answer bytes.Buffer
	handler := wsutil.ControlHandler{Src: payload, Dst: &answer, State: f.c.side(), DisableSrcCiphering: true}
	err := handler.Handle(h)
	f.goodbye = h.OpCode == ws.OpClose
	if answer.Len() > 0 {
		_ = f.c.enqueue(answer.Bytes()) // its error ends the connection, and is why
	}
	return err
}

// close says why the connection ends, unless the peer has done so or is gone.
func (f *frames) close(cause error) error {
	status := closeStatus(cause)
	if f.goodbye || status == 0 {
		return cause
	}
	_ = f.c.enqueue(f.c.frame(ws.OpClose, ws.NewCloseFrameBody(status, "")))
	if status == ws.StatusGoingAway {
		return cause
	}
	return unframable{cause}
}

// closeStatus is the status code (RFC 6455 section 7.4.1) for what ended our
// reading; 0 if there is nobody to tell.
func closeStatus(cause error) ws.StatusCode {
	var network net.Error
	switch {
	case errors.Is(cause, message.ErrTooLarge):
		return ws.StatusMessageTooBig
	case errors.Is(cause, wsutil.ErrInvalidUTF8):
		return ws.StatusInvalidFramePayloadData
	case errors.Is(cause, ErrClosed), errors.Is(cause, os.ErrDeadlineExceeded):
		return ws.StatusGoingAway
	case errors.Is(cause, io.EOF), errors.Is(cause, io.ErrUnexpectedEOF), errors.As(cause, &network):
		return 0
	default:
		return ws.StatusProtocolError
	}
}

// wrap makes the WebSocket message of one of SIP. Text has to be UTF-8.
func (c *conn) wrap(b []byte) []byte {
	if utf8.Valid(b) {
		return c.frame(ws.OpText, b)
	}
	return c.frame(ws.OpBinary, b)
}

func (c *conn) frame(op ws.OpCode, payload []byte) []byte {
	f := ws.NewFrame(op, true, payload)
	if c.side().ClientSide() {
		f = ws.MaskFrame(f)
	}
	b, _ := ws.CompileFrame(f) // writes to memory: no error
	return b
}
