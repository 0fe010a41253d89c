package logs

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"
	"unicode/utf8"
)

// partSize is where docker cuts a long line.
const partSize = 16 << 10

// Log is the log of a running container.
type Log struct {
	path           string
	options        options
	stdout, stderr *lineWriter

	mirror *mirror // nil without

	mu        sync.Mutex
	file      *os.File // nil for a log that keeps nothing
	size      int64
	followers []*follower
	caughtUp  *sync.Cond // a follower took a file
	closed    bool
}

// Open opens the log for writing at its end, and makes it if need be.
func Open(config Config) (*Log, error) {
	opts, err := parseOptions(config)
	if err != nil {
		return nil, err
	}
	l := &Log{path: config.Path, options: opts}
	l.caughtUp = sync.NewCond(&l.mu)
	l.stdout = &lineWriter{log: l, stream: "stdout"}
	l.stderr = &lineWriter{log: l, stream: "stderr"}
	if opts.syslog != nil {
		if l.mirror, err = opts.syslog.dial(); err != nil {
			return nil, err
		}
	}
	if opts.discard {
		return l, nil
	}
	l.file, err = os.OpenFile(config.Path, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o640)
	if err != nil {
		return nil, fmt.Errorf("open log: %w", errors.Join(err, l.mirror.close()))
	}
	if err := l.cutTornEntry(); err != nil {
		return nil, fmt.Errorf("open log: %w", errors.Join(err, l.file.Close(), l.mirror.close()))
	}
	return l, nil
}

// cutTornEntry ends the file after its last whole entry.
func (l *Log) cutTornEntry() error {
	info, err := l.file.Stat()
	if err != nil {
		return err
	}
	start, _, err := tailOffset(l.file, info.Size(), 0)
	if err != nil {
		return err
	}
	l.size = start
	if start == info.Size() {
		return nil
	}
	return l.file.Truncate(start)
}

// Stdout takes what the container writes to stdout; one caller at a time.
func (l *Log) Stdout() io.Writer { return l.stdout }

// Stderr takes what the container writes to stderr; one caller at a time.
func (l *Log) Stderr() io.Writer { return l.stderr }

// Close writes what has no newline yet and ends the followers. Call it when
// all output is in.
func (l *Log) Close() error {
	err := errors.Join(l.stdout.flush(), l.stderr.flush())
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return nil
	}
	l.closed = true
	for _, f := range l.followers {
		f.wake()
	}
	l.caughtUp.Broadcast()
	err = errors.Join(err, l.mirror.close())
	if l.file == nil {
		return err
	}
	return errors.Join(err, l.file.Close())
}

// lineWriter cuts one stream into entries.
type lineWriter struct {
	log     *Log
	stream  string
	line    []byte // what has no newline yet
	entries []byte // a batch for the file, kept for its memory
	ends    []int  // where each entry of the batch ends
}

func (w *lineWriter) Write(p []byte) (int, error) {
	if w.log.options.discard && w.log.mirror == nil {
		return len(p), nil
	}
	for rest := p; len(rest) > 0; {
		n := bytes.IndexByte(rest, '\n') + 1
		if n == 0 {
			n = len(rest)
		}
		n = min(n, partSize-len(w.line))
		w.line = append(w.line, rest[:n]...)
		rest = rest[n:]
		switch {
		case w.line[len(w.line)-1] == '\n':
			w.entry(w.line)
			w.line = w.line[:0]
		case len(w.line) == partSize:
			w.part()
		}
	}
	if err := w.write(); err != nil {
		return 0, err
	}
	return len(p), nil
}

// part makes an entry of a full line buffer, and keeps a character whose end
// has not come for the next one.
func (w *lineWriter) part() {
	end := len(w.line)
	for i := 1; i < utf8.UTFMax; i++ {
		if b := w.line[end-i]; utf8.RuneStart(b) {
			if !utf8.FullRune(w.line[end-i:]) {
				end -= i
			}
			break
		}
	}
	w.entry(w.line[:end])
	w.line = append(w.line[:0], w.line[end:]...)
}

