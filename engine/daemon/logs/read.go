package logs

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"
)

// ReadConfig says what to read.
type ReadConfig struct {
	Path   string // as in Config
	Driver string // as in Config
	// Options are as in Config.
	Options map[string]string
	// Log is the open log of a running container, nil for one that does not
	// run. A reader that follows needs it, and one that does not is safe from
	// a rotation meanwhile.
	Log *Log

	Stdout, Stderr      bool
	Follow              bool
	Timestamps, Details bool
	Since, Until        time.Time // zero is no bound
	Tail                int       // entries from the end, before all other conditions; negative is all

	// Flush is called when all that there is was written, before more is waited
	// for; nil is for writers that keep nothing back.
	Flush func() error
}

// Read writes the entries to stdout and stderr, which may be the same. With
// Follow it goes on until the log is closed and everything is read, or ctx
// ends (nil), or Until is past.
func Read(ctx context.Context, config ReadConfig, stdout, stderr io.Writer) error {
	if err := CheckRead(config.Driver, config.Options); err != nil {
		return err
	}
	r := &reader{config: config, stdout: stdout, stderr: stderr}
	r.lines.reset(strings.NewReader(""))
	err := r.read(ctx)
	if flushErr := r.flush(); err == nil {
		err = flushErr
	}
	if errors.Is(err, errLater) || (ctx.Err() != nil && errors.Is(err, ctx.Err())) {
		return nil
	}
	return err
}

// errLater says that an entry is later than what was asked for.
var errLater = errors.New("later than until")

type reader struct {
	config         ReadConfig
	stdout, stderr io.Writer
	lines          lineReader
}

func (r *reader) read(ctx context.Context) error {
	files, follower, err := r.open()
	if err != nil {
		return err
	}
	if follower != nil {
		defer r.config.Log.removeFollower(follower)
	}
	defer func() {
		for _, f := range files {
			_ = f.Close()
		}
	}()
	starts, err := tailStarts(files, r.config.Tail)
	if err != nil {
		return err
	}
	for i, f := range files {
		if _, err := f.Seek(starts[i], io.SeekStart); err != nil {
			return err
		}
		r.lines.reset(f.limited())
		if err := r.drain(ctx); err != nil {
			return err
		}
		if !f.whole {
			_ = f.Close() // a rotated file may be removed meanwhile: let it go
		}
	}
	if follower == nil {
		return nil
	}
	return r.follow(ctx, follower)
}

// logFile is one of the log's files. A reader that does not follow reads it
// up to its end at the time of opening, and so does not run after a fast
// writer for ever.
type logFile struct {
	*os.File
	size  int64
	whole bool
}

func (f logFile) limited() io.Reader {
	if f.whole {
		return f.File
	}
	return io.NewSectionReader(f.File, f.offset(), f.size-f.offset())
}

func (f logFile) offset() int64 {
	at, err := f.Seek(0, io.SeekCurrent)
	if err != nil {
		return f.size
	}
	return at
}

// open opens the files, oldest first, in one moment between two entries.
func (r *reader) open() (files []logFile, follower *follower, err error) {
	if l := r.config.Log; l != nil {
		l.mu.Lock()
		defer l.mu.Unlock()
		if r.config.Follow && !l.options.discard {
			follower = l.addFollower()
		}
	}
	paths, err := rotatedFiles(r.config.Path)
	if err != nil {
		return nil, nil, err
	}
	for _, path := range append(paths, r.config.Path) {
		file, err := os.Open(path)
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return files, follower, fmt.Errorf("read log: %w", err)
		}
		info, err := file.Stat()
		if err != nil {
			return files, follower, fmt.Errorf("read log: %w", err)
		}
		files = append(files, logFile{
			File: file, size: info.Size(),
			whole: follower != nil && path == r.config.Path,
		})
	}
	return files, follower, nil
}

