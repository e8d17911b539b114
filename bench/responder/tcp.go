package responder

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"strconv"
	"strings"
)

// serveTCP answers on every connection to a port until the listener is closed.
func (s *server) serveTCP(listener *net.TCPListener, port int) {
	for {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		s.wait.Go(func() {
			defer func() { _ = conn.Close() }() // the edge is gone
			s.serveConn(conn, port)
		})
	}
}

// serveConn ends with the connection: the edge is stopped before the responder.
func (s *server) serveConn(conn net.Conn, port int) {
	reader, out := bufio.NewReaderSize(conn, 1<<16), make([]byte, 0, 4096)
	var message []byte
	for {
		var err error
		if message, err = readMessage(reader, message[:0]); err != nil {
			return
		}
		s.answer(message, out, port, ";transport=tcp", func(b []byte) {
			_, _ = conn.Write(b) // the next read tells
		})
	}
}

// readMessage appends one message of a stream to b, cut at its Content-Length.
func readMessage(reader *bufio.Reader, b []byte) ([]byte, error) {
	length := 0
	for {
		line, err := reader.ReadSlice('\n')
		if err != nil {
			return nil, err
		}
		if len(b) == 0 && len(line) <= 2 {
			continue // a keep-alive between messages
		}
		b = append(b, line...)
		if len(line) <= 2 {
			break
		}
		if value, ok := bytes.CutPrefix(line, []byte("Content-Length:")); ok {
			if length, err = strconv.Atoi(strings.TrimSpace(string(value))); err != nil {
				return nil, err
			}
		}
	}
	head := len(b)
	b = append(b, make([]byte, length)...)
	_, err := io.ReadFull(reader, b[head:])
	return b, err
}
