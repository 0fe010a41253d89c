package export_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"io"
	"regexp"
	"testing"

	"github.com/owenrumney/go-sarif/v3/pkg/report/v210/sarif"
	tracev1 "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/callroute/callroute/analyzer/export"
	"github.com/callroute/callroute/analyzer/flow"
	"github.com/callroute/callroute/analyzer/internal/golden"
)

var views = map[string]func(io.Writer, *flow.Flow) error{"sarif": export.SARIF, "otlp.json": export.OTLP}

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
		if err := export.SARIF(&out, golden.Flow(t, name)); err != nil {
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
	if err := export.OTLP(&out, f); err != nil {
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
