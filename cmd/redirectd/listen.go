package main

import (
	"context"
	"fmt"
	"net"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

const (
	unixPrefix = "unix://"
	// maxSocketPath is what fits into the kernel's address with its final NUL.
	maxSocketPath = len(syscall.RawSockaddrUnix{}.Path) - 1
)

// checkListen finds what is wrong with an address before anything is opened.
func checkListen(addr string) error {
	if path, ok := strings.CutPrefix(addr, unixPrefix); ok {
		switch {
		case !filepath.IsAbs(path):
			return usagef("--listen %q has no absolute path; want unix:///PATH", addr)
		case strings.HasSuffix(path, "/"):
			return usagef("--listen %q names no file; want unix:///PATH", addr)
		case len(path) > maxSocketPath:
			return usagef("--listen: the path of the socket has %d bytes, more than %d: %s", len(path), maxSocketPath, path)
		}
		return nil
	}
	if err := checkHostPort(addr); err != nil {
		return usagef("--listen %q is neither HOST:PORT nor unix:///PATH: %w", addr, err)
	}
	return nil
}

// checkHostPort finds what is wrong with HOST:PORT; the host may be missing.
func checkHostPort(addr string) error {
	_, port, err := net.SplitHostPort(addr)
	if err != nil {
		return err
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return fmt.Errorf("port %q is no number from 0 to 65535", port)
	}
	return nil
}

// listen opens HOST:PORT or unix:///PATH. The socket of a process that is dead
// is replaced.
func listen(ctx context.Context, addr string) (net.Listener, error) {
	path, isUnix := strings.CutPrefix(addr, unixPrefix)
	if isUnix {
		return listenUnix(ctx, path)
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("gRPC listener: %w", err)
	}
	return l, nil
}

// listenAddr returns the address as a client names it.
func listenAddr(l net.Listener) string {
	if l.Addr().Network() == "unix" {
		return unixPrefix + l.Addr().String()
	}
	return l.Addr().String()
}
