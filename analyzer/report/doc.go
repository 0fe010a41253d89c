// Package report shows a flow to a person at a terminal, and writes any result
// as JSON.
//
// It imports package flow and nothing else of the analyzer, so each view works
// from a JSON file: testdata/flows holds some that were written by hand.
//
// Words. A step is one node of the spine. A section is the run of steps inside
// one process; it opens with the program's name. A crossing that leaves its
// process stands between two sections at the left margin, one that only goes
// through a dispatch table stands inside its section. A fold is the one line
// that stands for all calls of a step which the spine does not follow.
//
// Text first indexes the flow (flow.Route), then writes header, sections and
// summary (text.go, step.go), or the header and the whole tree (tree.go).
// Everything that has an order is sorted here, so the order of nodes and edges
// in the input changes no byte of the output.
//
// The view shortens names but never places: `file:line` is always whole, so
// that a terminal or an editor can open it.
package report
