package daemon

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/moby/moby/api/pkg/stdcopy"
	"github.com/moby/moby/api/types/container"

	"github.com/callroute/callroute/engine/api/types"
)

// counted counts the writes to it, each of which is a packet to the client.
type counted struct {
	bytes.Buffer
	writes int
}

func (c *counted) Write(p []byte) (int, error) {
	c.writes++
	return c.Buffer.Write(p)
}

// TestLogsInPieces: a long log goes to the client in large pieces, and is whole.
func TestLogsInPieces(t *testing.T) {
	b := newBench(t)
	const lines = 5000
	b.containerd.born = func(_ string, p *fakeTask) {
		go func() {
			for i := range lines {
				fmt.Fprintf(p.stdout, "line %d\n", i)
			}
			b.containerd.mu.Lock()
			defer b.containerd.mu.Unlock()
			p.end(0)
		}()
	}
	b.run("box")
	b.awaitState("box", container.StateExited)
	for _, follow := range []bool{false, true} {
		out := &counted{}
		b.do(b.Logs(t.Context(), "box", types.LogsOptions{Stdout: true, Follow: follow}, func(types.StreamKind) io.Writer { return out }))
		var text bytes.Buffer
		if _, err := stdcopy.StdCopy(&text, &text, &out.Buffer); err != nil {
			t.Fatal(err)
		}
		if got := strings.Count(text.String(), "\n"); got != lines || !strings.HasSuffix(text.String(), fmt.Sprintf("line %d\n", lines-1)) {
			t.Errorf("follow %t: %d lines", follow, got)
		}
		if out.writes > 10 {
			t.Errorf("follow %t: %d writes", follow, out.writes)
		}
	}
}
