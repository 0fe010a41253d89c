// Package export writes a flow for programs of other makers: SARIF, whose
// viewers step through the code, and OTLP, whose viewers show a timeline.
//
// It imports package flow and nothing else of the analyzer. The order of nodes
// and edges in the input changes no byte.
package export
