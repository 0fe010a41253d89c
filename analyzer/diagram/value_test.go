package diagram_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/callroute/callroute/analyzer/diagram"
	"github.com/callroute/callroute/analyzer/flow"
)

// TestValue draws a value that passes more types than fit beside each other, under a
// name that is no XML.
func TestValue(t *testing.T) {
	v := &flow.Value{Program: "lampc", Command: []string{"set"}, Flag: "a<b"}
	for i, place := range []string{"lamp.options.level", "wire.Request.Level", "wire.Envelope.Requests[<b>]", "wire.Batch.All", ""} {
		v.Hops = append(v.Hops, flow.ValueHop{ID: i, After: i - 1, Component: "lampc", Func: "lampc.main", Site: flow.Site{File: "main.go", Line: i + 1}, Place: place, Kind: flow.Call})
	}
	v.Hops[4].Kind, v.Hops[4].Detail, v.Hops[4].Wire = flow.HTTP, "POST /set", "level&more"
	v.Hops = append(v.Hops, flow.ValueHop{ID: 5, After: 4, Component: "lampd", Func: "lampd.set", Site: flow.Site{File: "d.go", Line: 9}, Kind: flow.Call, Did: "converts int to <text>"})
	v.Ends = []flow.ValueEnd{{Hop: 5, Call: "os.WriteFile", What: "level.txt"}, {Hop: 5, Call: "os.Rename"}}
	var first, second bytes.Buffer
	if err := diagram.Value(&first, v); err != nil {
		t.Fatal(err)
	}
	if err := diagram.Value(&second, v); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(first.Bytes(), second.Bytes()) {
		t.Error("two pictures of one value differ")
	}
	texts := svgTexts(t, first.Bytes())
	for _, want := range []string{"lampc set --a<b", "lampd", "Level", "wire.Request", "All", `http POST /set "level&more"`, "converts int to <text>", "■ written to level.txt by os.WriteFile", "It also goes to", "lampd: given to os.Rename, d.go:9"} {
		if !strings.Contains(texts, want) {
			t.Errorf("no %q in\n%s", want, texts)
		}
	}
	if n := strings.Count(first.String(), `class="l0"`); n != 1 {
		t.Errorf("%d bands for lampc", n)
	}
}

// TestValueOfNothing draws a value that goes nowhere.
func TestValueOfNothing(t *testing.T) {
	var out bytes.Buffer
	if err := diagram.Value(&out, &flow.Value{Program: "lampc", Flag: "quiet"}); err != nil {
		t.Fatal(err)
	}
	if texts := svgTexts(t, out.Bytes()); !strings.Contains(texts, "not seen to be written anywhere") {
		t.Error(texts)
	}
}

// svgTexts is the text of a picture, which must be well-formed, a line for each element.
func svgTexts(t *testing.T, svg []byte) string {
	t.Helper()
	var texts []string
	for d := xml.NewDecoder(bytes.NewReader(svg)); ; {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return strings.Join(strings.Fields(strings.Join(texts, " ")), " ")
		}
		if err != nil {
			t.Fatalf("%v in\n%s", err, svg)
		}
		if text, ok := token.(xml.CharData); ok {
			texts = append(texts, string(text))
		}
	}
}
