package types

import "io"

// Connect takes the client's connection over (101 Upgrade, or a raw stream
// for a client that asks for none) and returns it. Raw says that the bytes
// are a terminal's, not frames of stdout and stderr. The one who called it
// closes it.
type Connect func(raw StreamKind) (io.ReadWriteCloser, error)

// StreamKind is how output is sent.
type StreamKind int

const (
	// Multiplexed output is in frames of {1|2,0,0,0,len32be} before the bytes.
	Multiplexed StreamKind = iota
	// Raw output is a terminal's, as it comes.
	Raw
)

// OpenWriter sends the status 200 and returns the body, whose writes are
// flushed at once.
type OpenWriter func(kind StreamKind) io.Writer

// StatsMode is how often GET /containers/{name}/stats answers.
type StatsMode int

const (
	// StatsStream is one answer a second, until the client goes.
	StatsStream StatsMode = iota
	// StatsOnce is one answer with two readings, a second apart.
	StatsOnce
	// StatsOneShot is one answer with one reading, at once.
	StatsOneShot
)

// Progress sends one message of a long operation to the client.
type Progress func(message any) error
