package logs

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"sync"
	"testing"
	"time"
)

// safe is a buffer for two goroutines.
type safe struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (s *safe) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.buf.Write(p)
}

func (s *safe) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.buf.String()
}

func follow(ctx context.Context, config ReadConfig, l *Log, to io.Writer) <-chan error {
	config.Log, config.Follow = l, true
	done := make(chan error, 1)
	go func() { done <- Read(ctx, config, to, to) }()
	return done
}

func ended(t *testing.T, done <-chan error) {
	t.Helper()
	select {
	case err := <-done:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("the follower did not end")
	}
}

func waitFor(t *testing.T, condition func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !condition(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("did not happen")
		}
	}
}

func TestFollowMissesAndRepeatsNothing(t *testing.T) {
	for name, options := range map[string]map[string]string{
		"one file":       nil,
		"three files":    {"max-size": "2k", "max-file": "3"},
		"file begun new": {"max-size": "2k"},
	} {
		t.Run(name, func(t *testing.T) {
			l, path := newLog(t, options)
			const lines = 20000
			io.WriteString(l.Stdout(), numbers(0, 10))
			var fromStart, fromTail safe
			first := follow(t.Context(), all(path), l, &fromStart)
			tail := all(path)
			tail.Tail = 3
			second := follow(t.Context(), tail, l, &fromTail)
			// Both have begun when they have said the last line.
			waitFor(t, func() bool {
				return strings.HasSuffix(fromStart.String(), "line 9\n") && strings.HasSuffix(fromTail.String(), "line 9\n")
			})
			for i := 10; i < lines; {
				n := min(lines, i+i%60+1)
				io.WriteString(l.Stdout(), numbers(i, n))
				i = n
			}
			io.WriteString(l.Stdout(), "the end")
			if err := l.Close(); err != nil {
				t.Fatal(err)
			}
			ended(t, first)
			ended(t, second)
			if got := fromStart.String(); got != numbers(0, lines)+"the end" {
				t.Errorf("from the start: %d lines of %d, ends %q", strings.Count(got, "\n"), lines, got[max(0, len(got)-30):])
			}
			if got := fromTail.String(); got != numbers(7, lines)+"the end" {
				t.Errorf("from the tail: %d lines of %d, starts %.30q", strings.Count(got, "\n"), lines-7, got)
			}
			l.mu.Lock()
			defer l.mu.Unlock()
			if len(l.followers) > 0 {
				t.Error("followers are left")
			}
		})
	}
}

// block is a client that reads nothing until it is let go.
type block chan struct{}

func (b block) Write(p []byte) (int, error) { <-b; return len(p), nil }

func TestStuckFollowerDoesNotHoldTheContainer(t *testing.T) {
	l, path := newLog(t, map[string]string{"max-size": "1k", "max-file": "2"})
	client := make(block)
	done := follow(t.Context(), all(path), l, client)
	waitFor(t, func() bool { l.mu.Lock(); defer l.mu.Unlock(); return len(l.followers) == 1 })
	start := time.Now()
	io.WriteString(l.Stdout(), numbers(0, 10000))
	if took := time.Since(start); took > 3*followerWait {
		t.Errorf("the container waited %v", took)
	}
	l.mu.Lock()
	if n := len(l.followers[0].files); n > followerFiles {
		t.Errorf("the follower holds %d files", n)
	}
	l.mu.Unlock()
	close(client)
	l.Close()
	ended(t, done)
}

func TestFollowEnds(t *testing.T) {
	l, path := newLog(t, nil)
	io.WriteString(l.Stdout(), "one\n")

	ctx, cancel := context.WithCancel(t.Context())
	var got safe
	done := follow(ctx, all(path), l, &got)
	waitFor(t, func() bool { return got.String() == "one\n" })
	cancel()
	ended(t, done)

	past := all(path)
	past.Until = time.Now().Add(time.Hour).Add(-time.Hour)
	var before safe
	ended(t, follow(t.Context(), past, l, &before))
	if before.String() != "one\n" {
		t.Errorf("until now: %q", before.String())
	}

	soon := all(path)
	soon.Until = time.Now().Add(100 * time.Millisecond)
	ended(t, follow(t.Context(), soon, l, io.Discard))

	gone := errors.New("the client is gone")
	config := all(path)
	config.Log, config.Follow = l, true
	if err := Read(t.Context(), config, failing{gone}, io.Discard); !errors.Is(err, gone) {
		t.Error(err)
	}
}

type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }

func TestReadWithoutFollowEndsUnderAFastWriter(t *testing.T) {
	l, path := newLog(t, nil)
	io.WriteString(l.Stdout(), "first\n")
	stop := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
				io.WriteString(l.Stdout(), numbers(0, 100))
			}
		}
	})
	config := all(path)
	config.Log = l
	var out bytes.Buffer
	err := Read(t.Context(), config, &out, &out)
	close(stop)
	wg.Wait()
	if err != nil || !strings.HasPrefix(out.String(), "first\n") || !strings.HasSuffix(out.String(), "\n") {
		t.Errorf("%.20q %v", out.String(), err)
	}
}
