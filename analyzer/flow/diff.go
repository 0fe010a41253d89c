package flow

import (
	"encoding/json"
	"slices"
	"strings"
)

// DiffSchema names the version of the JSON of Diff.
const DiffSchema = "callroute.diff/v1"

// Diff is how the routes of one revision of a system differ from those of another.
type Diff struct {
	Schema   string        `json:"schema"`
	Old      string        `json:"old"` // the revisions, as they were named
	New      string        `json:"new"`
	Same     int           `json:"same"` // commands without a difference
	Commands []CommandDiff `json:"commands"`
}

// Change says what became of something.
type Change string

// The changes. A step may be moved and changed: then it is changed.
const (
	Same    Change = "same"
	Added   Change = "added"
	Removed Change = "removed"
	Moved   Change = "moved"   // into another file, or another name of its package
	Changed Change = "changed" // does something else, or passes control on otherwise
)

// CommandDiff is how the route of a command changed.
type CommandDiff struct {
	Program   string            `json:"program"`
	Words     []string          `json:"words"`
	Change    Change            `json:"change"` // added, removed or changed
	Route     []StepDiff        `json:"route"`  // both routes as one list
	Beside    []StepDiff        `json:"beside"` // what was added and removed beside the route
	Crossings []CrossingDiff    `json:"crossings"`
	Gaps      []GapDiff         `json:"gaps"`
	Failed    map[string]string `json:"failed,omitempty"` // why it cannot be followed in the "old", in the "new"
}

// StepDiff is a function of one route or of both.
type StepDiff struct {
	Change Change `json:"change"`
	Step
	Was     *Step    `json:"was,omitempty"`     // of a step that moved or changed
	Changes []string `json:"changes,omitempty"` // what changed, in words
}

// CrossingDiff is a crossing between processes that was added, removed, or whose
// key changed.
type CrossingDiff struct {
	Change Change `json:"change"`
	Kind   Kind   `json:"kind"`
	From   string `json:"from"` // "program func"
	To     string `json:"to"`   // "program func"
	Old    string `json:"old,omitempty"`
	New    string `json:"new,omitempty"`
}

// GapDiff is a gap that was closed or opened.
type GapDiff struct {
	Change Change `json:"change"`
	Kind   Kind   `json:"kind"`
	After  string `json:"after"` // "program func"
	Detail string `json:"detail,omitempty"`
	Reason string `json:"reason"`
}

// DiffGroup is commands whose routes changed in the same way.
type DiffGroup struct {
	CommandDiff               // the first of them
	Others      []CommandDiff // the rest
}

// Groups puts together the commands that changed in the same way, in the order of
// the first of each.
func (d *Diff) Groups() []DiffGroup {
	var out []DiffGroup
	place := map[string]int{}
	for _, c := range d.Commands {
		id := c.signature()
		if i, ok := place[id]; ok {
			out[i].Others = append(out[i].Others, c)
			continue
		}
		place[id] = len(out)
		out = append(out, DiffGroup{CommandDiff: c})
	}
	return out
}

// signature is what changed, without the steps that did not. Commands that were
// added or removed as a whole have nothing in common.
func (c *CommandDiff) signature() string {
	only := *c
	only.Route = slices.DeleteFunc(slices.Clone(c.Route), func(s StepDiff) bool { return s.Change == Same })
	if c.Change == Changed {
		only.Program, only.Words = "", nil
	}
	text, err := json.Marshal(only)
	if err != nil {
		panic(err) // it is plain data
	}
	return string(text)
}

// Name is the command as a person types it.
func (c *CommandDiff) Name() string {
	return strings.Join(append([]string{c.Program}, c.Words...), " ")
}

// Counts is how many steps of the route and functions beside it were added,
// removed, and moved or changed.
func (c *CommandDiff) Counts() (added, removed, changed int) {
	for _, list := range [][]StepDiff{c.Route, c.Beside} {
		for _, s := range list {
			switch s.Change {
			case Added:
				added++
			case Removed:
				removed++
			case Moved, Changed:
				changed++
			}
		}
	}
	return added, removed, changed
}
