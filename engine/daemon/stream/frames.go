package stream

import (
	"encoding/binary"
	"io"
	"sync"
)

// Frames writes the stdout and stderr of a process to one connection in
// docker's frames: {1|2,0,0,0}, the length as 32 bits big endian, the bytes.
type Frames struct {
	mu    sync.Mutex
	to    io.Writer
	frame []byte
}

// NewFrames writes to w, one frame a write.
func NewFrames(w io.Writer) *Frames { return &Frames{to: w} }

// Stdout writes frames of stdout.
func (f *Frames) Stdout() io.Writer { return framed{f, stdout} }

// Stderr writes frames of stderr.
func (f *Frames) Stderr() io.Writer { return framed{f, stderr} }

type framed struct {
	frames *Frames
	kind   kind
}

const frameHeader = 8

func (w framed) Write(p []byte) (int, error) {
	f := w.frames
	f.mu.Lock()
	defer f.mu.Unlock()
	// Header and bytes in one write: the server flushes each.
	f.frame = append(f.frame[:0], byte(w.kind), 0, 0, 0)
	f.frame = binary.BigEndian.AppendUint32(f.frame, uint32(len(p)))
	f.frame = append(f.frame, p...)
	n, err := f.to.Write(f.frame)
	return max(0, n-frameHeader), err
}
