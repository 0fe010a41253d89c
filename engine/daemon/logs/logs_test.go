package logs

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	cerrdefs "github.com/containerd/errdefs"
)

func openLog(t *testing.T, config Config) *Log {
	t.Helper()
	l, err := Open(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

func newLog(t *testing.T, options map[string]string) (*Log, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "c1-json.log")
	return openLog(t, Config{Path: path, Options: options}), path
}

func all(path string) ReadConfig {
	return ReadConfig{Path: path, Stdout: true, Stderr: true, Tail: -1}
}

func read(t *testing.T, config ReadConfig) (out, errs string) {
	t.Helper()
	var o, e bytes.Buffer
	if err := Read(t.Context(), config, &o, &e); err != nil {
		t.Fatal(err)
	}
	return o.String(), e.String()
}

func TestFormatIsDockers(t *testing.T) {
	l, path := newLog(t, nil)
	io.WriteString(l.Stdout(), "hello\nhal")
	io.WriteString(l.Stderr(), "err <&> \"é\"\t\x00\xff\n\n")
	io.WriteString(l.Stdout(), "f\nno newline")
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	want := []struct{ log, stream string }{
		{`"hello\n"`, "stdout"},
		{`"err \u003c\u0026\u003e \"é\"\t\u0000\ufffd\n"`, "stderr"},
		{`"\n"`, "stderr"},
		{`"half\n"`, "stdout"},
		{`"no newline"`, "stdout"},
	}
	lines := strings.SplitAfter(strings.TrimSuffix(string(data), "\n"), "\n")
	if len(lines) != len(want) {
		t.Fatalf("%d lines:\n%s", len(lines), data)
	}
	for i, line := range lines {
		prefix := fmt.Sprintf(`{"log":%s,"stream":"%s","time":"`, want[i].log, want[i].stream)
		if !strings.HasPrefix(line, prefix) {
			t.Errorf("line %d: %s want %s…", i, line, prefix)
		}
		var e entry
		if err := json.Unmarshal([]byte(line), &e); err != nil || time.Since(e.Time) > time.Minute || e.Time.Location() != time.UTC {
			t.Errorf("line %d: %v %v", i, e.Time, err)
		}
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o640 {
		t.Errorf("mode %v %v", info.Mode(), err)
	}
}

func TestLongLinesAreCut(t *testing.T) {
	tests := []struct {
		name string
		line string
		want []int // bytes of each entry
	}{
		{"just fits with its newline", strings.Repeat("x", partSize-1) + "\n", []int{partSize}},
		{"newline after the cut", strings.Repeat("x", partSize) + "\n", []int{partSize, 1}},
		{"long", strings.Repeat("x", 2*partSize+10) + "\n", []int{partSize, partSize, 11}},
		{"no end", strings.Repeat("x", partSize+1), []int{partSize, 1}},
		{"character on the cut", strings.Repeat("x", partSize-1) + "€\n", []int{partSize - 1, 4}},
	}
	for _, test := range tests {
		for _, step := range []int{len(test.line), 1000, 7} {
			t.Run(fmt.Sprint(test.name, " by ", step), func(t *testing.T) {
				l, path := newLog(t, nil)
				for chunk := range slices.Chunk([]byte(test.line), step) {
					l.Stdout().Write(chunk)
				}
				l.Close()
				data, err := os.ReadFile(path)
				if err != nil {
					t.Fatal(err)
				}
				var got []int
				for line := range strings.Lines(string(data)) {
					var e entry
					if err := json.Unmarshal([]byte(line), &e); err != nil {
						t.Fatal(err)
					}
					got = append(got, len(e.Log))
				}
				if !slices.Equal(got, test.want) {
					t.Errorf("entries of %v bytes, want %v", got, test.want)
				}
				if out, _ := read(t, all(path)); out != test.line {
					t.Errorf("read %d other bytes", len(out))
				}
			})
		}
	}
}

// writeEntries writes a file by hand: entry i at second i.
func writeEntries(t *testing.T, path string, from, to int) {
	t.Helper()
	var b bytes.Buffer
	for i := from; i < to; i++ {
		stream := "stdout"
		if i%2 == 1 {
			stream = "stderr"
		}
		fmt.Fprintf(&b, `{"log":"line %d\n","stream":%q,"time":%q}`+"\n", i, stream, time.Unix(int64(i), 0).UTC().Format(time.RFC3339Nano))
	}
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
}

func numbers(from, to int) string {
	var b strings.Builder
	for i := from; i < to; i++ {
		fmt.Fprintf(&b, "line %d\n", i)
	}
	return b.String()
}

func TestReadOptions(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.log")
	writeEntries(t, rotatedFile(path, 10), 0, 3)
	writeEntries(t, rotatedFile(path, 2), 3, 5) // a gap, as a crash leaves it
	writeEntries(t, rotatedFile(path, 1), 5, 8)
	writeEntries(t, path, 8, 12)
	os.WriteFile(path+".1x", []byte("not ours"), 0o600)
	tests := []struct {
		name   string
		change func(*ReadConfig)
		want   string
	}{
		{"all", func(*ReadConfig) {}, numbers(0, 12)},
		{"tail 0", func(c *ReadConfig) { c.Tail = 0 }, ""},
		{"tail 1", func(c *ReadConfig) { c.Tail = 1 }, numbers(11, 12)},
		{"tail 4, the whole file", func(c *ReadConfig) { c.Tail = 4 }, numbers(8, 12)},
		{"tail 5, into a rotated one", func(c *ReadConfig) { c.Tail = 5 }, numbers(7, 12)},
		{"tail 10", func(c *ReadConfig) { c.Tail = 10 }, numbers(2, 12)},
		{"tail more than there is", func(c *ReadConfig) { c.Tail = 100 }, numbers(0, 12)},
		{"since", func(c *ReadConfig) { c.Since = time.Unix(4, 0) }, numbers(4, 12)},
		{"until", func(c *ReadConfig) { c.Until = time.Unix(4, 0) }, numbers(0, 5)},
		{"since, until and tail", func(c *ReadConfig) { c.Since, c.Until, c.Tail = time.Unix(9, 0), time.Unix(10, 0), 10 }, numbers(9, 11)},
		{"until before tail", func(c *ReadConfig) { c.Until, c.Tail = time.Unix(2, 0), 2 }, ""},
		{"timestamps", func(c *ReadConfig) { c.Timestamps, c.Tail = true, 1 }, "1970-01-01T00:00:11.000000000Z line 11\n"},
		{"details", func(c *ReadConfig) { c.Details, c.Timestamps, c.Tail = true, true, 1 }, "1970-01-01T00:00:11.000000000Z  line 11\n"},
		{"one stream", func(c *ReadConfig) { c.Stderr, c.Tail = false, 3 }, "line 10\n"},
		{"follow what does not run", func(c *ReadConfig) { c.Follow, c.Tail = true, 1 }, numbers(11, 12)},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			config := all(path)
			test.change(&config)
			var both bytes.Buffer
			if err := Read(t.Context(), config, &both, &both); err != nil {
				t.Fatal(err)
			}
			if both.String() != test.want {
				t.Errorf("got:\n%swant:\n%s", &both, test.want)
			}
		})
	}
	if err := Remove(path); err != nil {
		t.Fatal(err)
	}
	left, _ := os.ReadDir(filepath.Dir(path))
	if len(left) != 1 || left[0].Name() != "x.log.1x" {
		t.Errorf("left: %v", left)
	}
	if out, _ := read(t, all(path)); out != "" {
		t.Errorf("a removed log says %q", out)
	}
}

