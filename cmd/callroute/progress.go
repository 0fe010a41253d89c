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

const (
	// Work shorter than this is done before a person wonders.
	quiet = 300 * time.Millisecond
	// In a log, a line so often says that work goes on.
	every = 10 * time.Second
)

// progress says what is being done: on a terminal in one line that is kept up to
// date, elsewhere in a line from time to time. It may be used from several
// goroutines.
type progress struct {
	mu      sync.Mutex
	w       io.Writer
	width   int           // cells of a line of the terminal, 0 if w is none
	every   time.Duration // between lines where w is no terminal
	since   time.Time     // of the first message
	what    string        // the last message
	drawn   bool
	stopped bool
	now     func() time.Time
	end     chan struct{} // closed by stop; nil before the first message
}

func newProgress(w io.Writer) *progress {
	p := &progress{w: w, every: every, now: time.Now}
	if isTerminal(w) {
		p.width = cmp.Or(terminalWidth(w), 80)
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
	p.what = what
	if p.since.IsZero() {
		p.since = p.now()
		if p.width == 0 {
			p.end = make(chan struct{})
			go p.log(p.end)
		}
	}
	if p.width == 0 || p.now().Sub(p.since) < quiet {
		return
	}
	p.drawn = true
	fmt.Fprint(p.w, "\r\x1b[K", clip(what, p.width-1))
}

// log writes what is being done until end is closed.
func (p *progress) log(end <-chan struct{}) {
	tick := time.NewTicker(p.every)
	defer tick.Stop()
	for {
		select {
		case <-end:
			return
		case <-tick.C:
		}
		p.mu.Lock()
		if !p.stopped {
			fmt.Fprintf(p.w, "callroute: %s (%s)\n", strings.ReplaceAll(p.what, "\n", " "), p.now().Sub(p.since).Round(time.Second))
		}
		p.mu.Unlock()
	}
}

// erase makes room for a part of the answer.
func (p *progress) erase() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.drawn {
		fmt.Fprint(p.w, "\r\x1b[K")
		p.drawn = false
	}
}

// stop erases the line. Later messages are not shown.
func (p *progress) stop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.drawn {
		fmt.Fprint(p.w, "\r\x1b[K")
	}
	if p.end != nil && !p.stopped {
		close(p.end)
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
