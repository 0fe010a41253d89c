package analyzer

import (
	"fmt"
	"slices"
	"strings"

	"github.com/callroute/callroute/analyzer/boundary"
	"github.com/callroute/callroute/analyzer/summary"
	"github.com/callroute/callroute/analyzer/system"
	"github.com/callroute/callroute/analyzer/walk"
)

// findEntry finds what the words after the program's name mean: a command of
// it, with arguments and flags behind it, or a route or an RPC method that it
// serves. It returns the arguments. Words that name no command are arguments,
// unless they are nearly a command.
func findEntry(exe *summary.Executable, words []string) (e walk.Entry, args []string, err error) {
	fields := strings.Fields(strings.Join(words, " "))
	e = walk.Entry{Exe: exe, Words: fields}
	if c := findCommand(exe, fields); c != nil {
		e.Command = c
		return e, nil, nil
	}
	command, args := splitArguments(exe, fields)
	if a := findArrival(exe, fields); a != nil && len(command) == 0 {
		e.Arrival = a
		return e, nil, nil
	}
	if len(command) == 0 && nearlyRoute(exe, fields) {
		return e, nil, unknownCommand(exe, fields)
	}
	if c := findCommand(exe, command); c != nil && !nearlyCommand(exe, command, args) {
		e.Command, e.Words = c, command
		e.Line, err = readLine(exe, c, args)
		return e, args, err
	}
	if len(exe.Commands) == 0 {
		e.Words = nil
		return e, fields, nil
	}
	return e, nil, unknownCommand(exe, fields)
}

// nearlyRoute reports whether words look like a route or an RPC method, of a
// program that serves some.
func nearlyRoute(exe *summary.Executable, words []string) bool {
	if !slices.ContainsFunc(exe.Arrivals, func(a summary.Arrival) bool { return a.Kind.Process() }) {
		return false
	}
	switch len(words) {
	case 1:
		return strings.HasPrefix(words[0], "/")
	case 2:
		return strings.Contains(words[1], "/") && words[0] == strings.ToUpper(words[0])
	}
	return false
}

// splitArguments splits a command line into the longest command that it names
// and what is typed beside it. Flags may stand before a command.
func splitArguments(exe *summary.Executable, fields []string) (command, args []string) {
	for start := range len(fields) + 1 {
		if start > 0 && !strings.HasPrefix(fields[0], "-") {
			break // only flags, and their values, stand before a command
		}
		for end := len(fields); end > start; end-- {
			if slices.ContainsFunc(fields[start:end], func(f string) bool { return strings.HasPrefix(f, "-") }) {
				continue
			}
			if findCommand(exe, fields[start:end]) != nil {
				return fields[start:end], slices.Concat(fields[:start], fields[end:])
			}
		}
	}
	return nil, fields
}

// nearlyCommand reports whether the first argument that is no flag looks like a
// misspelt command below a command, which a route of the upper one would hide.
func nearlyCommand(exe *summary.Executable, command, args []string) bool {
	i := slices.IndexFunc(args, func(a string) bool { return !strings.HasPrefix(a, "-") })
	if i < 0 {
		return false
	}
	var below []string
	for _, c := range exe.Commands {
		if !c.Argv0 && len(c.Words) > len(command) && slices.Equal(c.Words[:len(command)], command) {
			below = append(below, c.Words[len(command)])
		}
	}
	return len(system.Nearest(args[i], below)) > 0
}

// unknownCommand says what a program has instead.
func unknownCommand(exe *summary.Executable, fields []string) error {
	var names []string
	for _, c := range exe.Commands {
		if len(c.Words) > 0 && !c.Argv0 {
			names = append(names, strings.Join(c.Words, " "))
		}
	}
	if slices.ContainsFunc(fields, func(f string) bool { return strings.Contains(f, "/") }) {
		names = nil
		for _, a := range exe.Arrivals {
			if a.Kind.Process() {
				names = append(names, a.Key.String())
			}
		}
	}
	if len(fields) == 0 {
		return fmt.Errorf("%s does nothing without a command%s", exe.Program, nearest("", names))
	}
	what := strings.Join(fields, " ")
	near := nearest(what, names)
	if !strings.Contains(near, "did you mean") {
		near += readBy(exe, len(names))
	}
	return fmt.Errorf("%s has no command %q%s", exe.Program, what, near)
}

// readBy says what reads the command line of a program, and what was understood.
func readBy(exe *summary.Executable, commands int) string {
	understood := "no command of it was understood"
	if commands > 0 {
		understood = fmt.Sprintf("%d of its commands were understood", commands)
	}
	switch r := exe.CommandLine; {
	case r.Library == "":
		return ""
	case r.Missing != "":
		return fmt.Sprintf("; %s reads its command line, which is not followed: %s", r.Library, r.Missing)
	case !r.Known:
		return fmt.Sprintf("; %s seems to read its command line, and no model says how: `callroute models %s` writes one to fill in", r.Library, r.Library)
	default:
		return fmt.Sprintf("; %s reads its command line, and %s", r.Library, understood)
	}
}

// findCommand finds a command by its words, the last of which may be an alias.
func findCommand(exe *summary.Executable, words []string) *summary.Command {
	for i := range exe.Commands {
		if !exe.Commands[i].Argv0 && slices.Equal(exe.Commands[i].Words, words) {
			return &exe.Commands[i]
		}
	}
	for i := range exe.Commands {
		if exe.Commands[i].Called(words) {
			return &exe.Commands[i]
		}
	}
	return nil
}

// findArrival finds a route by method and path, where the names of
// placeholders do not matter, or an RPC by its name.
func findArrival(exe *summary.Executable, words []string) *summary.Arrival {
	if len(words) == 0 || len(words) > 2 || !strings.Contains(words[len(words)-1], "/") {
		return nil
	}
	path := words[len(words)-1]
	asked := boundary.Key{Name: "*", Path: withHoles(path)}
	if len(words) == 2 {
		asked.Name = strings.ToUpper(words[0])
	}
	var best *summary.Arrival
	var fit boundary.Fit
	for i := range exe.Arrivals {
		a := &exe.Arrivals[i]
		if !a.Kind.Process() {
			continue
		}
		ask, served := asked, a.Key
		listed := served.Path == path
		if listed { // whatever it would match, it is meant
			ask.Path, served.Path = "/", "/"
		}
		got := protocols.Of(a.Kind).Answers(ask, served)
		if listed && got.Fits() {
			got.Equal = len(path) // more than any other can have
		}
		if got.Compare(fit) > 0 {
			best, fit = a, got
		}
	}
	return best
}

// withHoles writes a route pattern as a request pattern: placeholders become *.
func withHoles(path string) string {
	segs := strings.Split(path, "/")
	for i, s := range segs {
		if strings.HasPrefix(s, "{") || strings.HasPrefix(s, ":") {
			segs[i] = "*"
		}
	}
	return strings.Join(segs, "/")
}
