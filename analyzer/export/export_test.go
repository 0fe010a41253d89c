package export_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/owenrumney/go-sarif/v3/pkg/report/v210/sarif"
	tracev1 "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/callroute/callroute/analyzer/export"
	"github.com/callroute/callroute/analyzer/flow"
	"github.com/callroute/callroute/analyzer/internal/golden"
)

// options are those of a run at a time that does not change.
var options = export.Options{
	Time: time.Date(2024, 5, 6, 7, 8, 9, 0, time.UTC),
	Base: func(c flow.Component) string { return "file:///src/" + c.Name + "/" },
	Gaps: true,
}

var views = map[string]func(io.Writer, *flow.Flow) error{
	"sarif":     func(w io.Writer, f *flow.Flow) error { return export.SARIF(w, f, options) },
	"otlp.json": func(w io.Writer, f *flow.Flow) error { return export.OTLP(w, f, options) },
}

func TestGolden(t *testing.T) {
	for _, name := range golden.Flows {
		for suffix, view := range views {
			t.Run(name+"."+suffix, func(t *testing.T) {
				var out, again bytes.Buffer
				f := golden.Flow(t, name)
				if err := view(&out, f); err != nil {
					t.Fatal(err)
				}
				golden.Compare(t, name+"."+suffix, out.Bytes())
				if err := view(&again, golden.Shuffled(f)); err != nil {
					t.Fatal(err)
				}
				if !bytes.Equal(again.Bytes(), out.Bytes()) {
					t.Errorf("the order of nodes and edges changed the output:\n%s", again.Bytes())
				}
			})
		}
	}
}

func TestSARIFSchema(t *testing.T) {
	for _, name := range golden.Flows {
		var out bytes.Buffer
		if err := export.SARIF(&out, golden.Flow(t, name), options); err != nil {
			t.Fatal(err)
		}
		log, err := sarif.FromBytes(out.Bytes())
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if err := log.Validate(); err != nil {
			t.Errorf("%s does not fit SARIF's schema: %v", name, err)
		}
	}
}

// ids are the fields that OTLP's JSON form writes in hexadecimal, where the
// general form of protocol buffers has base64.
var ids = regexp.MustCompile(`"(traceId|spanId|parentSpanId)": "([0-9a-f]+)"`)

func TestOTLPProto(t *testing.T) {
	f := golden.Flow(t, "fire")
	var out bytes.Buffer
	if err := export.OTLP(&out, f, options); err != nil {
		t.Fatal(err)
	}
	general := ids.ReplaceAllFunc(out.Bytes(), func(field []byte) []byte {
		m := ids.FindSubmatch(field)
		raw, err := hex.DecodeString(string(m[2]))
		if err != nil {
			t.Fatal(err)
		}
		return []byte(`"` + string(m[1]) + `": "` + base64.StdEncoding.EncodeToString(raw) + `"`)
	})
	traces := new(tracev1.TracesData)
	if err := protojson.Unmarshal(general, traces); err != nil {
		t.Fatalf("not OTLP: %v", err)
	}
	spans, known, roots := 0, map[string]bool{"": true}, 0
	for _, r := range traces.ResourceSpans {
		for _, s := range r.ScopeSpans[0].Spans {
			spans++
			known[string(s.SpanId)] = true
			if len(s.ParentSpanId) == 0 {
				roots++
			}
			if len(s.TraceId) != 16 || len(s.SpanId) != 8 || s.StartTimeUnixNano >= s.EndTimeUnixNano {
				t.Errorf("span %v", s)
			}
		}
	}
	for _, r := range traces.ResourceSpans {
		for _, s := range r.ScopeSpans[0].Spans {
			if !known[string(s.ParentSpanId)] {
				t.Errorf("span %s has a parent that is not there", s.Name)
			}
		}
	}
	if spans != len(f.Spine) || roots != 1 {
		t.Errorf("%d spans with %d roots for %d steps", spans, roots, len(f.Spine))
	}
}

func TestNoNullLists(t *testing.T) {
	empty := &flow.Flow{Schema: flow.Schema}
	for name, view := range views {
		var out bytes.Buffer
		if err := view(&out, empty); err != nil {
			t.Fatal(err)
		}
		if !json.Valid(out.Bytes()) || bytes.Contains(out.Bytes(), []byte("null")) {
			t.Errorf("%s of nothing: %s", name, out.Bytes())
		}
	}
}

// TestSARIFResults checks that the route is the result, that gaps are only where
// they are asked for, and that every base has a place.
func TestSARIFResults(t *testing.T) {
	for _, gaps := range []bool{false, true} {
		o := options
		o.Gaps = gaps
		var out bytes.Buffer
		if err := export.SARIF(&out, golden.Flow(t, "fire"), o); err != nil {
			t.Fatal(err)
		}
		log, err := sarif.FromBytes(out.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		results := map[string]int{}
		for _, r := range log.Runs[0].Results {
			results[*r.RuleID]++
		}
		if results["route"] != 1 || (results["gap"] > 0) != gaps {
			t.Errorf("gaps %v: results %v", gaps, results)
		}
		if n := strings.Count(out.String(), `"uri": "file:///src/`); n != len(golden.Flow(t, "fire").Components) {
			t.Errorf("%d bases have a place", n)
		}
	}
}

// TestOTLPTimes checks that the trace ends when it is written, that spans stand in
// the order of the calls, one in the other, and that every one says that its times
// were not measured.
func TestOTLPTimes(t *testing.T) {
	f := golden.Flow(t, "fire")
	var out bytes.Buffer
	if err := export.OTLP(&out, f, options); err != nil {
		t.Fatal(err)
	}
	var traces struct {
		ResourceSpans []struct {
			ScopeSpans []struct {
				Spans []struct {
					SpanID     string
					Kind       int
					Start      int64 `json:"startTimeUnixNano,string"`
					End        int64 `json:"endTimeUnixNano,string"`
					Attributes []struct {
						Key   string
						Value struct{ BoolValue bool }
					}
				}
			}
		}
	}
	if err := json.Unmarshal(out.Bytes(), &traces); err != nil {
		t.Fatal(err)
	}
	type span struct{ start, end int64 }
	spans := map[string]span{}
	for _, r := range traces.ResourceSpans {
		for _, s := range r.ScopeSpans[0].Spans {
			spans[s.SpanID] = span{s.Start, s.End}
			marked := false
			for _, a := range s.Attributes {
				marked = marked || a.Key == "callroute.estimated" && a.Value.BoolValue
			}
			if !marked {
				t.Errorf("span %s does not say that its times are estimated", s.SpanID)
			}
		}
	}
	before := span{0, options.Time.UnixNano() + 1}
	for i := range f.Spine {
		s := spans[fmt.Sprintf("%016x", i+1)]
		if s.start <= before.start || s.end >= before.end || s.start >= s.end {
			t.Errorf("step %d is from %d to %d, the one that calls it from %d to %d", i, s.start, s.end, before.start, before.end)
		}
		before = s
	}
	if first := spans["0000000000000001"]; first.end != options.Time.UnixNano() || first.end-first.start > int64(time.Minute) {
		t.Errorf("the trace is from %d to %d, written at %d", first.start, first.end, options.Time.UnixNano())
	}
}
