package draw

import (
	"bytes"
	"encoding/xml"
	"errors"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/callroute/callroute/analyzer/diagram"
)

// pictures are what package diagram writes for its own tests.
func pictures(t *testing.T) map[string][]byte {
	t.Helper()
	names, err := filepath.Glob("../diagram/testdata/golden/*.dot")
	if err != nil || len(names) == 0 {
		t.Fatalf("no graphs to draw: %v", err)
	}
	all := map[string][]byte{}
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		all[filepath.Base(name)] = data
	}
	return all
}

func TestSVG(t *testing.T) {
	for name, dot := range pictures(t) {
		svg, err := Draw(t.Context(), dot, SVG)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for dec := xml.NewDecoder(bytes.NewReader(svg)); ; {
			if _, err := dec.Token(); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Errorf("%s is no XML: %v", name, err)
				break
			}
		}
		if strings.Contains(string(svg), `font-family="Courier"`) {
			t.Errorf("%s names a font that looks poor", name)
		}
		if edges := bytes.Count(dot, []byte(`class="crossing"`)); bytes.Count(svg, []byte(`class="edge crossing"`)) != edges {
			t.Errorf("%s: %d crossings in the graph, %d in the picture", name, edges, bytes.Count(svg, []byte(`class="edge crossing"`)))
		}
		again, err := Draw(t.Context(), dot, SVG)
		if err != nil || !bytes.Equal(svg, again) {
			t.Errorf("%s: two runs differ, or %v", name, err)
		}
	}
}

// TestPNG looks at the pixels: the library used to fill the area under each
// edge, which made half of the picture dark.
func TestPNG(t *testing.T) {
	for name, dot := range pictures(t) {
		data, err := Draw(t.Context(), dot, PNG)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		picture, err := png.Decode(bytes.NewReader(data))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		dark, all := 0, 0
		b := picture.Bounds()
		for y := b.Min.Y; y < b.Max.Y; y++ {
			for x := b.Min.X; x < b.Max.X; x++ {
				r, g, bl, _ := picture.At(x, y).RGBA()
				if r+g+bl < 3*0x8000 {
					dark++
				}
				all++
			}
		}
		if share := float64(dark) / float64(all); share > 0.12 {
			t.Errorf("%s: %.0f %% of the picture is dark", name, 100*share)
		}
		if dark == 0 && len(dot) > 1200 {
			t.Errorf("%s: nothing is drawn", name)
		}
	}
}

func TestBadInput(t *testing.T) {
	if _, err := Draw(t.Context(), []byte("digraph {"), SVG); err == nil {
		t.Error("half a graph was drawn")
	}
	if _, err := Draw(t.Context(), []byte("digraph {a->b}"), "gif"); err == nil || !strings.Contains(err.Error(), "svg or png") {
		t.Errorf("format gif: %v", err)
	}
}

func TestDotsPerInch(t *testing.T) {
	for bb, want := range map[string]string{
		"0,0,800,600":     "96.0",
		"0,0,4000,3000":   "72.0",
		"0,0,20000,20000": "14.4",
		"":                "96",
	} {
		if got := dotsPerInch(bb); got != want {
			t.Errorf("%q: %s dots per inch, want %s", bb, got, want)
		}
	}
}

// TestDark checks that every color of a picture has one for dark surroundings.
func TestDark(t *testing.T) {
	color := regexp.MustCompile(`<(\w+) [^>]*?\b(fill|stroke)="([^"]+)"(?: stroke="([^"]+)")?`)
	for name, dot := range pictures(t) {
		svg, err := Draw(t.Context(), dot, SVG)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Contains(svg, []byte("prefers-color-scheme: dark")) {
			t.Fatalf("%s has no dark colors", name)
		}
		style := diagram.DarkStyle()
		for _, m := range color.FindAllStringSubmatch(string(svg), -1) {
			for attribute, value := range map[string]string{m[2]: m[3], "stroke": m[4]} {
				switch {
				case value == "", value == "none", value == "transparent", value == "white" && m[1] == "text":
					continue
				case attribute == "fill" && m[1] == "polygon" && strings.Contains(style, `[stroke="`+value+`"]`):
					continue // what arrives stands white on the color of its lane
				}
				if !strings.Contains(style, "["+attribute+`="`+value+`"]`) {
					t.Errorf("%s: %s of <%s> is %s, also in the dark", name, attribute, m[1], value)
				}
			}
		}
	}
}
