package flow

// CallersSchema names the version of the JSON of Callers.
const CallersSchema = "callroute.callers/v1"

// Callers is what reaches some functions: each command, request, RPC method, task
// and start of a program that leads to one of them, with a shortest way.
type Callers struct {
	Schema   string      `json:"schema"`
	Query    string      `json:"query"`   // as it was asked
	Targets  []Target    `json:"targets"` // the functions that are meant
	Callers  []Caller    `json:"callers"`
	Programs []Component `json:"programs"`      // all that were looked at
	Cut      int         `json:"cut,omitempty"` // functions that nothing calls and that lead to a target, left out
	// Peers is the crossings at which the targets leave or enter a process: what
	// else stands on their other sides.
	Peers []Crossing `json:"peers,omitempty"`
	// Elsewhere is the places of a change that are in no function.
	Elsewhere []Site `json:"elsewhere,omitempty"`
	// Unknown counts the calls in the sources under study of which it is not known
	// what they reach, and Unjoined the requests and started programs: each may be
	// one more way.
	Unknown  int     `json:"unknown"`
	Unjoined int     `json:"unjoined"`
	Dropped  Dropped `json:"dropped"`
}

// Target is a function that was asked for.
type Target struct {
	Program string `json:"program"`
	Func    string `json:"func"` // as in Node
	Decl    string `json:"decl,omitempty"`
	Site
	EndLine int  `json:"endLine,omitempty"`
	Idle    bool `json:"idle,omitempty"` // nothing in its program is seen to call it
}

// Caller is an entry of a program that leads to a target.
type Caller struct {
	Program string   `json:"program"`
	Package string   `json:"package"` // import path of the program
	Kind    Kind     `json:"kind"`    // as in Command; empty for the start of a program
	Words   []string `json:"words"`   // as callroute trace takes them behind the program
	Hidden  bool     `json:"hidden,omitempty"`
	// Idle says that the way begins at a function that nothing is seen to call.
	Idle bool `json:"idle,omitempty"`
	// Exported says that the way begins at an exported function of a library.
	Exported bool   `json:"exported,omitempty"`
	Way      []Step `json:"way"`
}

// PathSchema names the version of the JSON of Path.
const PathSchema = "callroute.path/v1"

// Path is the shortest way from one function to another, of those that the caller
// takes: what it passes before is left out.
type Path struct {
	Schema   string      `json:"schema"`
	From     string      `json:"from"` // as it was asked
	To       string      `json:"to"`
	Programs []Component `json:"programs"`
	Caller
}

// Step is a function on a way.
type Step struct {
	Program string `json:"program"`
	Func    string `json:"func"` // as in Node
	Decl    string `json:"decl,omitempty"`
	Site
	Next *Passage `json:"next,omitempty"` // how control passes on, of all but the last
}

// Passage is how control passes from a step to the next, as in Edge.
type Passage struct {
	Kind       Kind   `json:"kind"`
	Site       Site   `json:"site"`
	Detail     string `json:"detail,omitempty"`
	Rule       string `json:"rule"`
	Candidates int    `json:"candidates"`
	Label      string `json:"label,omitempty"`
}

// Crossing is what one program sends, starts or serves, or a command line that it
// defines.
type Crossing struct {
	Kind Kind     `json:"kind"`
	Key  string   `json:"key"`            // as in Endpoint
	From []string `json:"from,omitempty"` // who sends it, each "program func"
	To   []string `json:"to,omitempty"`   // who handles it
}

// Excerpt is the source of a function.
type Excerpt struct {
	Programs []string `json:"programs"` // that have it
	Func     string   `json:"func"`
	Site
	Text string `json:"text"` // from Line on
}
