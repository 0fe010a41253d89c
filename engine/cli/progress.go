package cli

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/docker/go-units"
	"github.com/moby/moby/api/types/jsonstream"
	"github.com/moby/term"
	"github.com/morikuni/aec"

	"github.com/callroute/callroute/engine/api/client"
)

// showProgress shows the messages of a long operation until it ends. On a
// terminal each thing with an ID has a line with a bar, drawn again as it goes
// on; elsewhere a line is written when its state changes, and bars are left
// out.
func showProgress(w io.Writer, messages *client.Lines[jsonstream.Message]) error {
	defer messages.Close()
	shown := progress{w: w, lines: map[string]int{}}
	if fd, ok := terminal(w); ok {
		shown.onTerminal, shown.fd = true, fd
	}
	for {
		message, err := messages.Next()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return fmt.Errorf("reading the daemon's answer: %w", err)
		case message.Error != nil:
			return errors.New(message.Error.Message)
		}
		shown.show(message)
	}
}

// progress is what is on the screen.
type progress struct {
	w          io.Writer
	onTerminal bool
	fd         uintptr
	lines      map[string]int // which line an ID has, counted from the first
}

func (p *progress) show(m jsonstream.Message) {
	switch {
	case m.Aux != nil:
	case m.Stream != "":
		fmt.Fprint(p.w, m.Stream)
	case !p.onTerminal:
		if m.Progress == nil || bar(*m.Progress, 0) == "" {
			p.plain(m)
		}
	case m.ID == "" || m.Progress == nil && !p.has(m.ID):
		// Lines that stay end the block that is drawn again.
		p.lines = map[string]int{}
		p.plain(m)
	default:
		p.draw(m)
	}
}

func (p *progress) has(id string) bool {
	_, ok := p.lines[id]
	return ok
}

func (p *progress) plain(m jsonstream.Message) {
	if m.ID != "" {
		fmt.Fprintf(p.w, "%s: ", m.ID)
	}
	fmt.Fprintln(p.w, m.Status)
}

// draw writes an ID's line in its place; the cursor is below the last line
// before and after.
func (p *progress) draw(m jsonstream.Message) {
	line, known := p.lines[m.ID]
	if !known {
		line = len(p.lines)
		p.lines[m.ID] = line
		fmt.Fprintln(p.w)
	}
	up := uint(len(p.lines) - line)
	width := 200
	if size, err := term.GetWinsize(p.fd); err == nil && size.Width > 0 {
		width = int(size.Width)
	}
	text := fmt.Sprintf("%s: %s", m.ID, m.Status)
	if m.Progress != nil {
		text += " " + bar(*m.Progress, width)
	}
	fmt.Fprintf(p.w, "%s%s\r%s\r%s", aec.Up(up), aec.EraseLine(aec.EraseModes.All), truncate(text, width-1), aec.Down(up))
}

// bar is "[=====>    ]  1.2MB/3.4MB", or what of it is known.
func bar(p jsonstream.Progress, width int) string {
	if p.Current <= 0 && p.Total <= 0 {
		return ""
	}
	if p.Units != "" {
		if p.Total <= 0 {
			return fmt.Sprintf("%d %s", p.Current, p.Units)
		}
		return fmt.Sprintf("%d/%d %s", p.Current, p.Total, p.Units)
	}
	current := units.HumanSize(float64(p.Current))
	if p.Total <= 0 {
		return fmt.Sprintf("%8v", current)
	}
	total := units.HumanSize(float64(p.Total))
	if p.Current > p.Total {
		return fmt.Sprintf("%8v", current)
	}
	var drawn string
	if width > 110 {
		const length = 50
		filled := int(float64(p.Current) / float64(p.Total) * length)
		drawn = "[" + strings.Repeat("=", filled) + ">" + strings.Repeat(" ", length-filled) + "]  "
	}
	counts := fmt.Sprintf("%8v/%v", current, total)
	if p.HideCounts {
		counts = ""
	}
	return drawn + counts + left(p)
}

// left is the time that an operation will still take at its pace so far.
func left(p jsonstream.Progress) string {
	const enough = 0.5 // below which the pace says little
	share := float64(p.Current) / float64(p.Total)
	if p.Start <= 0 || share < enough {
		return ""
	}
	passed := time.Since(time.Unix(p.Start, 0))
	rest := time.Duration(float64(passed)/share) - passed
	return " " + (rest / time.Second * time.Second).String()
}
