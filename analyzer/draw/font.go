package draw

import (
	"context"
	"image"
	"os"
	"strings"
	"sync"

	"github.com/flopp/go-findfont"
	"github.com/goccy/go-graphviz/gvc"
	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/gomono"
	"golang.org/x/image/font/gofont/gomonobold"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/math/fixed"
)

// wideFonts are fonts of the machine that have Chinese, Japanese and Korean
// letters, which the built-in font does not.
var wideFonts = []string{
	"NotoSansCJK-Regular.ttc", "NotoSansCJKsc-Regular.otf", "NotoSansSC-Regular.otf", "SourceHanSans.ttc",
	"wqy-microhei.ttc", "wqy-zenhei.ttc", "DroidSansFallbackFull.ttf", "PingFang.ttc", "STHeiti Light.ttc",
	"msyh.ttc", "simsun.ttc", "unifont.ttf",
}

// loadFont gives the letters of a picture: Go's fixed-width font, bold where
// Graphviz asks for it, and a font of the machine for what that lacks.
func loadFont(_ context.Context, job *gvc.Job, f *gvc.TextFont) (font.Face, error) {
	size := f.Size() * job.Zoom()
	dpi := job.DPI().X()
	const bold = 1 // HTML_BF of Graphviz's text styles
	data := gomono.TTF
	if strings.Contains(f.Name(), "Bold") || f.Flags()&bold != 0 {
		data = gomonobold.TTF
	}
	own, err := opentype.Parse(data)
	if err != nil {
		return nil, err
	}
	options := &opentype.FaceOptions{Size: size, DPI: dpi}
	face, err := opentype.NewFace(own, options)
	if err != nil {
		return nil, err
	}
	faces := fallback{face}
	if wide := wideFont(); wide != nil {
		if face, err := opentype.NewFace(wide, options); err == nil {
			faces = append(faces, face)
		}
	}
	return faces, nil
}

// wideFont is the first of wideFonts that is there, nil if none is.
var wideFont = sync.OnceValue(func() *opentype.Font {
	for _, name := range wideFonts {
		path, err := findfont.Find(name)
		if err != nil {
			continue
		}
		data, err := os.ReadFile(path)
		if err != nil {
			continue
		}
		if collection, err := opentype.ParseCollection(data); err == nil && collection.NumFonts() > 0 {
			if f, err := collection.Font(0); err == nil {
				return f
			}
		}
		if f, err := opentype.Parse(data); err == nil {
			return f
		}
	}
	return nil
})

// fallback is a face that takes each letter from the first of its faces that
// has it. It is never empty.
type fallback []font.Face

func (f fallback) of(r rune) font.Face {
	for _, face := range f {
		if _, ok := face.GlyphAdvance(r); ok {
			return face
		}
	}
	return f[0]
}

// Close does nothing: the faces hold memory only.
func (f fallback) Close() error { return nil }

// Glyph is font.Face's.
func (f fallback) Glyph(dot fixed.Point26_6, r rune) (dr image.Rectangle, mask image.Image, maskp image.Point, advance fixed.Int26_6, ok bool) {
	return f.of(r).Glyph(dot, r)
}

// GlyphBounds is font.Face's.
func (f fallback) GlyphBounds(r rune) (bounds fixed.Rectangle26_6, advance fixed.Int26_6, ok bool) {
	return f.of(r).GlyphBounds(r)
}

// GlyphAdvance is font.Face's.
func (f fallback) GlyphAdvance(r rune) (advance fixed.Int26_6, ok bool) {
	return f.of(r).GlyphAdvance(r)
}

// Kern is none: the font has a fixed width.
func (f fallback) Kern(_, _ rune) fixed.Int26_6 { return 0 }

// Metrics is that of the first face.
func (f fallback) Metrics() font.Metrics { return f[0].Metrics() }
