package summary

import (
	"cmp"
	"maps"
	"slices"

	"github.com/callroute/callroute/analyzer/boundary"
	"github.com/callroute/callroute/analyzer/calls"
	"github.com/callroute/callroute/analyzer/dataflow"
	"github.com/callroute/callroute/analyzer/flow"
	"github.com/callroute/callroute/analyzer/load"
	"github.com/callroute/callroute/analyzer/system"
)

// ID names a function of an Executable; they are numbered from 0.
type ID int32

// None stands for a function that is not in the summary.
const None ID = -1

// Executable is one program as plain data.
type Executable struct {
	Program     *system.Program `encode:"-"`
	Main        ID
	Departures  []Departure
	Arrivals    []Arrival
	Foreign     []Arrival // served by functions that are not in the summary: no Handlers
	Commands    []Command
	Inputs      []string // of requests, on which conditions or other requests depend, sorted
	Waits       []Wait   // where functions wait …
	Wakes       []Wait   // … and what wakes them
	Flags       []Flag
	CommandLine CommandLine
	Dropped     flow.Dropped
	load.Names

	bodies []*dataflow.Body `encode:"-"` // what Func.Body counts; none unless asked for
	funcs  []Func           `encode:"-"` // by ID …
	stored *stored          `encode:"-"` // … or where they are, see Decode
}

// Func is the function with an ID. Nobody may change it.
func (e *Executable) Func(id ID) *Func {
	if e.stored != nil {
		return e.stored.function(id)
	}
	return &e.funcs[id]
}

// NumFuncs is how many functions there are.
func (e *Executable) NumFuncs() int {
	if e.stored != nil {
		return len(e.stored.funcs)
	}
	return len(e.funcs)
}

// CommandLine is the library that reads the command line.
type CommandLine struct {
	Library string // import path, empty where the program does it itself
	Known   bool   // a model describes it
	Missing string // what is missing in the model
}

// Func is a clone of a function, or a package variable that registers one.
type Func struct {
	Base       ID     // the clone of the function of which nothing is known; itself, if it is that
	Name       string // as in flow.Node.Func
	Decl       string
	File       string
	Line       int
	End        int
	Library    bool       // not part of the sources under study
	Type       *flow.Type // of the receiver, nil for functions
	Literal    ID         // the function in which a literal is made, None for others
	Sites      []Site     // in source order
	Leaves     []int      // Departures decided here
	Effects    []Effect
	Branches   []Branch
	Gives      []Gives     // with some of Leaves
	Conditions []Condition // that flags and requests decide
	Course     []Stretch   // none where all that runs without an error runs in every run
	Lost       []Lost
	Body       int32 // its place among the bodies, counted from 1; 0 for none

	Before ID // the clone before it on the shortest way from main, see WayTo; None for main, and where none leads
	First  ID // of a base: the clone of it that comes first on those ways, None where none leads
}

// Lost is a call of which it is not known what it reaches.
type Lost struct {
	Line   int
	Pos    int // of the call, or of the loop that it runs in, as in Site
	Kind   flow.Kind
	Detail string
	Reason string
}

// Site is a place where control passes on.
type Site struct {
	Line       int
	Pos        int // orders the sites of a program, and names them in a Branch; 0 for none
	Loop       int // of a call in the body of a range over a function: the Pos of the call that runs the loop
	Kind       flow.Kind
	Rule       string
	Detail     string
	To         []ID
	Candidates int
	calls.Terms
	Carries    int  // arguments that are no constants, the context apart
	Awaited    bool // starts a goroutine, or hands a function to one, and waits for it
	Elsewhere  bool // only hands functions on, and each is called in another place
	Given      bool // calls a function value that came as an argument
	Carried    bool // calls a function that came with a value received from a channel …
	Sent       []ID // … and those of To that a known sender put there
	Registered []Place
	Made       [][]Place // of an interface call: for each of To, who made the value it is called on
	Label      string    // which of several answers it is, where a finder knows
}

// Effect is a call that changes the world outside the process.
type Effect struct {
	Line     int
	Pos      int    // of the call, or of the loop that it runs in, as in Site
	Call     string // "os.WriteFile"
	Prepares bool   // makes room for what others write: a directory, an open file
	calls.Terms
}

// Branch is boundary.Branch over site positions.
type Branch struct {
	Sent bool
	Word string
	Live []int
}

// Place is a line in a function.
type Place struct {
	In   ID
	Line int
	Pos  int    // as in Site
	File string // where In has none: what initializes the variables of a package
}

// SiteOf is where p can be read.
func (e *Executable) SiteOf(p Place) flow.Site {
	return flow.Site{File: cmp.Or(p.File, e.Func(p.In).File), Line: p.Line}
}

// Departure is boundary.Departure with functions as IDs.
type Departure struct {
	Kind   flow.Kind
	Key    boundary.Key
	In     ID
	Line   int
	Pos    int
	Via    []Place
	Rule   string
	Reason string
	Hint   string
	calls.Terms
	Beside bool     // by a go or a defer statement
	Brings []string // names of the functions in the value that is sent on a channel
	Serves flow.Kind
	Idle   bool // nothing in the program is seen to call the function that decides it
	Again  bool // the same as one before it, by other calls down to In
}

// Base is the clone of the same function of which nothing is known.
func (e *Executable) Base(id ID) ID {
	if id == None {
		return None
	}
	if e.stored != nil {
		return e.stored.base(id)
	}
	return e.funcs[id].Base
}

// Origin is the function that decides the key.
func (d Departure) Origin() ID {
	if len(d.Via) > 0 {
		return d.Via[0].In
	}
	return d.In
}

// decided is the call in the function that decides the key.
func (d Departure) decided() Place {
	if len(d.Via) > 0 {
		return Place{In: d.Via[0].In, Pos: d.Via[0].Pos}
	}
	return Place{In: d.In, Pos: d.Pos}
}

// Arrival is boundary.Arrival with functions as IDs.
type Arrival struct {
	Kind       flow.Kind
	Key        boundary.Key
	Handlers   []Handler
	Methods    map[string][]Handler // the same for requests with a method that decides what they do
	Before     []Handler
	Registered []Place
	Rule       string
}

// For is the handlers of a request with this method.
func (a *Arrival) For(method string) []Handler {
	if handlers, ok := a.Methods[method]; ok {
		return handlers
	}
	return a.Handlers
}

// All is the handlers for any request.
func (a *Arrival) All() []Handler {
	out := slices.Clone(a.Handlers)
	for _, m := range slices.Sorted(maps.Keys(a.Methods)) {
		out = append(out, a.Methods[m]...)
	}
	return out
}

// Wait is boundary.Wait with the function as an ID.
type Wait struct {
	Place
	For  string
	Rule string
	calls.Terms
}

// Handler is a function and what chooses it.
type Handler struct {
	Func  ID
	Label string
}

// Command is boundary.Command with functions as IDs.
type Command struct {
	Words, Aliases []string
	Says           string // see boundary.Command
	Groups         [][]string
	Run            []Handler
	Before, After  []Handler
	Kind           flow.Kind
	Route          []ID
	Handed         []Place // the call that hands the command line to the library, where it is known
	File           string
	Line           int
	Rule           string
	Hidden         bool
	Argv0          bool
}
