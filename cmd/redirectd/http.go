package main

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/spf13/pflag"

	"github.com/redirectd/redirectd/internal/policy/policyhttp"
	"github.com/redirectd/redirectd/internal/policy/policyrpc"
)

// httpOptions are the flags about the contract over HTTP, which is off without them.
type httpOptions struct{ listen, secrets string }

func (o *httpOptions) flags(f *pflag.FlagSet) {
	f.StringVar(&o.listen, "http", "", "HTTP `address` of the policy for programs without gRPC, HOST:PORT, without TLS; default none")
	f.StringVar(&o.secrets, "http-secrets", "", "`file` of the secrets that sign tokens of /v1/next, the same for all replicas; default one of this process")
}

func (o *httpOptions) validate() error {
	if o.listen == "" {
		if o.secrets != "" {
			return usagef("--http-secrets is for --http, which is not given")
		}
		return nil
	}
	if err := checkHostPort(o.listen); err != nil {
		return usagef("--http %q is no HOST:PORT: %w", o.listen, err)
	}
	if host, port, _ := net.SplitHostPort(o.listen); host == "" {
		return usagef("--http %q has no host; want 127.0.0.1:%s, or [::]:%s for whoever can reach this machine", o.listen, port, port)
	}
	return nil
}

const (
	maxSecrets = 8
	// maxSecretsFile is plenty for that many, and comments.
	maxSecretsFile = 64 << 10
)

// readSecrets reads a file of secrets: one on a line, in hexadecimal, the one that
// signs first. Lines that begin with # are comments.
func readSecrets(path string) ([][]byte, error) {
	if path == "" {
		return nil, nil
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	if len(data) > maxSecretsFile {
		return nil, fmt.Errorf("%s has more than %d bytes", path, maxSecretsFile)
	}
	var secrets [][]byte
	number := 0
	for line := range bytes.Lines(data) {
		number++
		line = bytes.TrimSpace(line)
		if len(line) == 0 || line[0] == '#' {
			continue
		}
		secret, err := hex.DecodeString(string(line))
		if err != nil || len(secret) < 16 || len(secret) > 64 {
			return nil, fmt.Errorf("%s:%d: want 32 to 128 hexadecimal digits, such as openssl rand -hex 32 prints", path, number)
		}
		if len(secrets) == maxSecrets {
			return nil, fmt.Errorf("%s:%d: more than %d secrets", path, number, maxSecrets)
		}
		secrets = append(secrets, secret)
	}
	if len(secrets) == 0 {
		return nil, fmt.Errorf("%s: no secret in it; want 32 to 128 hexadecimal digits on a line, such as openssl rand -hex 32 prints", path)
	}
	return secrets, nil
}

// httpDoor is the listener of --http. A nil one is none.
type httpDoor struct {
	*policyhttp.Server
	net.Listener
}

// openHTTP binds the address of --http, if there is one.
func openHTTP(ctx context.Context, o *serveOptions, secrets [][]byte, rpc *policyrpc.Server, registry prometheus.Registerer, logger *slog.Logger) (*httpDoor, error) {
	if o.http.listen == "" {
		return nil, nil //nolint:nilnil // a nil door is one that is not there
	}
	server, err := policyhttp.New(rpc, policyhttp.Options{
		Logger: logger, Registerer: registry, Secrets: secrets, MaxConnectionAge: o.maxConnectionAge,
	})
	if err != nil {
		return nil, err
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", o.http.listen)
	if err != nil {
		return nil, fmt.Errorf("HTTP listener: %w", err)
	}
	return &httpDoor{server, listener}, nil
}

// serve answers until drained.
func (d *httpDoor) serve() error { return d.Serve(d.Listener) }

// drain ends it as [policyhttp.Server.Drain] does.
func (d *httpDoor) drain(ctx context.Context) error {
	if d == nil {
		return nil
	}
	return d.Drain(ctx)
}

// drainAll drains both protocols at once.
func drainAll(ctx context.Context, rpc *policyrpc.Server, door *httpDoor) error {
	done := make(chan error, 1)
	go func() { done <- door.drain(ctx) }()
	return errors.Join(rpc.Drain(ctx), <-done)
}

// fields say where it listens, for the log.
func (d *httpDoor) fields(secrets [][]byte) []any {
	switch {
	case d == nil:
		return nil
	case len(secrets) > 0:
		return []any{"http", d.Addr().String(), "http_tokens", "signed with --http-secrets"}
	}
	return []any{"http", d.Addr().String(), "http_tokens", "of this process only"}
}
