package scenario

import (
	"fmt"
	"slices"
	"strings"
)

// Idioms is how many idioms are numbered in docs/IDIOMS.md.
const Idioms = len(idioms)

// An idiom is a way of passing control that a call graph alone does not show,
// or shows with so many answers that it says nothing.
type idiom struct {
	name string
	hard string // what makes it hard
}

// idioms are numbered from 1 in this order. The numbers are cited by finders,
// by the rules of edges and by scenarios: append, never insert.
var idioms = [...]idiom{
	{"HTTP path in the caller, request three frames below", "path and method arrive as parameters of wrappers that every request shares"},
	{"HTTP by hijacked connection", "a second sender beside the usual one writes the request to a connection of its own"},
	{"HTTP path from a template", "`%s` in a constant that arrives as a parameter, joined by Sprintf"},
	{"HTTP route table", "values of a struct, read back through interfaces and registered in one loop: every handler at one call site"},
	{"Decorated route", "the constructor's call stands inside another call that may switch the route off"},
	{"Middleware", "closures around closures, made in a loop"},
	{"A backend per router", "each router gets another object under the same interface"},
	{"Handler inside a wrapping call, receiver in the request's context", "path from a function, method chained behind, `Value(key).(*T)` in the handler"},
	{"gRPC client stub", "the only link is the string `/service/Method`"},
	{"gRPC ServiceDesc", "a table whose handlers all meet at one call site; with an interceptor the method is called in a closure"},
	{"Service registered through an interface", "whatever implements it among all plugins is registered"},
	{"ttrpc client and table", "two strings on one side, a map of literals on the other"},
	{"exec of a name in a field", "the name comes from a flag's default, or from another program"},
	{"exec in three functions", "one makes the arguments, one the Cmd, one starts it through an interface in a variable"},
	{"exec of a computed name", "the file name is split and formatted out of another name"},
	{"exec of a default that may be overwritten", "through a config struct, an option and a closure"},
	{"exec of oneself", "`os.Executable`, `/proc/self/exe`, a name registered for argv[0]"},
	{"exec as a hook in data", "the path is written to a file that another program reads and runs"},
	{"Arrival before main", "an init function takes over when it sees its argument"},
	{"Arguments select the branch", "subcommand by library, by flag or by a switch on a string"},
	{"Environment selects the implementation", "the parent sets a variable, the child switches on it"},
	{"Payload on standard input", "JSON through a pipe, announced by an argument"},
	{"exec of a foreign or configured program", "the chain ends, and must say so"},
	{"cobra", "functions in struct fields, called at one place in the library"},
	{"Command registry filled by init", "constructors in a slice, some inside a wrapper's closure; imports decide which are there"},
	{"urfave/cli", "an action called by reflection, by type switch or as a field, by version"},
	{"Literal in a package variable", "belongs to no named function"},
	{"Functional options", "closures of one type applied in one loop"},
	{"Plugin registry", "looked up by type and id, called by one generic function, assembled by imports"},
	{"Field of the client interface that holds the implementation", "the network stub has the same type and would leave the process again"},
	{"Implementation from a map by name", "with a fallback when the name is not there"},
	{"Task channel and type switch", "no call edge; only the type of what was sent says which case"},
	{"Channel through a method, an alias or a map", "the channel has no name where it is used"},
	{"Closure queued and run later", "queues, schedulers, transactions, once and errgroup"},
	{"Method value of an interface as callback", "a compiler-made wrapper in between, and a goroutine in the helper"},
	{"Function chosen at construction", "a field or parameter that holds a function"},
	{"Method promoted from an embedded interface", "the static callee was written by nobody"},
	{"State behind an interface field", "several objects are true answers, by what happened before"},
	{"Decorators of one interface", "each layer looks like a callee of each layer, itself too"},
	{"Bridge between protocol versions", "a switch on the client's type and a number"},
	{"Driver from a registry by name", "compared by name, or an adapter that asks another process"},
	{"Type by origin", "the same call reaches another type after create than after load"},
	{"Type assertion on the path", "the assertion filters who can answer"},
	{"Callback of a generic helper", "closures in variables, literals called where they stand, instances of generics"},
	{"Answer by an event", "the effect comes back on a stream that was opened before"},
	{"Object from a context", "stored and fetched by key, frames apart"},
	{"Build-tag twins", "one function in several files"},
	{"One package in several trees", "a function is known by its program, not by its import path alone"},
	{"Function without a Go body", "assembly, `//go:linkname`, cgo, a package that cannot be had"},
}

// Markdown is docs/IDIOMS.md: every idiom, what comes of it, and the scenarios
// that prove it. failed names the scenarios that do not pass.
func Markdown(all []*Scenario, failed map[string]bool) string {
	var b strings.Builder
	b.WriteString(`<!-- generated by go test ./analyzer -run TestScenarios -update -->

# Idioms

The ways in which Go programs pass control that a call graph does not show, or
shows with so many candidates that it says nothing. Each was met in real source.
A finder, the rule of an edge and a scenario name the numbers they cover.

*Supported* means that every scenario in the row passes: what the idiom needs is
in the trace, and what a sloppy tool would have joined is not. Where an idiom is
left out, the trace ends in a gap or in labelled branches; it is never a guess.

| | idiom | what makes it hard | | scenarios |
|---|---|---|---|---|
`)
	for i, idiom := range idioms {
		status, shown := status(i+1, all, failed)
		fmt.Fprintf(&b, "| %d | %s | %s | %s | %s |\n", i+1, idiom.name, idiom.hard, status, strings.Join(shown, ", "))
	}
	return b.String()
}

// status of an idiom, and links to the scenarios that show it.
func status(n int, all []*Scenario, failed map[string]bool) (string, []string) {
	var shown, reasons []string
	yes := false
	for _, s := range all {
		reason, no := s.Unsupported[n]
		if !no && !slices.Contains(s.Idioms, n) {
			continue
		}
		name := strings.TrimSuffix(s.Name, ".txtar")
		shown = append(shown, fmt.Sprintf("[%s](../testdata/scenarios/%s)", name, s.Name))
		switch {
		case no:
			reasons = append(reasons, reason)
		case failed[s.Name]:
			reasons = append(reasons, name+" fails")
		default:
			yes = true
		}
	}
	switch {
	case len(shown) == 0:
		return "untested", nil
	case len(reasons) == 0:
		return "supported", shown
	case yes:
		return "partly: " + strings.Join(reasons, "; "), shown
	}
	return "not: " + strings.Join(reasons, "; "), shown
}
