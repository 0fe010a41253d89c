package flow

// AccessesSchema names the version of the JSON of Accesses.
const AccessesSchema = "callroute.accesses/v1"

// Accesses is who writes, or who reads, a field or a package variable.
type Accesses struct {
	Schema   string      `json:"schema"`
	Query    string      `json:"query"`   // as it was asked
	Verb     string      `json:"verb"`    // "writes" or "reads"
	Targets  []string    `json:"targets"` // what was meant: "daemon.stateCtr", "container.State.Running"
	Accesses []Access    `json:"accesses"`
	Programs []Component `json:"programs"` // all that were looked at
}

// Access is a function that writes or reads.
type Access struct {
	Program string `json:"program"` // the first that has the function
	Func    string `json:"func"`    // as in Node
	Site           // of its declaration
	// Own says that it is a method of the type that a variable has: the others go
	// through it.
	Own     bool         `json:"own,omitempty"`
	Lines   []AccessLine `json:"lines"`
	From    []CallSite   `json:"from"`    // the calls of the function in the sources under study
	Callers []Caller     `json:"callers"` // the entries that lead to it, with a shortest way
}

// AccessLine is a line of a function that writes or reads.
type AccessLine struct {
	Line int    `json:"line"`
	How  string `json:"how"` // "sets it", "calls daemon.(*stateCounter).set"
}

// CallSite is a call.
type CallSite struct {
	Func string `json:"func"` // in which it stands, as in Node
	Site
}
