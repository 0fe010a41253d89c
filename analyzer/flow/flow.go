// Package flow is the result of callroute as plain data: the route of one
// command through every process, the commands a program has, and the
// endpoints at which programs meet.
//
// It knows nothing of how the result was found (no go/types, no go/ssa), so
// every view can be fed from a JSON file.
//
// Words. A node is a function, or a package variable that registers something,
// in one component. A component is one program, the unit that runs as a
// process. An edge says that control passes from one node to another and why
// we believe it. A crossing is an edge whose kind is not an ordinary call: it
// leaves a process or goes through a dispatch table. The spine is the one
// route a person would tell. A gap is a place where the route goes on in
// reality and we cannot say where to.
package flow

import (
	"cmp"
	"maps"
	"slices"
)

// Schema names the version of the trace JSON. It changes when a reader of the
// old form would misunderstand the new one.
const Schema = "callroute.trace/v1"

// Kind says how control passes along an edge.
type Kind string

// The kinds of an edge. The first five stay inside one goroutine or start one;
// the others cross a process or a dispatch table.
const (
	Call         Kind = "call"         // static call
	Interface    Kind = "interface"    // call through an interface method
	Closure      Kind = "closure"      // call of a function value, or a function value handed on to be called
	Go           Kind = "go"           // go statement
	Defer        Kind = "defer"        // defer statement
	HTTP         Kind = "http"         // request to a handler in another program
	GRPC         Kind = "grpc"         // gRPC method
	TTRPC        Kind = "ttrpc"        // ttrpc method
	RPC          Kind = "rpc"          // net/rpc method
	Task         Kind = "task"         // work of a kind, done by who registered for it
	Queue        Kind = "queue"        // message on a topic, to who listens to it
	Exec         Kind = "exec"         // start of another program, or of itself
	Exit         Kind = "exit"         // end of a process, to who started it and waits
	Event        Kind = "event"        // answer to a request that was made before, to who made it
	Net          Kind = "net"          // connection whose protocol no finder knows; always a gap
	Channel      Kind = "channel"      // value sent to a goroutine that receives it
	Plugin       Kind = "plugin"       // instance fetched from a registry by type and id
	Registration Kind = "registration" // entry of a table that is looked up by name later
	Reflection   Kind = "reflection"   // function called through package reflect
)

// kinds is every kind, in the order above, and what readers are told of it.
var kinds = []struct {
	Kind
	crossing bool   // leaves a process or goes through a dispatch table
	process  bool   // leaves its process
	title    string // of what a program serves or runs by it; empty where that has no list
}{
	{Kind: Call},
	{Kind: Interface},
	{Kind: Closure},
	{Kind: Go},
	{Kind: Defer},
	{HTTP, true, true, "HTTP routes"},
	{GRPC, true, true, "gRPC methods"},
	{TTRPC, true, true, "ttrpc methods"},
	{RPC, true, true, "net/rpc methods"},
	{Task, true, true, "Tasks"},
	{Queue, true, true, "Topics"},
	{Exec, true, true, ""},
	{Exit, true, true, ""},
	{Event, true, true, ""},
	{Net, true, true, ""},
	{Channel, true, false, ""},
	{Plugin, true, false, ""},
	{Registration, true, false, "Commands"},
	{Reflection, true, false, ""},
}

// Kinds returns every kind, in the order in which they are declared.
func Kinds() []Kind {
	var out []Kind
	for _, k := range kinds {
		out = append(out, k.Kind)
	}
	return out
}

// Crossing reports whether an edge of this kind leaves a process or goes
// through a dispatch table.
func (k Kind) Crossing() bool { i := k.index(); return i >= 0 && kinds[i].crossing }

// Process reports whether an edge of this kind leaves its process.
func (k Kind) Process() bool { i := k.index(); return i >= 0 && kinds[i].process }

// Later reports whether an edge of this kind says what comes later: it is no request,
// and nobody asks for it.
func (k Kind) Later() bool { return k == Exit || k == Event }

// Title is what a list of the things is called that a program serves or runs by
// this kind: "HTTP routes".
func (k Kind) Title() string {
	if i := k.index(); i >= 0 && kinds[i].title != "" {
		return kinds[i].title
	}
	return string(k)
}

// CompareKinds orders what can be asked for: what main does ("") and command
// lines first, then what other programs can send, in the order of the kinds.
func CompareKinds(a, b Kind) int {
	rank := func(k Kind) int {
		switch k {
		case "":
			return -2
		case Registration:
			return -1
		}
		return k.index()
	}
	return cmp.Compare(rank(a), rank(b))
}

