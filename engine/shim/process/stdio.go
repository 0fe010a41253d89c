package process

import (
	"context"
	"fmt"

	"github.com/containerd/containerd/api/types/runc/options"
	"github.com/containerd/go-runc"

	"github.com/callroute/callroute/engine/shim/types"
)

// stdio is a process's standard streams while the runtime makes the process:
// pipes, or the socket on which the runtime sends a terminal's master.
type stdio struct {
	to     types.IO
	pipes  *pipes
	socket *runc.Socket
}

func (t maker) newStdio(to types.IO, opts *options.Options) (*stdio, error) {
	for _, name := range []string{to.Stdout, to.Stderr} {
		if name == "" {
			continue
		}
		if _, _, err := outputPath(name); err != nil {
			return nil, err
		}
	}
	if to.Terminal {
		socket, err := runc.NewTempConsoleSocket()
		if err != nil {
			return nil, fmt.Errorf("terminal: %w", err)
		}
		return &stdio{to: to, socket: socket}, nil
	}
	pipes, err := newPipes(to, int(opts.GetIoUid()), int(opts.GetIoGid()))
	if err != nil {
		return nil, err
	}
	return &stdio{to: to, pipes: pipes}, nil
}

// forRuntime is the streams as the runtime takes them; one of the two is nil.
func (s *stdio) forRuntime() (runc.IO, runc.ConsoleSocket) {
	if s.socket != nil {
		return nil, s.socket
	}
	return s.pipes, nil
}

// attach starts to copy between the process, which is made, and its client.
func (s *stdio) attach(ctx context.Context, consoles *consoles) (*streams, error) {
	if s.socket != nil {
		return consoles.copyTerminal(ctx, s.to, s.socket)
	}
	pipes := s.pipes
	s.pipes = nil
	return copyPipes(ctx, s.to, pipes)
}

// release gives up what attach has not taken over.
func (s *stdio) release() {
	if s.socket != nil {
		_ = s.socket.Close()
	}
	if s.pipes != nil {
		_ = s.pipes.Close()
	}
}
