// Package article writes a flow as the article that a person would write about
// it: stage by stage, a table of path, function and line, the code trimmed to
// what matters, and what crosses from process to process.
//
// Words. A section is the part of the spine inside one process. Its rows are
// first the way on which the program got ready for what arrives (setup), then
// the steps of the spine. A branch is a call that the spine does not follow; it
// is folded away. A crossing is what one process sends and another receives.
//
// Phases: build arranges the flow (build.go); Markdown writes it (markdown.go),
// in the words of a language (words.go). Code comes from the trace itself:
// without --code there is none.
package article