// index is the place of a kind among kinds, -1 for what is none.
func (k Kind) index() int {
	for i := range kinds {
		if kinds[i].Kind == k {
			return i
		}
	}
	return -1
}

// Flow is one traced command.
type Flow struct {
	Schema     string      `json:"schema"`
	Program    string      `json:"program"`
	Command    []string    `json:"command"`
	Args       []string    `json:"args,omitempty"`  // what was typed beside the command
	Flags      []Flag      `json:"flags,omitempty"` // those among Args, as the program defines them
	Components []Component `json:"components"`
	Nodes      []Node      `json:"nodes"`
	Edges      []Edge      `json:"edges"`
	Root       int         `json:"root"`
	Spine      []int       `json:"spine"`
	Phases     []Phase     `json:"phases,omitempty"`
	Gaps       []Gap       `json:"gaps"`
	Cut        int         `json:"cut,omitempty"` // steps of the route behind the spine's end, left out by --depth
	Dropped    Dropped     `json:"dropped"`
	Observed   *Observed   `json:"observed,omitempty"` // what of it ran, where that was looked at
}

// Flag is a flag on a command line.
type Flag struct {
	Name  string `json:"name"` // the long name, without dashes
	Value string `json:"value"`
}

// Component is one program on the route.
type Component struct {
	Name    string `json:"name"`              // the main package's folder name
	Package string `json:"package"`           // its import path
	Dir     string `json:"dir"`               // folder of its source tree, as the user named it
	Version string `json:"version,omitempty"` // revision of that tree, where it can be told
	Web     string `json:"web,omitempty"`     // where its files can be read, without the file's name
}

// Node is a function, or a variable that registers one.
type Node struct {
	ID        int        `json:"id"`
	Component string     `json:"component"`
	Func      string     `json:"func"`           // import path, then .F, .(*T).M, .T.M, .F.func1
	Decl      string     `json:"decl,omitempty"` // "var" for a package variable, else empty
	File      string     `json:"file"`           // relative to its source's dir
	Line      int        `json:"line"`           // of the declaration, or of the func keyword of a literal
	EndLine   int        `json:"endLine"`
	Type      *Type      `json:"type,omitempty"`  // of the receiver, of a method
	Calls     []string   `json:"calls,omitempty"` // functions of libraries that it calls and that change what lasts: os.WriteFile
	Does      []Effect   `json:"does,omitempty"`  // calls by which its body acts on the machine, in their order
	Texts     []string   `json:"texts,omitempty"` // constants without blanks that its body hands to calls: names of files, words
	Code      []CodeLine `json:"code,omitempty"`  // the lines that matter, with --code
}

// Effect is a call that writes a file, starts a process or acts on the machine
// in another way.
type Effect struct {
	Line int    `json:"line"`
	Verb string `json:"verb"` // "writes", "starts", "removes"
	What string `json:"what"` // to what, as the source says it
}

// Type is a named type and where it is declared.
type Type struct {
	Name string `json:"name"` // import path, then .T
	Site
}

// CodeLine is one source line, shown exactly.
type CodeLine struct {
	Line int    `json:"line"`
	Text string `json:"text"`
}

// Site is a place in a source file, relative to its source's dir.
type Site struct {
	File string `json:"file"`
	Line int    `json:"line"`
}

// Edge says that control passes from one node to another.
type Edge struct {
	From       int          `json:"from"`
	To         int          `json:"to"`
	Kind       Kind         `json:"kind"`
	Site       Site         `json:"site"`
	Detail     string       `json:"detail,omitempty"`     // the interface, route, RPC method or argv
	Rule       string       `json:"rule"`                 // what made the edge, e.g. "vta", "httproute/2"
	Candidates int          `json:"candidates"`           // how many answers the site had, this one included
	Registered []Registered `json:"registered,omitempty"` // where the other side registered the target
	Under      []string     `json:"under,omitempty"`      // conditions the call stands under
	Made       []Maker      `json:"made,omitempty"`       // of an interface call: who made the value it is called on, the nearest first
	Origins    []int        `json:"origins,omitempty"`    // of a crossing: the nodes whose constants decide it, where that is not From
	Label      string       `json:"label,omitempty"`      // which of several true answers this branch is
	Skipped    int          `json:"skipped,omitempty"`    // functions between From and To that a view left out
	Spine      bool         `json:"spine,omitempty"`      // of several edges between two steps, the one that the spine takes
}

