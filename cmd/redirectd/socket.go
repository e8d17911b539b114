package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"sync"
	"syscall"
	"time"
)

// socketListener listens on a Unix socket, and removes it when it is closed.
type socketListener struct {
	*net.UnixListener
	close func() error
}

func (s *socketListener) Close() error { return s.close() }

func listenUnix(ctx context.Context, path string) (net.Listener, error) {
	if err := removeDead(ctx, path); err != nil {
		return nil, err
	}
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		return nil, fmt.Errorf("gRPC listener: %w", err)
	}
	l.SetUnlinkOnClose(false)
	own, err := os.Lstat(path)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("gRPC listener: %w", err), l.Close())
	}
	return &socketListener{l, sync.OnceValue(func() error {
		// While it is open no other file gets its inode, by which it is known.
		return errors.Join(removeOwn(path, own), l.Close())
	})}, nil
}

// removeOwn removes a socket, unless another process has put its own there.
func removeOwn(path string, own fs.FileInfo) error {
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) || err == nil && !os.SameFile(info, own) {
		return nil
	}
	if err != nil {
		return err
	}
	return os.Remove(path)
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