func TestTailReadsFromTheEnd(t *testing.T) {
	l, path := newLog(t, nil)
	var want []string
	for i := range 40000 {
		line := fmt.Sprintf("%d %s\n", i, strings.Repeat("y", i%200))
		io.WriteString(l.Stdout(), line)
		want = append(want, line)
	}
	l.Close()
	for _, n := range []int{1, 100, 7777, 39999, 40000} {
		config := all(path)
		config.Tail = n
		if out, _ := read(t, config); out != strings.Join(want[len(want)-n:], "") {
			t.Errorf("tail %d is wrong", n)
		}
	}
}

func TestDetailsAreTheChosenLabelsAndEnv(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.log")
	l := openLog(t, Config{
		Path: path, ID: "0123456789abcdef", Name: "web",
		Labels: map[string]string{"a": "1", "b": "2 &", "other": "no"},
		Env:    []string{"HOME=/", "LANG=C", "LC_ALL=x"},
		Options: map[string]string{
			"labels": "a,b,absent", "env-regex": "^L", "tag": "{{.Name}}/{{.ID}}",
		},
	})
	io.WriteString(l.Stdout(), "hi\n")
	l.Close()
	config := all(path)
	config.Details = true
	if out, _ := read(t, config); out != "LANG=C,LC_ALL=x,a=1,b=2+%26,tag=web%2F0123456789ab hi\n" {
		t.Errorf("%q", out)
	}
}

