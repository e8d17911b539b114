package grpcload

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
	"github.com/redirectd/redirectd/internal/proctest"
)

// TestAskEcho: the question is recorded and the answer is the one given.
func TestAskEcho(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	asked, answer, got := filepath.Join(dir, "asked"), filepath.Join(dir, "answer"), filepath.Join(dir, "got")
	question := &redirectv1.DecideRequest{PolicyState: []byte("state")}
	want := &redirectv1.DecideResponse{PolicyState: []byte("next")}
	for file, m := range map[string]proto.Message{filepath.Join(dir, "question"): question, answer: want} {
		if err := Save(file, m); err != nil {
			t.Fatal(err)
		}
	}
	address := proctest.FreeAddr(t).String()
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error)
	echo := &Echo{Record: asked, Response: answer}
	go func() { ended <- echo.Serve(ctx, address) }()
	asker := Asker{Target: address, Request: filepath.Join(dir, "question"), Save: got, InFlight: 2, Time: 50 * time.Millisecond}
	if n, err := asker.Ask(ctx); err != nil || n.Decisions != 1 {
		t.Fatalf("%+v, %v", n, err)
	}
	asker.Save = ""
	if n, err := asker.Ask(ctx); err != nil || n.Decisions == 0 || n.Failed != 0 {
		t.Errorf("%+v, %v", n, err)
	}
	recorded, answered := new(redirectv1.DecideRequest), new(redirectv1.DecideResponse)
	if err := Load(asked, recorded); err != nil || !proto.Equal(recorded, question) {
		t.Errorf("recorded %v, %v", recorded, err)
	}
	if err := Load(got, answered); err != nil || !proto.Equal(answered, want) {
		t.Errorf("answered %v, %v", answered, err)
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
