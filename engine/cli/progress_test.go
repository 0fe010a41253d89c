package cli

import (
	"strings"
	"testing"

	"github.com/moby/moby/api/types/jsonstream"
)

func TestBar(t *testing.T) {
	for _, test := range []struct {
		progress jsonstream.Progress
		width    int
		want     string
	}{
		{jsonstream.Progress{}, 200, ""},
		{jsonstream.Progress{Current: 5}, 200, "      5B"},
		{jsonstream.Progress{Current: 50, Total: 100}, 100, "     50B/100B"},
		{jsonstream.Progress{Current: 50, Total: 100}, 200, "[" + strings.Repeat("=", 25) + ">" + strings.Repeat(" ", 25) + "]       50B/100B"},
		{jsonstream.Progress{Current: 100, Total: 100}, 200, "[" + strings.Repeat("=", 50) + ">]      100B/100B"},
		{jsonstream.Progress{Current: 200, Total: 100}, 200, "    200B"},
		{jsonstream.Progress{Current: 2, Total: 3, Units: "layers"}, 200, "2/3 layers"},
		{jsonstream.Progress{Current: 2, Units: "layers"}, 200, "2 layers"},
		{jsonstream.Progress{Current: -1, Total: -1}, 200, ""},
		{jsonstream.Progress{Current: 1, Total: 2, HideCounts: true}, 100, ""},
	} {
		if got := bar(test.progress, test.width); got != test.want {
			t.Errorf("%+v: %q, want %q", test.progress, got, test.want)
		}
	}
}

// Two layers go on in turn, each in its own line.
func TestProgressOnATerminal(t *testing.T) {
	var screen strings.Builder
	p := progress{w: &screen, onTerminal: true, lines: map[string]int{}}
	for _, m := range []jsonstream.Message{
		{ID: "latest", Status: "Pulling from library/busybox"},
		{ID: "aa", Status: "Waiting", Progress: &jsonstream.Progress{}},
		{ID: "bb", Status: "Waiting", Progress: &jsonstream.Progress{}},
		{ID: "aa", Status: "Downloading", Progress: &jsonstream.Progress{Current: 1, Total: 2}},
		{ID: "bb", Status: "Done", Progress: &jsonstream.Progress{}},
		{ID: "aa", Status: "Done"},
		{Status: "Status: Downloaded"},
	} {
		p.show(m)
	}
	got := drawn(screen.String())
	want := []string{"latest: Pulling from library/busybox", "aa: Done", "bb: Done ", "Status: Downloaded", ""}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("shown %q, want %q", got, want)
	}
}

// drawn is what a terminal shows: it knows lines, up, down and erase.
func drawn(output string) []string {
	lines, row, col := []string{""}, 0, 0
	for output != "" {
		var n int
		switch {
		case strings.HasPrefix(output, "\x1b["):
			end := strings.IndexAny(output, "ABJK")
			count := 0
			for _, digit := range output[2:end] {
				count = count*10 + int(digit-'0')
			}
			switch output[end] {
			case 'A':
				row -= count
			case 'B':
				row += count
			case 'K':
				lines[row] = ""
			}
			n = end + 1
		case output[0] == '\n':
			row, col, n = row+1, 0, 1
			if row == len(lines) {
				lines = append(lines, "")
			}
		case output[0] == '\r':
			col, n = 0, 1
		default:
			lines[row] = lines[row][:min(col, len(lines[row]))] + output[:1]
			col, n = col+1, 1
		}
		output = output[n:]
	}
	return lines
}