// follow waits for more at the end of the last file, and goes to the next
// one when there is one.
func (r *reader) follow(ctx context.Context, follower *follower) error {
	until := make(<-chan time.Time)
	if !r.config.Until.IsZero() {
		timer := time.NewTimer(time.Until(r.config.Until))
		defer timer.Stop()
		until = timer.C
	}
	var current *os.File
	defer func() {
		if current != nil {
			_ = current.Close()
		}
	}()
	for {
		next, ended, err := r.config.Log.advance(follower)
		if err != nil {
			return err
		}
		// Only what is read after advance is known to be the rest.
		if err := r.drain(ctx); err != nil {
			if next != nil {
				_ = next.Close()
			}
			return err
		}
		if next != nil {
			if current != nil {
				_ = current.Close()
			}
			current = next
			r.lines.reset(next)
			continue
		}
		if ended {
			return nil
		}
		select {
		case <-follower.changed:
		case <-until:
			return r.drain(ctx)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// drain writes every whole entry there is.
func (r *reader) drain(ctx context.Context) error {
	for n := 0; ; n++ {
		if n%256 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		line, err := r.lines.next()
		if errors.Is(err, io.EOF) {
			return r.flush()
		}
		if err != nil {
			return fmt.Errorf("read log: %w", err)
		}
		if err := r.emit(line); err != nil {
			return err
		}
	}
}

func (r *reader) flush() error {
	if r.config.Flush == nil {
		return nil
	}
	return r.config.Flush()
}

// entry is one line of the file.
type entry struct {
	Log    string            `json:"log"`
	Stream string            `json:"stream"`
	Attrs  map[string]string `json:"attrs"`
	Time   time.Time         `json:"time"`
}

// timeFormat is docker's for --timestamps: all nine digits.
const timeFormat = "2006-01-02T15:04:05.000000000Z07:00"

func (r *reader) emit(line []byte) error {
	var e entry
	if err := json.Unmarshal(line, &e); err != nil {
		return nil //nolint:nilerr // what a crash of the machine made of a line is skipped
	}
	if !r.config.Since.IsZero() && e.Time.Before(r.config.Since) {
		return nil
	}
	if !r.config.Until.IsZero() && e.Time.After(r.config.Until) {
		return errLater
	}
	to := r.stdout
	switch {
	case e.Stream == "stderr" && r.config.Stderr:
		to = r.stderr
	case e.Stream == "stdout" && r.config.Stdout:
	default:
		return nil
	}
	var text []byte
	if r.config.Timestamps {
		text = append(e.Time.AppendFormat(text, timeFormat), ' ')
	}
	if r.config.Details {
		text = append(append(text, details(e.Attrs)...), ' ')
	}
	_, err := to.Write(append(text, e.Log...))
	return err
}

// details is docker's form of the attributes.
func details(attrs map[string]string) string {
	parts := make([]string, 0, len(attrs))
	for _, key := range slices.Sorted(maps.Keys(attrs)) {
		parts = append(parts, url.QueryEscape(key)+"="+url.QueryEscape(attrs[key]))
	}
	return strings.Join(parts, ",")
}

const (
	readSize = 64 << 10
	// longestLine is more than an entry can be long but for absurd labels. A
	// longer line is skipped.
	longestLine = 4 << 20
)

// lineReader gives whole lines. At the end of its input it keeps the
// beginning of a line, for when there is more.
type lineReader struct {
	from io.Reader
	buf  []byte // what is read; from start on not yet given
	at   int
	skip bool // in a line that is too long
}

func (l *lineReader) reset(from io.Reader) {
	l.from, l.buf, l.at, l.skip = from, l.buf[:0], 0, false
}

// next is a line without its newline, valid until the call after it.
func (l *lineReader) next() ([]byte, error) {
	seen := l.at
	for {
		if i := bytes.IndexByte(l.buf[seen:], '\n'); i >= 0 {
			line := l.buf[l.at : seen+i]
			l.at = seen + i + 1
			if !l.skip {
				return line, nil
			}
			l.skip, seen = false, l.at
			continue
		}
		if len(l.buf)-l.at > longestLine {
			l.skip = true
			l.buf, l.at = l.buf[:0], 0
		}
		l.buf = append(l.buf[:0], l.buf[l.at:]...)
		l.at, seen = 0, len(l.buf)
		l.buf = slices.Grow(l.buf, readSize)
		n, err := l.from.Read(l.buf[seen:cap(l.buf)])
		l.buf = l.buf[:seen+n]
		if n == 0 && err != nil {
			return nil, err
		}
	}
}

// tailStarts is where to begin in each file to read the last n entries of all.
func tailStarts(files []logFile, n int) ([]int64, error) {
	starts := make([]int64, len(files))
	if n < 0 {
		return starts, nil
	}
	for i, f := range slices.Backward(files) {
		start, found, err := tailOffset(f, f.size, n)
		if err != nil {
			return nil, fmt.Errorf("read log: %w", err)
		}
		starts[i] = start
		n -= found
	}
	return starts, nil
}

// tailOffset is where the last n entries of a file begin, and how many it
// has of them. A line without an end is no entry.
func tailOffset(file io.ReaderAt, size int64, n int) (start int64, found int, err error) {
	buf := make([]byte, cmp.Or(min(size, readSize), 1))
	newlines := 0
	for end := size; end > 0; {
		chunk := buf[:min(end, int64(len(buf)))]
		end -= int64(len(chunk))
		if _, err := file.ReadAt(chunk, end); err != nil && !errors.Is(err, io.EOF) {
			return 0, 0, err
		}
		for rest := chunk; ; {
			i := bytes.LastIndexByte(rest, '\n')
			if i < 0 {
				break
			}
			if newlines == n {
				return end + int64(i) + 1, n, nil
			}
			newlines++
			rest = rest[:i]
		}
	}
	return 0, newlines, nil
}