func TestCheck(t *testing.T) {
	tests := []struct {
		driver  string
		options map[string]string
		want    string // part of the error; empty is none
	}{
		{"", nil, ""},
		{"none", map[string]string{"whatever": "x"}, ""},
		{"json-file", map[string]string{"max-size": "10m", "max-file": "3", "compress": "false", "mode": "non-blocking", "max-buffer-size": "4m"}, ""},
		{"journald", nil, "logger: no log driver named 'journald' is registered"},
		{"", map[string]string{"max-sizes": "1"}, "unknown log opt 'max-sizes' for json-file log driver"},
		{"", map[string]string{"max-size": "-1"}, "size"},
		{"", map[string]string{"max-size": "0"}, "max-size must be a positive number"},
		{"", map[string]string{"max-size": "lots"}, "size"},
		{"", map[string]string{"max-file": "0"}, "max-file cannot be less than 1"},
		{"", map[string]string{"max-file": "x"}, "max-file"},
		{"", map[string]string{"compress": "true"}, "compress"},
		{"", map[string]string{"mode": "maybe"}, "logger: logging mode not supported: maybe"},
		{"", map[string]string{"max-buffer-size": "1m"}, "max-buffer-size option is only supported with 'mode=non-blocking'"},
		{"", map[string]string{"labels-regex": "("}, "missing closing"},
		{"", map[string]string{"tag": "{{.ImageName}}"}, "tag"},
	}
	for _, test := range tests {
		err := Check(test.driver, test.options)
		switch {
		case test.want == "" && err != nil, test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)):
			t.Errorf("%s %v: %v, want %q", test.driver, test.options, err, test.want)
		case err != nil && !errors.Is(err, cerrdefs.ErrInvalidArgument):
			t.Errorf("%s %v: class of %v", test.driver, test.options, err)
		}
	}
}

func TestDriverNone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.log")
	l := openLog(t, Config{Path: path, Driver: DriverNone})
	if n, err := io.WriteString(l.Stdout(), "gone\n"); n != 5 || err != nil {
		t.Errorf("%d %v", n, err)
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(path); err == nil {
		t.Error("made a file")
	}
	err := Read(t.Context(), ReadConfig{Path: path, Driver: DriverNone}, io.Discard, io.Discard)
	if err == nil || err.Error() != "configured logging driver does not support reading" || !errors.Is(err, cerrdefs.ErrNotImplemented) {
		t.Error(err)
	}
}

func TestTornEntry(t *testing.T) {
	for _, torn := range []string{`{"log":"to`, "\x00\x00\x00", ""} {
		path := filepath.Join(t.TempDir(), "x.log")
		writeEntries(t, path, 0, 3)
		f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
		if err != nil {
			t.Fatal(err)
		}
		f.WriteString(torn)
		f.Close()
		config := all(path)
		config.Tail = 1
		var both bytes.Buffer
		Read(t.Context(), config, &both, &both)
		if both.String() != "line 2\n" {
			t.Errorf("torn %q: tail is %q", torn, &both)
		}
		l := openLog(t, Config{Path: path})
		io.WriteString(l.Stdout(), "next\n")
		l.Close()
		both.Reset()
		Read(t.Context(), all(path), &both, &both)
		if both.String() != numbers(0, 3)+"next\n" {
			t.Errorf("torn %q: after reopen %q", torn, &both)
		}
	}
	// Nothing but a torn entry; and garbage between good ones.
	path := filepath.Join(t.TempDir(), "x.log")
	os.WriteFile(path, []byte(`{"log"`), 0o600)
	l := openLog(t, Config{Path: path})
	io.WriteString(l.Stdout(), "one\n")
	l.Close()
	data, _ := os.ReadFile(path)
	garbage := slices.Concat(data, []byte("{]\n"), bytes.Repeat([]byte{0}, longestLine+5*readSize), []byte("\n"), data)
	os.WriteFile(path, garbage, 0o600)
	if out, _ := read(t, all(path)); out != strings.Repeat("one\n", 2) {
		t.Errorf("among garbage: %q", out)
	}
}

