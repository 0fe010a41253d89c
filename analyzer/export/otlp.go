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

// step is the time that a function of the spine takes in the timeline, and the
// distance between the starts of two. Nothing was measured: the order is true,
// the lengths are not.
const step = time.Millisecond

// epoch is when the timeline starts: the same in every run, and late enough for
// viewers that take the first days of 1970 for missing.
var epoch = time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)

// OTLP writes the spine of f as a trace in OTLP's JSON form: a resource for
// each program, a span for each function inside the span of the one that calls
// it. Crossings are client and server spans.
func OTLP(w io.Writer, f *flow.Flow) error {
	r, err := flow.NewRoute(f)
	if err != nil {
		return err
	}
	command := strings.Join(append([]string{f.Program}, f.Command...), " ")
	sum := sha256.Sum256([]byte(strings.Join(append([]string{f.Program}, f.Command...), "\x00")))
	trace := hex.EncodeToString(sum[:16])
	end := epoch.Add(time.Duration(2*len(f.Spine)) * step)

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
			Start: nanoseconds(epoch.Add(time.Duration(i) * step)),
			End:   nanoseconds(end.Add(-time.Duration(i) * step)),
			Attributes: []otlpAttribute{
				stringAttribute("code.function.name", n.Func),
				stringAttribute("code.file.path", n.File),
				{Key: "code.line.number", Value: otlpValue{Int: strconv.Itoa(n.Line)}},
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
		for _, g := range r.GapsAfter[id] {
			span.Events = append(span.Events, otlpEvent{
				Time: span.Start, Name: "gap",
				Attributes: []otlpAttribute{stringAttribute("callroute.kind", string(g.Kind)), stringAttribute("callroute.detail", g.Detail), stringAttribute("callroute.reason", g.Reason)},
			})
		}
		scope := &resources[place].Scopes[0]
		scope.Spans = append(scope.Spans, span)
	}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", " ")
	return enc.Encode(otlpTraces{resources})
}

// spanID is the id of the i-th span; ids count from 1, as 0 is none.
func spanID(i int) string { return fmt.Sprintf("%016x", i) }

func nanoseconds(t time.Time) string { return strconv.FormatInt(t.UnixNano(), 10) }

func stringAttribute(key, value string) otlpAttribute {
	return otlpAttribute{key, otlpValue{String: &value}}
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
	}
)
