package main

import (
	"cmp"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"golang.org/x/term"
)

// Work shorter than this is done before a person wonders.
const quiet = 300 * time.Millisecond

// progress keeps one line on a terminal up to date with what is being done.
// It may be used from several goroutines.
type progress struct {
	mu      sync.Mutex
	w       io.Writer // nil: say nothing
	width   int       // cells of a line
	since   time.Time // of the first message
	drawn   bool
	stopped bool
	now     func() time.Time
}

func newProgress(w io.Writer) *progress {
	p := &progress{now: time.Now}
	if isTerminal(w) {
		p.w, p.width = w, cmp.Or(terminalWidth(w), 80)
	}
	return p
}

// say replaces the line. It matches what the analyzer calls.
func (p *progress) say(what string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.w == nil || p.stopped {
		return
	}
	if p.since.IsZero() {
		p.since = p.now()
	}
	if p.now().Sub(p.since) < quiet {
		return
	}
	p.drawn = true
	fmt.Fprint(p.w, "\r\x1b[K", clip(what, p.width-1))
}

// stop erases the line. Later messages are not shown.
func (p *progress) stop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.drawn {
		fmt.Fprint(p.w, "\r\x1b[K")
	}
	p.drawn, p.stopped = false, true
}

// clip keeps a line from wrapping: a wrapped line cannot be erased.
func clip(s string, width int) string {
	s = strings.ReplaceAll(s, "\n", " ")
	if r := []rune(s); len(r) > width {
		return string(r[:max(0, width-1)]) + "…"
	}
	return s
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// terminalWidth is 0 if w is no terminal, or one that does not tell.
func terminalWidth(w io.Writer) int {
	f, ok := w.(*os.File)
	if !ok {
		return 0
	}
	width, _, err := term.GetSize(int(f.Fd()))
	if err != nil {
		return 0
	}
	return width
}
