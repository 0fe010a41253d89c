package flow

// ValueSchema names the version of the JSON of a followed value.
const ValueSchema = "callroute.value/v1"

// Value is where one value goes: a tree of hops, from the flag that sets it to the
// writes that last.
type Value struct {
	Schema     string        `json:"schema"`
	Program    string        `json:"program"`
	Command    []string      `json:"command"`
	Flag       string        `json:"flag,omitempty"`
	Arg        int           `json:"arg,omitempty"` // in place of a flag: the argument of this number, from 1 on
	Components []Component   `json:"components,omitempty"`
	Into       string        `json:"into,omitempty"`    // in place of both: the field or file that is asked for …
	Fields     []string      `json:"fields,omitempty"`  // … the fields that are meant …
	Sources    []ValueSource `json:"sources,omitempty"` // … and what can end there
	Hops       []ValueHop    `json:"hops"`              // a hop comes after the one that it follows
	Ends       []ValueEnd    `json:"ends"`              // the one that is reached furthest first
	Gaps       []ValueGap    `json:"gaps"`
	Last       *int          `json:"last,omitempty"` // without ends: the hop at which the value is seen last
}

// ValueHop is one line of the source that passes the value on.
type ValueHop struct {
	ID        int    `json:"id"`    // its place in Value.Hops
	After     int    `json:"after"` // the hop before, -1 for none
	Component string `json:"component"`
	Func      string `json:"func"` // as in Node
	Site
	Kind   Kind     `json:"kind"`             // call for what stays in the program; else how the value left the one before
	Detail string   `json:"detail,omitempty"` // of what leaves the program: the route, the method, the command line
	Place  string   `json:"place,omitempty"`  // the field it is in then, with its type
	Wire   string   `json:"wire,omitempty"`   // its name in a document, a message or a request
	Did    string   `json:"did,omitempty"`    // what was done to it
	Under  []string `json:"under,omitempty"`  // the conditions that the line stands under, as in Edge
	Itself bool     `json:"itself,omitempty"` // the value is passed on itself, not in an object that has it
	Code   string   `json:"code,omitempty"`   // the line
}

// ValueEnd is a write of the value that lasts.
type ValueEnd struct {
	Hop  int    `json:"hop"`
	Call string `json:"call"`           // what writes it: "os.WriteFile"
	What string `json:"what,omitempty"` // constants that say to what: "cpu.weight"
}

// ValueGap is a place where the value is lost.
type ValueGap struct {
	Hop    int    `json:"hop"`
	Reason string `json:"reason"`
}

// FileKind is the kind of a hop that leaves a program by a file which another reads. Its
// detail is the name of the file.
const FileKind Kind = "file"

// ValueSourceKind is what a value comes from.
type ValueSourceKind string

// The kinds of sources.
const (
	FlagSource     ValueSourceKind = "flag"
	ArgumentSource ValueSourceKind = "argument"
	RequestSource  ValueSourceKind = "request"
	ConstantSource ValueSourceKind = "constant"
)

// ValueSource is a flag, an argument, a request or a constant that can end in what is
// asked for.
type ValueSource struct {
	Kind    ValueSourceKind `json:"kind"`
	Program string          `json:"program"`
	Command []string        `json:"command,omitempty"` // of a flag and an argument; of a request what is asked
	Name    string          `json:"name,omitempty"`    // of a flag; the constant
	Through []string        `json:"through,omitempty"` // the crossings on its way
	What    string          `json:"what,omitempty"`    // of a file: its name where it is written
	Hop     int             `json:"hop"`               // the last of its way, -1 for a constant
	Func    string          `json:"func,omitempty"`    // of a constant …
	Site                    // … and where it stands
}