func (w *lineWriter) flush() error {
	if len(w.line) == 0 {
		return nil
	}
	w.entry(w.line)
	w.line = w.line[:0]
	return w.write()
}

// entry adds one entry to the batch.
func (w *lineWriter) entry(line []byte) {
	if m := w.log.mirror; m != nil {
		m.send(w.stream, bytes.TrimSuffix(line, []byte("\n")))
	}
	b := w.entries
	b = append(b, `{"log":`...)
	b = appendJSON(b, line)
	b = append(b, `,"stream":"`...)
	b = append(b, w.stream...)
	b = append(b, `",`...)
	b = append(b, w.log.options.attrs...)
	b = append(b, `"time":"`...)
	b = time.Now().UTC().AppendFormat(b, time.RFC3339Nano)
	b = append(b, "\"}\n"...)
	w.entries = b
	w.ends = append(w.ends, len(w.entries))
}

func appendJSON(b, text []byte) []byte {
	plain := text
	if n := len(text); n > 0 && text[n-1] == '\n' {
		plain = text[:n-1]
	}
	for _, c := range plain {
		if c < ' ' || c > '~' || c == '"' || c == '\\' || c == '<' || c == '>' || c == '&' {
			quoted, err := json.Marshal(string(text))
			if err != nil { // a string always can be
				quoted = []byte(`""`)
			}
			return append(b, quoted...)
		}
	}
	b = append(b, '"')
	b = append(b, plain...)
	if len(plain) < len(text) {
		b = append(b, `\n`...)
	}
	return append(b, '"')
}

// write puts the batch into the file, or into several when it is full.
func (w *lineWriter) write() error {
	err := w.log.append(w.entries, w.ends)
	w.entries, w.ends = w.entries[:0], w.ends[:0]
	return err
}

// append writes entries that end at these places.
func (l *Log) append(entries []byte, ends []int) error {
	if len(ends) == 0 {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return os.ErrClosed
	}
	if l.file == nil {
		return nil
	}
	var errs []error
	start, from := 0, 0 // of what is not written yet, of the entry
	for _, end := range ends {
		if l.options.maxSize > 0 && l.size+int64(from-start) >= l.options.maxSize {
			errs = append(errs, l.writeFile(entries[start:from]), l.rotate())
			start = from
		}
		from = end
	}
	errs = append(errs, l.writeFile(entries[start:]))
	for _, f := range l.followers {
		f.wake()
	}
	return errors.Join(errs...)
}

// writeFile writes whole entries or nothing: on a full disk the next entry
// still begins on a line of its own.
func (l *Log) writeFile(p []byte) error {
	if len(p) == 0 {
		return nil
	}
	n, err := l.file.Write(p)
	if err == nil {
		l.size += int64(n)
		return nil
	}
	if n > 0 {
		err = errors.Join(err, l.file.Truncate(l.size))
	}
	return fmt.Errorf("write log: %w", err)
}

// rotate renames the files and begins a new one. When that fails the old one
// goes on to be written. The lock is held.
func (l *Log) rotate() error {
	l.waitForFollowers()
	if l.closed || l.size < l.options.maxSize {
		return nil // it happened while this waited
	}
	last := l.options.maxFiles - 1
	if last == 0 {
		// Not truncated: a follower may still be reading it.
		if err := os.Remove(l.path); err != nil && !os.IsNotExist(err) {
			return fmt.Errorf("rotate log: %w", err)
		}
	}
	for n := last; n > 0; n-- {
		from := rotatedFile(l.path, n-1)
		if n == 1 {
			from = l.path
		}
		if err := os.Rename(from, rotatedFile(l.path, n)); err != nil && !os.IsNotExist(err) {
			return fmt.Errorf("rotate log: %w", err)
		}
	}
	file, err := os.OpenFile(l.path, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o640)
	if err != nil {
		return fmt.Errorf("rotate log: %w", err)
	}
	_ = l.file.Close()
	l.file, l.size = file, 0
	for _, f := range l.followers {
		f.next(l.path)
	}
	return nil
}
