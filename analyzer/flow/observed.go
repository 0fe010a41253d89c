package flow

import "slices"

// Observed says what of a flow ran when the command was carried out by programs
// that note what they do, and what ran besides.
type Observed struct {
	Command   []string          `json:"command"` // as it was typed
	Exit      int               `json:"exit"`
	Processes []ObservedProcess `json:"processes"` // those that ran while it did
	Functions Share             `json:"functions"` // of the system, behind the set-up of each process: ran, and are told
	Calls     Share             `json:"calls"`     // between them: ran, and are told
	Arrivals  Share             `json:"arrivals"`  // handlers and commands: ran, and are told
	Steps     Share             `json:"steps"`     // of the spine: are told, and ran
	Crossings Share             `json:"crossings"` // of the spine: are told, and ran in this order
	Moments   Share             `json:"moments"`   // told to come always, in phases that were entered, and came
	Last      *ObservedEffect   `json:"last,omitempty"`
	Nodes     []ObservedNode    `json:"nodes"`    // the nodes that ran
	NotRun    []NotRun          `json:"notRun"`   // the steps of the spine that did not
	Missed    []Missed          `json:"missed"`   // what ran and is not told
	Unjoined  []Unjoined        `json:"unjoined"` // the calls between told functions that are not
	Effects   []ObservedEffect  `json:"effects"`
}

// Ran reports whether a node ran. Of a flow that nobody ran it says nothing.
func (o *Observed) Ran(node int) (ran, known bool) {
	if o == nil {
		return false, false
	}
	return slices.ContainsFunc(o.Nodes, func(n ObservedNode) bool { return n.Node == node }), true
}

// Share is how many of some things are also something else.
type Share struct {
	All int `json:"all"`
	Are int `json:"are"`
}

// ObservedProcess is a process that ran while the command did.
type ObservedProcess struct {
	Component string   `json:"component"`
	Args      []string `json:"args"`
	Started   bool     `json:"started,omitempty"` // while the command ran
	Begin     int64    `json:"begin"`             // nanoseconds from the start of the command to the first that it did
	End       int64    `json:"end"`               // and to the last
}

// ObservedNode is a node that ran: its first time.
type ObservedNode struct {
	Node    int   `json:"node"`
	Process int   `json:"process"` // index of Processes
	By      int   `json:"by"`      // the node that called it, 0 where none is told
	Begin   int64 `json:"begin"`   // nanoseconds from the start of the command
	End     int64 `json:"end"`     // when the last below it began
	After   bool  `json:"after,omitempty"`
}

// NotRun is a step of the spine that did not run.
type NotRun struct {
	Node  int    `json:"node"`
	Class string `json:"class"` // why, as far as that can be told from what ran
}

// Missed is a function that ran and is not told.
type Missed struct {
	Component string `json:"component"`
	Func      string `json:"func"`
	Site
	Class string `json:"class"`           // at what the route loses it
	At    string `json:"at,omitempty"`    // the function, told or of a library, behind which it is lost
	After bool   `json:"after,omitempty"` // the command had ended
}

// Unjoined is a call between two nodes that ran and is no edge.
type Unjoined struct {
	From int `json:"from"`
	To   int `json:"to"`
	Line int `json:"line"` // of the call, in the file of From
}

// ObservedEffect is something that a process did to the machine.
type ObservedEffect struct {
	Component string `json:"component"`
	Verb      string `json:"verb"`
	What      string `json:"what"`
	Func      string `json:"func"` // the nearest function that notes what it does
	Site             // of the call in it
	Node      int    `json:"node,omitempty"`  // that function, if it is told
	Told      bool   `json:"told,omitempty"`  // it or one of its callers is told
	Spine     bool   `json:"spine,omitempty"` // the spine's last step is it or one of its callers
	After     bool   `json:"after,omitempty"`
}