// Registered is a place where the target of a crossing was registered.
type Registered struct {
	Site
	Node *int `json:"node,omitempty"` // the node it stands in, if that is part of the flow
}

// Maker is a function that every known way of a value passes before an
// interface method is called on it: it hands the value over, stores it in a
// field or makes it.
type Maker struct {
	Func string `json:"func"` // as in Node
	File string `json:"file"` // relative to the source's dir
	Line int    `json:"line"` // of the declaration
	At   int    `json:"at"`   // line at which it does
}

// Gap is a place where the route goes on and we cannot say where to.
type Gap struct {
	After  int    `json:"after"` // node
	Kind   Kind   `json:"kind"`
	Site   Site   `json:"site"`
	Detail string `json:"detail,omitempty"`
	Reason string `json:"reason"`
	Hint   string `json:"hint,omitempty"` // the line to add to callroute.yaml

	Contract *Contract `json:"contract,omitempty"` // what describes the request that nothing serves
}

// Contract is where an interface description among the sources describes a request.
type Contract struct {
	Name string `json:"name"` // as it is called there: "rpc Kiln.Fire"
	Dir  string `json:"dir"`  // of the source
	Site        // from Dir
}

// Dropped counts what the loader had to leave out, over all components.
type Dropped struct {
	Functions int               `json:"functions"`          // bodies that did not type-check or need cgo
	Packages  []string          `json:"packages,omitempty"` // packages that could not be found or parsed
	Why       map[string]string `json:"why,omitempty"`      // of Packages, where it is known why
	Errors    []string          `json:"errors,omitempty"`   // the first errors in the sources under study, "file:line: what"
	Notes     []string          `json:"notes,omitempty"`    // how a module was loaded that the go command refuses
}

// Add counts what another program left out too.
func (d *Dropped) Add(other Dropped) {
	d.Functions += other.Functions
	d.Packages = merge(d.Packages, other.Packages)
	d.Errors = merge(d.Errors, other.Errors)
	d.Notes = merge(d.Notes, other.Notes)
	if len(other.Why) > 0 && d.Why == nil {
		d.Why = map[string]string{}
	}
	maps.Copy(d.Why, other.Why)
}

// merge appends what is not in the list yet.
func merge(list, more []string) []string {
	for _, s := range more {
		if !slices.Contains(list, s) {
			list = append(list, s)
		}
	}
	return list
}

// Command is something that `callroute trace` accepts after the program name.
type Command struct {
	Program string   `json:"program"`
	Package string   `json:"package,omitempty"` // import path of the program
	Kind    Kind     `json:"kind"`              // registration for a command line, http, grpc, ttrpc
	Words   []string `json:"words"`
	Func    string   `json:"func,omitempty"` // what runs
	Site    Site     `json:"site"`
	Aliases []string `json:"aliases,omitempty"`
	Says    string   `json:"says,omitempty"` // what it does: its help text, else the first sentence of Func's comment
	Hidden  bool     `json:"hidden,omitempty"`
}

// Endpoints is every departure and arrival of a system, joined where possible.
type Endpoints struct {
	Programs   []Component `json:"programs,omitempty"`
	Departures []Endpoint  `json:"departures"`
	Arrivals   []Endpoint  `json:"arrivals"`
	// Idle is the departures in functions that nothing in their program is seen
	// to call: those of a client that it links and may never make.
	Idle    []Endpoint `json:"idle,omitempty"`
	Dropped Dropped    `json:"dropped"`
	// Readers is the libraries that read the command lines of programs, where no
	// model describes them.
	Readers map[string]string `json:"readers,omitempty"`
}

// Endpoint is one side of a process boundary.
type Endpoint struct {
	Program string   `json:"program"`
	Kind    Kind     `json:"kind"`
	Key     string   `json:"key"`  // "POST /containers/*/update", "/pkg.Service/Method", "runc update"
	Func    string   `json:"func"` // the function that decides the key, or the handler
	Site    Site     `json:"site"`
	Rule    string   `json:"rule"`
	Peers   []string `json:"peers"` // the other sides, as "program func"; empty: no partner
	// Variants is the other handlers that a peer's route, or an arrival, may have:
	// a configuration or the request chooses.
	Variants []string `json:"variants,omitempty"`

	Reason string `json:"reason,omitempty"` // why there is no partner
	Hint   string `json:"hint,omitempty"`   // what callroute.yaml could say to have one
	// Outside says that it ends in a program that is not studied, as callroute.yaml has it.
	Outside bool `json:"outside,omitempty"`

	Registered []Site `json:"registered,omitempty"` // of an arrival: the table entry, then the places that led to it
}
