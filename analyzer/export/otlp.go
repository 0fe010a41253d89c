package export

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/callroute/callroute/analyzer/flow"
)

// Options says what a flow is written with beside itself.
type Options struct {
	// Time is when it is written: the trace of a run that ends now.
	Time time.Time
	// Base is where the files of a program lie, as an absolute URI with a slash at
	// its end, "" if that is not known.
	Base func(flow.Component) string
	// Gaps adds the gaps to the results of SARIF.
	Gaps bool
}

// took is how long a function is taken to work before control goes on by an edge,
// and again after it came back. Nothing was measured, and every span says so: the
// order is true, and the lengths are what such steps usually take, so that a viewer
// shows where processes are left.
func took(k flow.Kind) time.Duration {
	switch k {
	case flow.Exec:
		return 15 * time.Millisecond // fork, exec, the runtime's start
	case flow.HTTP, flow.Net, flow.Task, flow.Queue:
		return 800 * time.Microsecond
	case flow.GRPC:
		return 400 * time.Microsecond
	case flow.TTRPC:
		return 200 * time.Microsecond
	case flow.Go, flow.Channel:
		return 20 * time.Microsecond
	}
	return 50 * time.Microsecond
}

// OTLP writes the spine of f as a trace in OTLP's JSON form: a resource for
// each program, a span for each function inside the span of the one that calls
// it, in the order of the calls. Crossings are client and server spans. Of a route
// that was run it writes what ran, with its times.
func OTLP(w io.Writer, f *flow.Flow, o Options) error {
	r, err := flow.NewRoute(f)
	if err != nil {
		return err
	}
	if f.Observed != nil {
		return writeOTLP(w, observedSpans(r, o))
	}
	command := strings.Join(append([]string{f.Program}, f.Command...), " ")
	trace := traceID(f)
	begins := make([]time.Duration, len(f.Spine)+1) // of each span after the first
	for i := range f.Spine {
		begins[i+1] = begins[i] + took(r.Onward(i).Kind)
	}
	// Each span ends as long before the end as it begins after the start.
	start := o.Time.Add(-2 * begins[len(f.Spine)])

	resources := []otlpResourceSpans{}
	at := map[string]int{}
	for i, id := range f.Spine {
		n := r.Node[id]
		place, known := at[n.Component]
		if !known {
			place = len(resources)
			at[n.Component] = place
			c := r.Component[n.Component]
			attributes := []otlpAttribute{stringAttribute("service.name", c.Name)}
			if c.Version != "" {
				attributes = append(attributes, stringAttribute("service.version", c.Version))
			}
			resources = append(resources, otlpResourceSpans{
				Resource: otlpResource{attributes},
				Scopes:   []otlpScopeSpans{{Scope: otlpScope{"callroute"}, Spans: []otlpSpan{}}},
			})
		}
		span := otlpSpan{
			TraceID: trace, SpanID: spanID(i + 1), Name: r.Name(n), Kind: spanInternal,
			Start: nanoseconds(start.Add(begins[i])),
			End:   nanoseconds(o.Time.Add(-begins[i])),
			Attributes: []otlpAttribute{
				stringAttribute("code.function.name", n.Func),
				stringAttribute("code.file.path", n.File),
				{Key: "code.line.number", Value: otlpValue{Int: strconv.Itoa(n.Line)}},
				estimated,
			},
		}
		if i == 0 {
			span.Attributes = append(span.Attributes, stringAttribute("process.command", command))
		} else {
			span.Parent = spanID(i)
			if e := r.Onward(i - 1); e.Kind.Process() {
				span.Kind = spanServer
				span.Name = strings.TrimSpace(string(e.Kind)+" "+e.Detail) + " → " + span.Name
			}
		}
		if e := r.Onward(i); e.Kind != "" {
			if e.Kind.Process() {
				span.Kind = spanClient
			}
			span.Attributes = append(span.Attributes, stringAttribute("callroute.kind", string(e.Kind)), stringAttribute("callroute.rule", e.Rule))
			if e.Detail != "" {
				span.Attributes = append(span.Attributes, stringAttribute("callroute.detail", e.Detail))
			}
		}
		for k, e := range n.Does {
			span.Events = append(span.Events, otlpEvent{
				Time: nanoseconds(start.Add(begins[i]).Add(time.Duration(k+1) * took(flow.Call) / time.Duration(len(n.Does)+1))), Name: e.Verb,
				Attributes: []otlpAttribute{stringAttribute("callroute.what", e.What), {Key: "code.line.number", Value: otlpValue{Int: strconv.Itoa(e.Line)}}},
			})
		}
		for _, g := range r.GapsAfter[id] {
			span.Events = append(span.Events, otlpEvent{
				Time: span.Start, Name: "gap",
				Attributes: []otlpAttribute{stringAttribute("callroute.kind", string(g.Kind)), stringAttribute("callroute.detail", g.Detail), stringAttribute("callroute.reason", g.Reason)},
			})
		}
		scope := &resources[place].Scopes[0]
		scope.Spans = append(scope.Spans, span)
	}
	return writeOTLP(w, resources)
}

