package webui

import (
	"context"
	"errors"
	"fmt"
	"sync"
)

// mostKept is how many traces a server remembers.
const mostKept = 24

// jobs does what was asked, one at a time, and remembers the answers. What
// failed is forgotten when it has been told once.
type jobs struct {
	ctx  context.Context
	turn chan struct{} // holds one token: an analyzer is not for several at once

	mu    sync.Mutex
	all   map[string]*job
	clock int
}

// job is one question, being answered or answered.
type job struct {
	id     string
	cancel context.CancelFunc
	done   chan struct{}
	used   int // by the clock, of the last use

	mu   sync.Mutex
	says string

	answer any // when done
	err    error
}

func newJobs(ctx context.Context) *jobs {
	return &jobs{ctx: ctx, turn: make(chan struct{}, 1), all: map[string]*job{}}
}

// start returns the job of this id, and starts it if there is none. The work is
// told how to say what it is doing.
func (js *jobs) start(id string, work func(ctx context.Context, progress func(string)) (any, error)) *job {
	js.mu.Lock()
	defer js.mu.Unlock()
	js.clock++
	if j := js.all[id]; j != nil {
		j.used = js.clock
		return j
	}
	ctx, cancel := context.WithCancel(js.ctx)
	j := &job{id: id, cancel: cancel, done: make(chan struct{}), used: js.clock, says: "waiting for another question to be answered"}
	js.all[id] = j
	js.forgetOldest()
	go func() {
		defer cancel()
		defer close(j.done)
		j.answer, j.err = js.run(ctx, j, work)
	}()
	return j
}

// run waits for its turn and works. A panic is an error of this question only.
func (js *jobs) run(ctx context.Context, j *job, work func(ctx context.Context, progress func(string)) (any, error)) (answer any, err error) {
	select {
	case js.turn <- struct{}{}:
	case <-ctx.Done():
		return nil, errCancelled
	}
	defer func() {
		<-js.turn
		if r := recover(); r != nil {
			answer, err = nil, fmt.Errorf("internal error: %v", r)
		}
	}()
	j.say("reading the source")
	answer, err = work(ctx, j.say)
	if ctx.Err() != nil {
		return nil, errCancelled
	}
	return answer, err
}

var errCancelled = errors.New("cancelled")

// forgetOldest drops finished answers beyond mostKept, the least used first.
func (js *jobs) forgetOldest() {
	for len(js.all) > mostKept {
		var oldest *job
		for _, j := range js.all {
			if j.finished() && (oldest == nil || j.used < oldest.used) {
				oldest = j
			}
		}
		if oldest == nil {
			return
		}
		delete(js.all, oldest.id)
	}
}

// forget drops a job, so that the next one to ask starts it again.
func (js *jobs) forget(j *job) {
	js.mu.Lock()
	defer js.mu.Unlock()
	if js.all[j.id] == j {
		delete(js.all, j.id)
	}
}

func (js *jobs) find(id string) *job {
	js.mu.Lock()
	defer js.mu.Unlock()
	return js.all[id]
}

// answers lists the answers that are there.
func (js *jobs) answers() []any {
	js.mu.Lock()
	defer js.mu.Unlock()
	var all []any
	for _, j := range js.all {
		if j.finished() && j.err == nil {
			all = append(all, j.answer)
		}
	}
	return all
}

func (j *job) finished() bool {
	select {
	case <-j.done:
		return true
	default:
		return false
	}
}

func (j *job) say(what string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.says = what
}

func (j *job) saying() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.says
}
