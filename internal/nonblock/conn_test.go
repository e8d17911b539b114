package nonblock_test

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/redirectd/redirectd/internal/nonblock"
)

// pair returns both ends of a connection.
func pair(t *testing.T, network, at string) (a, b net.Conn) {
	t.Helper()
	l, err := net.Listen(network, at)
	if err != nil {
		t.Fatal(err)
	}
	l = nonblock.Listen(l)
	defer func() { _ = l.Close() }()
	dialed, err := net.Dial(network, l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	accepted, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	a, b = nonblock.Wrap(dialed), accepted
	t.Cleanup(func() { _ = a.Close(); _ = b.Close() })
	return a, b
}

func each(t *testing.T, f func(t *testing.T, a, b net.Conn)) {
	t.Helper()
	t.Run("tcp", func(t *testing.T) {
		a, b := pair(t, "tcp", "127.0.0.1:0")
		f(t, a, b)
	})
	t.Run("unix", func(t *testing.T) {
		a, b := pair(t, "unix", filepath.Join(t.TempDir(), "s"))
		f(t, a, b)
	})
}

// TestAllBytesArrive although neither side is always ready.
func TestAllBytesArrive(t *testing.T) {
	each(t, func(t *testing.T, a, b net.Conn) {
		t.Helper()
		want := bytes.Repeat([]byte("0123456789"), 1<<20)
		go func() {
			_, _ = a.Write(want)
			_ = a.Close()
		}()
		got, err := io.ReadAll(b)
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%d bytes arrived (%v), want %d", len(got), err, len(want))
		}
	})
}

// TestDeadlines end what waits, as they do of any connection.
func TestDeadlines(t *testing.T) {
	each(t, func(t *testing.T, a, _ net.Conn) {
		t.Helper()
		_ = a.SetDeadline(time.Now().Add(20 * time.Millisecond))
		if _, err := a.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("reading: %v, want that the deadline has passed", err)
		}
		var timeout net.Error
		if _, err := a.Write(make([]byte, 64<<20)); !errors.As(err, &timeout) || !timeout.Timeout() {
			t.Errorf("writing what nobody reads: %v, want a timeout", err)
		}
	})
}

// TestCloseEndsWhatWaits with the error that package net has for it.
func TestCloseEndsWhatWaits(t *testing.T) {
	each(t, func(t *testing.T, a, _ net.Conn) {
		t.Helper()
		ended := make(chan error)
		go func() {
			_, err := a.Read(make([]byte, 1))
			ended <- err
		}()
		_ = a.Close()
		if err := <-ended; !errors.Is(err, net.ErrClosed) {
			t.Errorf("reading: %v, want net.ErrClosed", err)
		}
		if _, err := a.Write([]byte("x")); !errors.Is(err, net.ErrClosed) {
			t.Errorf("writing: %v, want net.ErrClosed", err)
		}
	})
}

// TestPeerIsGone is an error of writing, sooner or later, and the end of reading.
func TestPeerIsGone(t *testing.T) {
	each(t, func(t *testing.T, a, b net.Conn) {
		t.Helper()
		_ = b.Close()
		if n, err := a.Read(make([]byte, 1)); n != 0 || !errors.Is(err, io.EOF) {
			t.Errorf("reading: %d, %v, want io.EOF", n, err)
		}
		_ = a.SetWriteDeadline(time.Now().Add(10 * time.Second))
		for {
			_, err := a.Write(make([]byte, 1<<16))
			if errors.Is(err, os.ErrDeadlineExceeded) {
				t.Fatal("writing: no error")
			}
			var op *net.OpError
			if errors.As(err, &op) && op.Op == "write" {
				return
			}
		}
	})
}

// TestCloseWrite ends one direction.
func TestCloseWrite(t *testing.T) {
	each(t, func(t *testing.T, a, b net.Conn) {
		t.Helper()
		if err := a.(interface{ CloseWrite() error }).CloseWrite(); err != nil {
			t.Fatal(err)
		}
		if _, err := b.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
			t.Errorf("the peer reads %v, want io.EOF", err)
		}
		if _, err := b.Write([]byte("x")); err != nil {
			t.Error(err)
		}
		if n, err := a.Read(make([]byte, 1)); n != 1 || err != nil {
			t.Errorf("the other direction: %d, %v", n, err)
		}
	})
}

// TestNoSocket is left as it is.
func TestNoSocket(t *testing.T) {
	a, b := net.Pipe()
	defer func() { _ = b.Close() }()
	if nonblock.Wrap(a) != a {
		t.Error("a pipe was wrapped")
	}
	_ = a.Close()
}

func TestNothingIsReadIntoNothing(t *testing.T) {
	each(t, func(t *testing.T, a, _ net.Conn) {
		t.Helper()
		if n, err := a.Read(nil); n != 0 || err != nil {
			t.Errorf("read %d, %v", n, err)
		}
	})
}
