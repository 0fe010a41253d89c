// Package record describes the file in which the processes of an observed run
// note what they do, makes it, and reads it.
//
// Words. A window is a part of the run: while it is prepared, while nothing is
// asked, while the command runs. Its number is in the file, and processes copy it
// into their records. A call is the first entry of a function from one caller in
// one window of one process. An act is a system call by which a process acts on
// the machine. A process is one program from its start, or its exec, to its end.
//
// The file begins with a page of control, then come chunks of 64 KB. A process
// takes a chunk when it starts and another when one is full; a record is in one
// chunk. The writer is recorder.go.txt, which becomes part of package runtime in
// the observed programs (see package instrument). All numbers are little-endian.
//
//	control  magic 8, window 4, chunks taken 4
//	chunk    magic 8, process 4, bytes used 4, pid 4, nothing 12
//	record   mark 2, lengths of two texts and kind and window 6, time 8,
//	         goroutine 8, the goroutine that started it and how the caller
//	         calls 8, what 8, caller 8, number 4, line in the caller 4, texts
//
// What it cannot see: code in other languages, functions marked as go:nosplit, and
// processes whose programs are not instrumented.
package record

import (
	"bytes"
	_ "embed"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"unsafe"
)

// Recorder is the Go file that is added to package runtime.
//
//go:embed recorder.go.txt
var Recorder []byte

const (
	magic      = 0x6574756f726c6c61
	mark       = 0xca11
	chunkSize  = 64 << 10
	mostChunks = 4<<30/chunkSize - 1
	headerSize = 32
	recordSize = 56
)

// Kind says what a record is about.
type Kind uint8

// The kinds of a record.
const (
	Start Kind = 1 + iota // of a process
	Call
	Act
)

// How says how a caller calls.
type How uint16

// The ways of a call.
const (
	Through How = iota // functions without instruments are between them
	Direct
	Started // as a goroutine; the caller is the one that started it
)

// Record is one note of a process.
type Record struct {
	Kind      Kind
	Window    int
	Time      int64 // nanoseconds, of the machine's monotonic clock
	Goroutine uint64
	Parent    uint64 // the goroutine that started it
	How       How
	ID        uint64   // of a function or of an act
	Caller    uint64   // the nearest instrumented caller, 0 if there is none
	Line      int      // in the caller
	Number    int      // of an act
	Texts     []string // of an act; of a start: the program's import path, then the command line
}

// Process is what one process noted, in the order of time.
type Process struct {
	Number  int // in the order in which they started
	PID     int // in its own namespace
	Records []Record
}

// Program is the import path of the process's main package.
func (p *Process) Program() string {
	if start := p.start(); len(start) > 0 {
		return start[0]
	}
	return ""
}

// Args is the command line of the process.
func (p *Process) Args() []string {
	if start := p.start(); len(start) > 0 {
		return start[1:]
	}
	return nil
}

func (p *Process) start() []string {
	for _, r := range p.Records {
		if r.Kind == Start {
			return r.Texts
		}
	}
	return nil
}

// File is the file of a run that goes on.
type File struct {
	name    string
	control []byte
}

// Create makes the file of a run. Nothing is recorded before a window is open.
func Create(name string) (*File, error) {
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if err := f.Chmod(0o666); err != nil { // processes may have given up their rights
		return nil, err
	}
	if err := f.Truncate((mostChunks + 1) * chunkSize); err != nil {
		return nil, fmt.Errorf("no room for a sparse file: %w", err)
	}
	control, err := shared(f, os.Getpagesize())
	if err != nil {
		return nil, err
	}
	binary.LittleEndian.PutUint64(control, runMagic(name))
	return &File{name, control}, nil
}

// runMagic begins the file of one run.
func runMagic(name string) uint64 {
	m := uint64(magic)
	for _, b := range []byte(name) {
		m = m*31 + uint64(b)
	}
	return m
}

// Open begins a window. Records from now on are in it; 0 is none.
func (f *File) Open(window int) {
	atomic.StoreUint32((*uint32)(unsafe.Pointer(&f.control[8])), uint32(window))
}

// Size is a number that grows with what is recorded.
func (f *File) Size() (int, error) {
	n := 0
	err := f.chunks(func(_ int, chunk []byte) {
		n += int(binary.LittleEndian.Uint32(chunk[12:]))
	})
	return n, err
}

// Close ends the recording. The file stays.
func (f *File) Close() error { return release(f.control) }

// Read is everything that was recorded, a process each.
func (f *File) Read() ([]*Process, error) {
	found := map[int]*Process{}
	err := f.chunks(func(_ int, chunk []byte) {
		number := int(binary.LittleEndian.Uint32(chunk[8:]))
		p := found[number]
		if p == nil {
			p = &Process{Number: number, PID: int(binary.LittleEndian.Uint32(chunk[16:]))}
			found[number] = p
		}
		p.Records = append(p.Records, records(chunk)...)
	})
	if err != nil {
		return nil, err
	}
	var all []*Process
	for _, p := range found {
		slices.SortStableFunc(p.Records, func(a, b Record) int { return int(a.Time - b.Time) })
		all = append(all, p)
	}
	slices.SortFunc(all, func(a, b *Process) int { return a.Number - b.Number })
	return all, nil
}

// chunks calls do for every chunk that is taken.
func (f *File) chunks(do func(number int, chunk []byte)) error {
	file, err := os.Open(f.name)
	if err != nil {
		return err
	}
	defer file.Close()
	taken := int(atomic.LoadUint32((*uint32)(unsafe.Pointer(&f.control[12]))))
	if taken > mostChunks {
		return errors.New("the run did more than can be recorded")
	}
	chunk := make([]byte, chunkSize)
	for i := 1; i <= taken; i++ {
		if _, err := file.ReadAt(chunk, int64(i)*chunkSize); err != nil {
			return err
		}
		if binary.LittleEndian.Uint64(chunk) == magic {
			do(i, chunk)
		}
	}
	return nil
}

// records reads one chunk. A record whose writer was killed has no mark; the
// next one is found by its own.
func records(chunk []byte) []Record {
	used := min(int(binary.LittleEndian.Uint32(chunk[12:])), chunkSize)
	var out []Record
	for at := headerSize; at+recordSize <= used; {
		r, size := parse(chunk[at:used])
		if size == 0 {
			at += 8
			continue
		}
		out = append(out, r)
		at += size
	}
	return out
}

// parse reads the record at the beginning of data. Its size is 0 if there is
// none.
func parse(data []byte) (r Record, size int) {
	word := func(i int) uint64 { return binary.LittleEndian.Uint64(data[8*i:]) }
	head := word(0)
	first, second := int(head>>36&0xfff), int(head>>24&0xfff)
	size = (recordSize + first + second + 7) &^ 7
	if head>>48 != mark || size > len(data) {
		return Record{}, 0
	}
	text := data[recordSize:]
	r = Record{
		Kind: Kind(head >> 20 & 0xf), Window: int(head & 0xfffff), Time: int64(word(1)),
		Goroutine: word(2), Parent: word(3) >> 16, How: How(word(3) & 0xffff),
		ID: word(4), Caller: word(5), Line: int(word(6) >> 32), Number: int(int32(word(6))),
	}
	switch r.Kind {
	case Start, Act:
		r.Texts = append([]string{string(text[:first])}, words(text[first:first+second])...)
	}
	return r, size
}

// words splits a text that has a NUL behind each word.
func words(text []byte) []string {
	if len(text) == 0 {
		return nil
	}
	return strings.Split(string(bytes.TrimSuffix(text, []byte{0})), "\x00")
}
