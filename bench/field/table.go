//go:build unix

package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path"
	"slices"
	"time"
)

// table is one system and what is known of it.
type table struct {
	System string     `json:"system"`
	Repos  []repo     `json:"repos"`
	Cases  []testCase `json:"cases"`

	// What a person would write into callroute.yaml.
	Aliases json.RawMessage `json:"aliases"`
	Choices json.RawMessage `json:"choices"`
	Outside json.RawMessage `json:"outside"`
}

// repo is a repository at a revision. Edits are changes without which it cannot
// be read, as a go line that is newer than the go command.
type repo struct {
	Mirror string   `json:"mirror"` // OWNER+NAME
	Rev    string   `json:"rev"`
	Dirs   []string `json:"dirs"` // the sources in it, the root when empty
	Import string   `json:"import"`
	Edits  []struct {
		File string `json:"file"`
		Old  string `json:"old"`
		New  string `json:"new"`
	} `json:"edits"`
}

// testCase is a command and its answer.
type testCase struct {
	Run       []string   `json:"run"` // program, then the words
	Crossings []crossing `json:"crossings"`
	Steps     []function `json:"steps"`
	Never     []function `json:"never"`
}

// crossing is a way from one process or goroutine to another.
type crossing struct {
	Kind   string     `json:"kind"`
	Key    string     `json:"key"`
	From   function   `json:"from"`
	To     *function  `json:"to"`
	Either []function `json:"either"`
}

// function is a function by its place. Then is one that has to be reached from it.
type function struct {
	Program string    `json:"program"`
	Func    string    `json:"func"`
	File    string    `json:"file"` // from the source's folder, or MODULE@VERSION/path
	Line    int       `json:"line"`
	Then    *function `json:"then"`
}

func (f function) String() string {
	return fmt.Sprintf("%s %s %s:%d", f.Program, f.Func, f.File, f.Line)
}

func (f function) place() place { return place{f.Program, path.Clean(f.File), f.Line} }

// place tells functions of a trace apart.
type place struct {
	program, file string
	line          int
}

func readTable(name string) (*table, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	t := &table{}
	if err := json.Unmarshal(text, t); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return t, nil
}

// flow is what is read of a trace.
type flow struct {
	Nodes []struct {
		ID        int    `json:"id"`
		Component string `json:"component"`
		File      string `json:"file"`
		Line      int    `json:"line"`
	} `json:"nodes"`
	Edges []struct {
		From int    `json:"from"`
		To   int    `json:"to"`
		Kind string `json:"kind"`
	} `json:"edges"`
	Spine []int `json:"spine"`
	Gaps  []any `json:"gaps"`
}

// score is how much of a case's answer a trace has.
type score struct {
	crossings, ofCrossings int
	steps, ofSteps         int
	spine                  int // steps that are on it
	never                  int // of those functions, on the spine
	gaps                   int
	empty                  bool
	cpu                    time.Duration
	peak                   int64 // bytes
	why                    string
	lines                  []string
}

// enough is the part of the steps that has to be in a trace, in tenths: a step
// may be one that a reader sees and a program does not take.
const enough = 9

func (s score) holds() bool {
	return !s.empty && s.crossings == s.ofCrossings && 10*s.steps >= enough*s.ofSteps && s.never == 0
}

func (s score) String() string {
	return fmt.Sprintf("crossings %d/%d  steps %d/%d  on the spine %d  never %d  gaps %d  cpu %.1f s  peak %d MB",
		s.crossings, s.ofCrossings, s.steps, s.ofSteps, s.spine, s.never, s.gaps, s.cpu.Seconds(), s.peak>>20)
}

func (s *score) add(t score) {
	s.crossings += t.crossings
	s.ofCrossings += t.ofCrossings
	s.steps += t.steps
	s.ofSteps += t.ofSteps
	s.spine += t.spine
	s.never += t.never
	s.gaps += t.gaps
	s.cpu += t.cpu
	s.peak = max(s.peak, t.peak)
}

// never begins the line of a function that stands on the spine and must not.
const never = "NEVER"

// anyKind is the kinds of crossings that an edge of another kind may show, too:
// what a table calls a queue can be a channel for callroute.
var anyKind = []string{"netrpc", "connect", "ws", "queue", "task"}

func (c testCase) score(f *flow) score {
	g := graphOf(f)
	s := score{ofCrossings: len(c.Crossings), ofSteps: len(c.Steps), gaps: len(f.Gaps), empty: len(f.Nodes) == 0}
	for _, x := range c.Crossings {
		if why := g.lacks(x); why != "" {
			s.lines = append(s.lines, fmt.Sprintf("lacks %s %s: %s", x.Kind, x.Key, why))
			continue
		}
		s.crossings++
		s.lines = append(s.lines, fmt.Sprintf("has %s %s", x.Kind, x.Key))
	}
	for _, n := range c.Steps {
		if !g.have[n.place()] {
			s.lines = append(s.lines, "lacks the step "+n.String())
			continue
		}
		s.steps++
		if g.spine[n.place()] {
			s.spine++
		}
	}
	for _, n := range c.Never {
		if g.spine[n.place()] {
			s.never++
			s.lines = append(s.lines, never+" on the spine: "+n.String())
		}
	}
	return s
}

// graph is a trace by the places of its functions.
type graph struct {
	*flow
	at          map[int]place
	have, spine map[place]bool
}

func graphOf(f *flow) *graph {
	g := &graph{f, map[int]place{}, map[place]bool{}, map[place]bool{}}
	for _, n := range f.Nodes {
		p := place{n.Component, path.Clean(n.File), n.Line}
		g.at[n.ID], g.have[p] = p, true
	}
	for _, id := range f.Spine {
		g.spine[g.at[id]] = true
	}
	return g
}

// lacks says why a crossing does not hold, nothing if it does.
func (g *graph) lacks(c crossing) string {
	targets := c.Either
	if c.To != nil {
		targets = append(targets, *c.To)
	}
	if len(targets) == 0 {
		return "the table names no target"
	}
	why := "no edge to " + targets[0].String()
	for _, t := range targets {
		for _, e := range g.Edges {
			if g.at[e.To] != t.place() || e.Kind != c.Kind && !slices.Contains(anyKind, c.Kind) {
				continue
			}
			if t.Then == nil || g.reaches(e.To, t.Then.place()) {
				return ""
			}
			why = fmt.Sprintf("an edge to %s, and no way from there to %s", t, t.Then)
		}
	}
	return why
}

func (g *graph) reaches(from int, to place) bool {
	seen := map[int]bool{from: true}
	work := []int{from}
	for len(work) > 0 {
		id := work[len(work)-1]
		work = work[:len(work)-1]
		if g.at[id] == to {
			return true
		}
		for _, e := range g.Edges {
			if e.From == id && !seen[e.To] {
				seen[e.To] = true
				work = append(work, e.To)
			}
		}
	}
	return false
}
