package export

import (
	"strconv"
	"strings"
	"time"

	"github.com/callroute/callroute/analyzer/flow"
)

// observedSpans is a resource for each process that ran, and a span for each
// function that is told and ran: from when it was entered first to when the last
// below it was. The process that was asked ends when the command did.
func observedSpans(r *flow.Route, o Options) []otlpResourceSpans {
	trace, ran := traceID(r.Flow), r.Observed
	longest := time.Duration(0)
	for _, p := range ran.Processes {
		longest = max(longest, time.Duration(p.End))
	}
	start := o.Time.Add(-longest)
	spanOf := map[int]int{} // a node's span, from 1
	for i, n := range ran.Nodes {
		spanOf[n.Node] = i + 1
	}
	resources := make([]otlpResourceSpans, len(ran.Processes))
	for i, p := range ran.Processes {
		attributes := []otlpAttribute{stringAttribute("service.name", p.Component), stringAttribute("process.command_line", strings.Join(p.Args, " "))}
		resources[i] = otlpResourceSpans{
			Resource: otlpResource{attributes},
			Scopes:   []otlpScopeSpans{{Scope: otlpScope{"callroute"}, Spans: []otlpSpan{}}},
		}
	}
	for i, seen := range ran.Nodes {
		n := r.Node[seen.Node]
		span := otlpSpan{
			TraceID: trace, SpanID: spanID(i + 1), Name: r.Name(n), Kind: spanInternal,
			Start: nanoseconds(start.Add(time.Duration(seen.Begin))),
			End:   nanoseconds(start.Add(time.Duration(seen.End) + time.Nanosecond)),
			Attributes: []otlpAttribute{
				stringAttribute("code.function.name", n.Func),
				stringAttribute("code.file.path", n.File),
				{Key: "code.line.number", Value: otlpValue{Int: strconv.Itoa(n.Line)}},
			},
		}
		if by := parent(r, seen, spanOf); by != 0 && by != i+1 {
			span.Parent = spanID(by)
		}
		scope := &resources[seen.Process].Scopes[0]
		scope.Spans = append(scope.Spans, span)
	}
	return resources
}

// parent is the span of the function that called, or that sent what arrives, 0 if
// neither is told: then it is the first, which the person asked for.
func parent(r *flow.Route, seen flow.ObservedNode, spanOf map[int]int) int {
	if seen.By != 0 {
		return spanOf[seen.By]
	}
	for _, e := range r.Edges {
		if e.To == seen.Node && spanOf[e.From] != 0 && e.Kind.Process() {
			return spanOf[e.From]
		}
	}
	return 1
}
