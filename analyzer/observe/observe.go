// Package observe is what happened when a command was carried out by programs
// that note what they do, as plain data that can be kept in a file.
//
// Words. A run is one command, with what its processes did before it, while
// nothing was asked, while it ran, and shortly after. A call is the first entry of
// a function from one caller in one of these times of one process. An effect is a
// system call by which a process acts on the machine.
package observe

import (
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/callroute/callroute/analyzer/observe/instrument"
	"github.com/callroute/callroute/analyzer/observe/record"
	"github.com/callroute/callroute/analyzer/system"
)

// Schema names the form of a run in a file.
const Schema = "callroute.run/v1"

// Time is a part of a run.
type Time int

// The times of a run, in their order.
const (
	Before Time = iota
	Quiet       // nothing is asked of the daemons
	During
	After
)

// Run is what happened.
type Run struct {
	Schema    string     `json:"schema"`
	Command   []string   `json:"command"` // as it was typed
	Exit      int        `json:"exit"`
	Begin     int64      `json:"begin"` // of the command, on the clock of the calls
	End       int64      `json:"end"`
	Functions []Function `json:"functions"` // that ran
	Processes []Process  `json:"processes"`
}

// Function is a function of one program, as a trace names it.
type Function struct {
	Program string `json:"program"` // import path of the main package
	Name    string `json:"name"`
	Package string `json:"package"`
	File    string `json:"file"`
	Line    int    `json:"line"`
	Own     bool   `json:"own,omitempty"` // of the source under study, not of a library
}

// Process is one process.
type Process struct {
	Program string   `json:"program"`
	Args    []string `json:"args"`
	Start   int64    `json:"start"`
	Calls   []Call   `json:"calls"`
	Effects []Effect `json:"effects,omitempty"`
}

// Call is the first entry of a function from one caller in one time.
type Call struct {
	Func      int        `json:"func"`           // index of Functions
	Caller    int        `json:"caller"`         // index of Functions, -1 if it is not known
	Line      int        `json:"line,omitempty"` // in the caller
	How       record.How `json:"how,omitempty"`
	When      Time       `json:"when"`
	At        int64      `json:"at"` // nanoseconds
	Goroutine uint64     `json:"goroutine"`
	Old       bool       `json:"old,omitempty"` // the goroutine was there before the command
}

// Effect is something that a process did to the machine.
type Effect struct {
	Goroutine uint64 `json:"goroutine"`
	Verb      string `json:"verb"`
	What      string `json:"what"`
	Number    int    `json:"number,omitempty"`
	Func      int    `json:"func"` // as Caller
	Line      int    `json:"line,omitempty"`
	When      Time   `json:"when"`
	At        int64  `json:"at"`
}

// Windows are the windows of a record in which a command's times are.
type Windows map[int]Time

// Recorded is what there is of one command: how it was run, and the record.
type Recorded struct {
	Command    []string
	Exit       int
	Begin, End int64
	Processes  []*record.Process
	Windows    Windows
}

// New makes a run of what was recorded.
func New(r Recorded, b *instrument.Build, programs []*system.Program) *Run {
	run := &Run{Schema: Schema, Command: r.Command, Exit: r.Exit, Begin: r.Begin, End: r.End}
	m := &maker{run: run, build: b, index: map[key]int{}, windows: r.Windows, programs: map[string]*system.Program{}}
	for _, p := range programs {
		m.programs[p.Package] = p
	}
	for _, p := range r.Processes {
		if made, ok := m.process(p); ok {
			run.Processes = append(run.Processes, made)
		}
	}
	return run
}

// key is a function of one program.
type key struct {
	program string
	id      uint64
}

// maker makes a run.
type maker struct {
	run      *Run
	build    *instrument.Build
	programs map[string]*system.Program
	index    map[key]int // of Functions
	windows  Windows
}