func writeOTLP(w io.Writer, resources []otlpResourceSpans) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", " ")
	return enc.Encode(otlpTraces{resources})
}

// traceID is made of the command, so that two exports are one trace.
func traceID(f *flow.Flow) string {
	sum := sha256.Sum256([]byte(strings.Join(append([]string{f.Program}, f.Command...), "\x00")))
	return hex.EncodeToString(sum[:16])
}

// spanID is the id of the i-th span; ids count from 1, as 0 is none.
func spanID(i int) string { return fmt.Sprintf("%016x", i) }

func nanoseconds(t time.Time) string { return strconv.FormatInt(t.UnixNano(), 10) }

// estimated marks a span whose times were not measured.
var estimated = otlpAttribute{Key: "callroute.estimated", Value: otlpValue{Bool: true}}

func stringAttribute(key, value string) otlpAttribute {
	return otlpAttribute{Key: key, Value: otlpValue{String: &value}}
}

// Kinds of spans, as OTLP numbers them.
const (
	spanInternal = 1
	spanServer   = 2
	spanClient   = 3
)

// The part of OTLP's TracesData that is written. In its JSON form ids are
// hexadecimal and 64-bit numbers are strings.
type (
	otlpTraces struct {
		Resources []otlpResourceSpans `json:"resourceSpans"`
	}
	otlpResourceSpans struct {
		Resource otlpResource     `json:"resource"`
		Scopes   []otlpScopeSpans `json:"scopeSpans"`
	}
	otlpResource struct {
		Attributes []otlpAttribute `json:"attributes"`
	}
	otlpScopeSpans struct {
		Scope otlpScope  `json:"scope"`
		Spans []otlpSpan `json:"spans"`
	}
	otlpScope struct {
		Name string `json:"name"`
	}
	otlpSpan struct {
		TraceID    string          `json:"traceId"`
		SpanID     string          `json:"spanId"`
		Parent     string          `json:"parentSpanId,omitempty"`
		Name       string          `json:"name"`
		Kind       int             `json:"kind"`
		Start      string          `json:"startTimeUnixNano"`
		End        string          `json:"endTimeUnixNano"`
		Attributes []otlpAttribute `json:"attributes"`
		Events     []otlpEvent     `json:"events,omitempty"`
	}
	otlpEvent struct {
		Time       string          `json:"timeUnixNano"`
		Name       string          `json:"name"`
		Attributes []otlpAttribute `json:"attributes"`
	}
	otlpAttribute struct {
		Key   string    `json:"key"`
		Value otlpValue `json:"value"`
	}
	otlpValue struct {
		String *string `json:"stringValue,omitempty"`
		Int    string  `json:"intValue,omitempty"`
		Bool   bool    `json:"boolValue,omitempty"`
	}
)