func TestRotation(t *testing.T) {
	l, path := newLog(t, map[string]string{"max-size": "500", "max-file": "3"})
	for i := range 100 {
		io.WriteString(l.Stdout(), fmt.Sprintf("line %d\n", i))
	}
	l.Close()
	rotated, err := rotatedFiles(path)
	if err != nil || len(rotated) != 2 {
		t.Fatalf("%v %v", rotated, err)
	}
	for _, name := range append(rotated, path) {
		if info, err := os.Stat(name); err != nil || info.Size() == 0 || info.Size() > 600 {
			t.Errorf("%s: %v %v", name, info, err)
		}
	}
	out, _ := read(t, all(path))
	if !strings.HasSuffix(numbers(0, 100), out) || strings.Count(out, "\n") < 12 {
		t.Errorf("kept:\n%s", out)
	}
	// A new log goes on with the same files.
	l = openLog(t, Config{Path: path, Options: map[string]string{"max-size": "500", "max-file": "3"}})
	io.WriteString(l.Stdout(), "line 100\n")
	l.Close()
	if out, _ := read(t, all(path)); !strings.HasSuffix(out, "line 99\nline 100\n") {
		t.Errorf("after reopen:\n%s", out)
	}
}

func TestParse(t *testing.T) {
	zone := time.FixedZone("there", 2*3600)
	now := time.Date(2024, 5, 1, 12, 0, 0, 0, zone)
	times := []struct {
		value string
		want  time.Time
	}{
		{"", time.Time{}},
		{"0", time.Time{}},
		{"10m", now.Add(-10 * time.Minute)},
		{"1h30m", now.Add(-90 * time.Minute)},
		{"1714557600", time.Unix(1714557600, 0)},
		{"1714557600.000000123", time.Unix(1714557600, 123)},
		{"1714557600.5", time.Unix(1714557600, 5e8)},
		{"2024-05-01T10:00:00Z", time.Date(2024, 5, 1, 10, 0, 0, 0, time.UTC)},
		{"2024-05-01T10:00:00.25+02:00", time.Date(2024, 5, 1, 8, 0, 0, 25e7, time.UTC)},
		{"2024-05-01T10:00:00", time.Date(2024, 5, 1, 10, 0, 0, 0, zone)},
		{"2024-05-01T10:00", time.Date(2024, 5, 1, 10, 0, 0, 0, zone)},
		{"2024-05-01", time.Date(2024, 5, 1, 0, 0, 0, 0, zone)},
		{"2024-05-01Z", time.Date(2024, 5, 1, 0, 0, 0, 0, time.UTC)},
	}
	for _, test := range times {
		if got, err := ParseTime(test.value, now); err != nil || !got.Equal(test.want) {
			t.Errorf("%q: %v %v, want %v", test.value, got, err, test.want)
		}
	}
	for _, bad := range []string{"yesterday", "1.", "1.x", "1.0000000000", "2024-13-01", "--1"} {
		if got, err := ParseTime(bad, now); err == nil {
			t.Errorf("%q is %v", bad, got)
		} else if want := fmt.Sprintf("failed to parse value as time or duration: %q", bad); err.Error() != want {
			t.Errorf("%q: %v", bad, err)
		}
	}
	for value, want := range map[string]int{"": -1, "all": -1, "0": 0, "12": 12, "-5": -1, "few": -1} {
		if got := ParseTail(value); got != want {
			t.Errorf("tail %q: %d", value, got)
		}
	}
}

func TestFullDisk(t *testing.T) {
	l, path := newLog(t, nil)
	io.WriteString(l.Stdout(), "before\n")
	whole := l.file
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip("without /dev/full a full disk is not tried: ", err)
	}
	l.file = full
	if _, err := io.WriteString(l.Stdout(), "lost\n"); err == nil {
		t.Error("wrote to a full disk")
	}
	full.Close()
	l.file = whole
	io.WriteString(l.Stdout(), "after\n")
	l.Close()
	if out, _ := read(t, all(path)); out != "before\nafter\n" {
		t.Errorf("%q", out)
	}
}

func BenchmarkWrite(b *testing.B) {
	l, err := Open(Config{Path: filepath.Join(b.TempDir(), "x.log")})
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	chunk := []byte(strings.Repeat(strings.Repeat("z", 79)+"\n", 400))
	b.SetBytes(int64(len(chunk)))
	for b.Loop() {
		l.Stdout().Write(chunk)
	}
}

func BenchmarkTail(b *testing.B) {
	path := filepath.Join(b.TempDir(), "x.log")
	l, err := Open(Config{Path: path})
	if err != nil {
		b.Fatal(err)
	}
	for range 2000 {
		io.WriteString(l.Stdout(), strings.Repeat("z", 80)+"\n")
	}
	l.Close()
	for b.Loop() {
		Read(b.Context(), ReadConfig{Path: path, Stdout: true, Tail: 10}, io.Discard, io.Discard)
	}
}
