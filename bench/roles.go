package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"time"

	"github.com/redirectd/redirectd/bench/floor"
	"github.com/redirectd/redirectd/bench/grpcload"
	"github.com/redirectd/redirectd/bench/httppolicy"
	"github.com/redirectd/redirectd/bench/probe"
	"github.com/redirectd/redirectd/bench/responder"
	"github.com/redirectd/redirectd/internal/goruntime"
)

// loopback is the address of a port.
func loopback(port uint16) netip.AddrPort {
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), port)
}

// parse reads the flags of a role.
func parse(name string, args []string, stderr io.Writer, define func(*flag.FlagSet)) error {
	flags := flag.NewFlagSet(name, flag.ContinueOnError)
	flags.SetOutput(stderr)
	define(flags)
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("%q is no flag", flags.Arg(0))
	}
	return nil
}

// respond is the redirect server and the targets.
func respond(ctx context.Context, args []string, _, stderr io.Writer) error {
	if err := parse("responder", args, stderr, func(*flag.FlagSet) {}); err != nil {
		return err
	}
	return responder.Serve(ctx, func() {})
}

// relay is the edge without a SIP stack.
func relay(ctx context.Context, args []string, _, stderr io.Writer) error {
	if err := parse("floor", args, stderr, func(*flag.FlagSet) {}); err != nil {
		return err
	}
	goruntime.Tune(ctx, slog.New(slog.DiscardHandler)) // a floor is the least that it can be
	return floor.Serve(ctx, loopback(edgePort), loopback(responder.Redirect))
}

// answerHTTP is the policy that Kamailio asks.
func answerHTTP(ctx context.Context, args []string, _, stderr io.Writer) error {
	if err := parse("httppolicy", args, stderr, func(*flag.FlagSet) {}); err != nil {
		return err
	}
	goruntime.Tune(ctx, slog.New(slog.DiscardHandler)) // as redirectd: what is compared is the rest
	return httppolicy.Serve(ctx)
}

// probeCalls prints the latency of some calls, as JSON.
func probeCalls(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	o := probe.Options{Target: loopback(responder.Target), Wait: 2 * time.Second}
	server := ""
	err := parse("probe", args, stderr, func(f *flag.FlagSet) {
		f.StringVar(&server, "server", loopback(edgePort).String(), "`HOST:PORT` that gets the INVITEs")
		f.StringVar(&o.Number, "number", responder.One.Number(), "`number` called")
		f.IntVar(&o.Calls, "calls", 400, "how many")
		f.Float64Var(&o.Rate, "rate", 200, "calls/s")
	})
	if err != nil {
		return err
	}
	if o.Server, err = netip.ParseAddrPort(server); err != nil {
		return err
	}
	result, err := probe.Run(ctx, o)
	if err != nil {
		return err
	}
	return json.NewEncoder(stdout).Encode(result)
}

// echo is grpc-go with an empty handler.
func echo(ctx context.Context, args []string, _, stderr io.Writer) error {
	e, address := &grpcload.Echo{}, ""
	err := parse("echo", args, stderr, func(f *flag.FlagSet) {
		f.StringVar(&address, "listen", policyAddress, "`HOST:PORT`")
		f.StringVar(&e.Record, "record", "", "`file` for the first request")
		f.StringVar(&e.Response, "response", "", "`file` with the answer")
	})
	if err != nil {
		return err
	}
	goruntime.Tune(ctx, slog.New(slog.DiscardHandler)) // as redirectd
	return e.Serve(ctx, address)
}

// ask prints how fast a policy answers, as JSON.
func ask(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	a := grpcload.Asker{}
	err := parse("asker", args, stderr, func(f *flag.FlagSet) {
		f.StringVar(&a.Target, "target", policyAddress, "gRPC `target`")
		f.StringVar(&a.Request, "request", "", "`file` with the question")
		f.StringVar(&a.Save, "save", "", "`file` for the answer to one question")
		f.IntVar(&a.InFlight, "in-flight", 16, "questions at a time")
		f.DurationVar(&a.Time, "time", time.Second, "how long to ask")
	})
	if err != nil {
		return err
	}
	answered, err := a.Ask(ctx)
	if err != nil {
		return err
	}
	return json.NewEncoder(stdout).Encode(answered)
}
