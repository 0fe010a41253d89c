package images

import (
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"github.com/moby/moby/api/types/jsonstream"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/callroute/callroute/engine/api/types"
)

// every is how often a bar moves.
const every = 100 * time.Millisecond

// reporter tells a client how far a transfer is, from several goroutines. After
// a message that could not be sent, none is.
type reporter struct {
	send  types.Progress
	mu    sync.Mutex
	err   error
	moved map[string]time.Time
}

func report(send types.Progress) *reporter {
	return &reporter{send: send, moved: map[string]time.Time{}}
}

// status tells what happens to what has the ID, which may be empty.
func (r *reporter) status(id, text string) error {
	return r.message(jsonstream.Message{ID: id, Status: text})
}

// line tells a line of text.
func (r *reporter) line(text string) error {
	return r.message(jsonstream.Message{Stream: text + "\n"})
}

// pushed tells what a tag is in the registry: to people, and to programs.
func (r *reporter) pushed(tag string, target ocispec.Descriptor) error {
	if err := r.status("", fmt.Sprintf("%s: digest: %s size: %d", tag, target.Digest, target.Size)); err != nil {
		return err
	}
	aux, err := json.Marshal(map[string]any{"Tag": tag, "Digest": target.Digest, "Size": target.Size})
	if err != nil {
		return err
	}
	return r.message(jsonstream.Message{Aux: (*json.RawMessage)(&aux)})
}

// bar tells how much of something is done; the first and the last of it always.
func (r *reporter) bar(id, text string, current, total int64) error {
	r.mu.Lock()
	skip := current > 0 && current < total && time.Since(r.moved[id]) < every
	if !skip {
		r.moved[id] = time.Now()
	}
	r.mu.Unlock()
	if skip {
		return nil
	}
	return r.message(jsonstream.Message{ID: id, Status: text, Progress: &jsonstream.Progress{Current: current, Total: total}})
}

func (r *reporter) message(m jsonstream.Message) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.err == nil {
		r.err = r.send(m)
	}
	return r.err
}