// process is what one process did, unless it did nothing in this run.
func (m *maker) process(p *record.Process) (Process, bool) {
	out := Process{Program: p.Program(), Args: p.Args()}
	old := map[uint64]bool{}
	for _, r := range p.Records {
		when, known := m.windows[r.Window]
		if r.Kind == record.Start {
			out.Start = r.Time
		}
		if !known || when < During {
			if r.Kind == record.Call && r.Time < m.run.Begin {
				old[r.Goroutine] = true
			}
		}
		if !known || when == Before {
			continue
		}
		switch r.Kind {
		case record.Call:
			out.Calls = append(out.Calls, Call{
				Func: m.function(out.Program, r.ID), Caller: m.function(out.Program, r.Caller), Line: r.Line, How: r.How,
				When: when, At: r.Time, Goroutine: r.Goroutine, Old: old[r.Goroutine],
			})
		case record.Act:
			act := m.build.Acts[r.ID]
			if what, ok := object(act, r); ok {
				out.Effects = append(out.Effects, Effect{
					Goroutine: r.Goroutine, Verb: act.Verb, What: what, Number: r.Number, Func: m.function(out.Program, r.Caller), Line: r.Line, When: when, At: r.Time,
				})
			}
		}
	}
	return out, len(out.Calls)+len(out.Effects) > 0
}

// object is what an act is about. Its descriptors 1 and 2 are what a process
// prints, which is no act.
func object(a instrument.Act, r record.Record) (string, bool) {
	texts := make([]string, 0, len(r.Texts))
	for _, t := range r.Texts {
		texts = append(texts, strings.TrimSpace(t))
	}
	switch a.Of {
	case instrument.Signal:
		return fmt.Sprintf("with signal %d", r.Number&0xff), true
	case instrument.Program:
		return strings.Join(texts[min(1, len(texts)):], " "), true
	case instrument.Paths:
		return strings.Join(texts, " → "), true
	default:
		return strings.Join(texts, ""), r.Number < 0 || r.Number > 2
	}
}

// function is the place of a function among those of the run, -1 for none.
func (m *maker) function(program string, id uint64) int {
	f, ok := m.build.Functions[id]
	if !ok {
		return -1
	}
	k := key{program, id}
	if i, ok := m.index[k]; ok {
		return i
	}
	own, file := m.shown(program, f)
	m.index[k] = len(m.run.Functions)
	m.run.Functions = append(m.run.Functions, Function{Program: program, Name: f.Name, Package: f.Package, File: file, Line: f.Line, Own: own})
	return m.index[k]
}

// shown is a function's file as a trace names it, and whether the function is the
// program's own.
func (m *maker) shown(program string, f instrument.Function) (own bool, file string) {
	if p := m.programs[program]; p != nil {
		if rel, ok := strings.CutPrefix(f.File, p.Source.Dir+string(filepath.Separator)); ok {
			rel = filepath.ToSlash(rel)
			return f.Module.Version == "" && !strings.HasPrefix(rel, "vendor/") && !strings.Contains(rel, "/vendor/"), rel
		}
	}
	if rel, ok := strings.CutPrefix(f.File, f.Module.Dir); ok && f.Module.Version != "" {
		return false, f.Module.Path + "@" + f.Module.Version + filepath.ToSlash(rel)
	}
	return false, f.File
}

// Write writes runs into a file.
func Write(w io.Writer, runs []*Run) error {
	z := gzip.NewWriter(w)
	return errors.Join(json.NewEncoder(z).Encode(runs), z.Close())
}

// Read reads what Write wrote.
func Read(name string) ([]*Run, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		return nil, fmt.Errorf("%s is no recorded run: callroute verify --record writes one", name)
	}
	var runs []*Run
	if err := json.NewDecoder(z).Decode(&runs); err != nil {
		return nil, fmt.Errorf("%s is no recorded run: %w", name, err)
	}
	if slices.ContainsFunc(runs, func(r *Run) bool { return r == nil || r.Schema != Schema }) {
		return nil, fmt.Errorf("%s is a run of another release; run verify again", name)
	}
	return runs, nil
}
