package boundary

import (
	"cmp"
	"go/types"
	"slices"
	"strings"

	"github.com/callroute/callroute/analyzer/eval"
	"github.com/callroute/callroute/analyzer/flow"
	"github.com/callroute/callroute/analyzer/golist"
)

// Protocol is one way in which control passes from a departure to an arrival,
// and all that the stages behind the finders know of it. Each is a value of the
// package that finds it; a function that is nil stands for what its comment
// says.
type Protocol struct {
	Kind  flow.Kind
	Reach Reach

	// Server is what it takes to serve requests; the zero value says that any
	// program may.
	Server golist.Server

	// Fit tells how well what is served answers what is asked. Nil: the paths
	// of the keys are equal.
	Fit func(asked, served Key) Fit

	// Served is the key of what answers, as a reader sees it beside a request.
	// Nil: its path.
	Served func(asked, served Key) string

	// Reads reports whether a request only asks for an answer. Nil: it does not.
	Reads func(asked Key) bool

	// Methods is the names of the requests that decide something in the
	// handler of what is served, and Given what such a request says of a
	// handler's parameter of a type. Nil: there are none.
	Methods func(served Key) []string
	Given   func(seen Seen, param types.Type) eval.Answer

	// Shared says that keys are short, so that two systems that have nothing to
	// do with each other may use the same one.
	Shared bool
}

// Seen is what a handler sees of a request; what is not known is empty.
type Seen struct {
	Method string
	Path   string // as a pattern, see Arrival.Seen
	Named  Named
}

// Named is parts of the path of a request that are known by the names that the
// pattern of its route has for them.
type Named struct {
	Parts string // encoded as a query: "action=start"
	By    string // the types of the parameters from which they are read, as symbols with spaces between them
}

// As is what the handlers see of a request with a method, empty for any.
func (a Arrival) As(method string) Seen { return Seen{method, a.Seen, a.Named} }

// InFront is what the functions see of a request that run before its handlers.
func (a Arrival) InFront() Seen {
	if a.SeenBefore == "" {
		return Seen{}
	}
	return Seen{Method: a.Key.Name, Path: a.SeenBefore}
}

// Reach says where the arrivals are that a departure can reach.
type Reach int

// The ways to reach an arrival.
const (
	Requests Reach = iota // in any program that serves its key
	Starts                // in the program of its name: a command
	Within                // in the program that it leaves from
)

// Protocols is the protocols that are known.
type Protocols []Protocol

// Of returns the protocol of a kind; one without functions where there is none.
func (ps Protocols) Of(k flow.Kind) Protocol {
	for _, p := range ps {
		if p.Kind == k {
			return p
		}
	}
	return Protocol{Kind: k}
}

// Servers is what it takes to serve each kind of which that is known.
func (ps Protocols) Servers() map[flow.Kind]golist.Server {
	out := map[flow.Kind]golist.Server{}
	for _, p := range ps {
		if len(p.Server.Libraries) > 0 {
			out[p.Kind] = p.Server
		}
	}
	return out
}

// Answers tells how well what is served answers what is asked.
func (p Protocol) Answers(asked, served Key) Fit {
	switch {
	case p.Fit != nil:
		return p.Fit(asked, served)
	case asked.Path == served.Path:
		return Fit{Equal: 1}
	}
	return Fit{}
}

// Detail is what a request and what answers it have agreed on, as a reader sees
// it.
func (p Protocol) Detail(asked, served Key) string {
	if p.Served != nil {
		return p.Served(asked, served)
	}
	return served.Path
}

// Asks reports whether a request only asks for an answer.
func (p Protocol) Asks(asked Key) bool { return p.Reads != nil && p.Reads(asked) }

// Variants is the names of the requests that decide something in the handler of
// what is served.
func (p Protocol) Variants(served Key) []string {
	if p.Methods == nil {
		return nil
	}
	return p.Methods(served)
}

// Fit tells how well a request fits what is served. The zero value says that it
// does not.
type Fit struct {
	Equal int  // pieces of the keys that are equal text: path segments, or a whole name
	Host  bool // what is served names the host, and it is the one that is asked
	Shape int  // how much the pattern says of what is not equal text
	Doubt int  // what is taken on trust: a handler of any method, a host that is not known
}

// Fits reports whether a request fits at all.
func (f Fit) Fits() bool { return f != Fit{} }

// Weak reports whether a request fits only because no text of it has to be
// equal: what is served answers everything that reaches it, which tells nothing
// about whether the request does.
func (f Fit) Weak() bool { return f.Equal == 0 }

// Compare orders fits as servers do, the better one last: equal text counts
// first, then a host, for net/http looks at patterns with one before others.
func (f Fit) Compare(g Fit) int {
	return cmp.Or(
		cmp.Compare(rank(f.Fits()), rank(g.Fits())),
		cmp.Compare(f.Equal, g.Equal),
		cmp.Compare(rank(f.Host), rank(g.Host)),
		cmp.Compare(f.Shape, g.Shape),
		cmp.Compare(g.Doubt, f.Doubt),
	)
}

func rank(b bool) int {
	if b {
		return 1
	}
	return 0
}

// ReadsByName reports whether the method of a remote procedure call is named as
// those are that only ask.
func ReadsByName(k Key) bool {
	words := flow.Words(k.Path[strings.LastIndexByte(k.Path, '/')+1:])
	return len(words) > 0 && slices.Contains(readingVerbs, words[0])
}

// readingVerbs is the first words of methods that only ask, as remote procedures
// are named in English: Get, ListPids.
var readingVerbs = []string{
	"check", "describe", "fetch", "find", "get", "info", "inspect", "list", "lookup", "ping", "query", "read", "search", "stat", "stats",
	"status", "subscribe", "usage", "version", "watch",
}
