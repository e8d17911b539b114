package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

const unixPrefix = "unix://"

// checkListen finds what is wrong with an address before anything is opened.
func checkListen(addr string) error {
	if path, ok := strings.CutPrefix(addr, unixPrefix); ok {
		if !filepath.IsAbs(path) {
			return usagef("--listen %q has no absolute path; want unix:///PATH", addr)
		}
		return nil
	}
	if _, _, err := net.SplitHostPort(addr); err != nil {
		return usagef("--listen %q is neither HOST:PORT nor unix:///PATH: %w", addr, err)
	}
	return nil
}

// listen opens HOST:PORT or unix:///PATH. The socket of a process that is dead
// is replaced; that of this one is removed when it is closed.
func listen(ctx context.Context, addr string) (net.Listener, error) {
	network := "tcp"
	if path, ok := strings.CutPrefix(addr, unixPrefix); ok {
		if err := removeDead(ctx, path); err != nil {
			return nil, err
		}
		network, addr = "unix", path
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, network, addr)
	if err != nil {
		return nil, fmt.Errorf("gRPC listener: %w", err)
	}
	return l, nil
}

// removeDead removes a socket that nobody listens on any more.
func removeDead(ctx context.Context, path string) error {
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("gRPC listener: %w", err)
	}
	if info.Mode().Type() != fs.ModeSocket {
		return fmt.Errorf("gRPC listener: %s is there and is no socket", path)
	}
	conn, err := (&net.Dialer{Timeout: time.Second}).DialContext(ctx, "unix", path)
	if err == nil {
		return errors.Join(fmt.Errorf("gRPC listener: another process listens on %s", path), conn.Close())
	}
	if !errors.Is(err, syscall.ECONNREFUSED) {
		return fmt.Errorf("gRPC listener: is %s in use? %w", path, err)
	}
	if err := os.Remove(path); err != nil {
		return fmt.Errorf("gRPC listener: remove the socket of a dead process: %w", err)
	}
	return nil
}

// listenAddr returns the address as a client names it.
func listenAddr(l net.Listener) string {
	if l.Addr().Network() == "unix" {
		return unixPrefix + l.Addr().String()
	}
	return l.Addr().String()
}
