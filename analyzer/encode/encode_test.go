package encode_test

import (
	"bytes"
	"math"
	"reflect"
	"strings"
	"testing"

	"github.com/callroute/callroute/analyzer/encode"
)

type kind string

type leaf struct {
	Name kind
	N    int32
	On   bool
}

type tree struct {
	Text    string
	Numbers []int
	Leaves  []leaf
	By      map[string][]leaf
	Other   *tree
	Share   float64
	Sum     [4]byte
	Bytes   []byte
	Here    func() `encode:"-"`
	leaf    `encode:"-"`
}

func samples() []tree {
	return []tree{
		{},
		{Text: "a", Numbers: []int{0, -1, math.MaxInt, math.MinInt}, Share: 0.1},
		{Numbers: []int{}, By: map[string][]leaf{}, Leaves: []leaf{{}}, Bytes: []byte{}},
		{By: map[string][]leaf{"b": {{Name: "x", N: -7}}, "a": nil, "c": {}}, Other: &tree{Text: "a", Other: &tree{}}, Sum: [4]byte{1, 0, 255, 3}, Bytes: []byte("a\x00")},
	}
}

func TestRoundTrip(t *testing.T) {
	format := encode.For[tree]()
	var w encode.Writer
	var places []int
	for _, v := range samples() {
		places = append(places, w.At())
		format.Write(&w, &v)
	}
	r, err := encode.NewReader(w.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range samples() {
		var have tree
		if err := format.Read(r, places[i], &have); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(have, want) {
			t.Errorf("%+v came back as %+v", want, have)
		}
	}
}

func TestSameBytes(t *testing.T) {
	format := encode.For[tree]()
	var texts [][]byte
	for range 20 { // the order of a map is another one each time
		var w encode.Writer
		format.Write(&w, &samples()[3])
		texts = append(texts, w.Bytes())
	}
	for _, text := range texts {
		if !bytes.Equal(text, texts[0]) {
			t.Fatal("one value has two forms")
		}
	}
}

// TestDamage checks that damaged data is an error or another value, and never a
// panic or endless memory.
func TestDamage(t *testing.T) {
	format := encode.For[tree]()
	var w encode.Writer
	for _, v := range samples() {
		format.Write(&w, &v)
	}
	whole := w.Bytes()
	faults := 0
	read := func(data []byte) {
		r, err := encode.NewReader(data)
		if err != nil {
			faults++
			return
		}
		for at := -1; at <= len(whole); at++ {
			var v tree
			if format.Read(r, at, &v) != nil {
				faults++
			}
		}
	}
	for end := range whole {
		read(whole[:end])
	}
	for i := range whole {
		for _, flip := range []byte{1, 0x80, 0xff} {
			data := bytes.Clone(whole)
			data[i] ^= flip
			read(data)
		}
	}
	if faults == 0 {
		t.Error("no damage was noticed")
	}
}

func TestRefused(t *testing.T) {
	for name, test := range map[string]struct {
		make func()
		want string
	}{
		"unexported": {func() { encode.For[struct{ A, b int }]() }, "the field b of"},
		"interface":  {func() { encode.For[[]any]() }, "cannot be carried"},
		"function":   {func() { encode.For[map[string]func()]() }, "cannot be carried"},
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if said, _ := recover().(string); !strings.Contains(said, test.want) {
					t.Errorf("it says %q, without %q", said, test.want)
				}
			}()
			test.make()
			t.Error("it was accepted")
		})
	}
}

func TestMarshal(t *testing.T) {
	want := samples()[3]
	data := encode.Marshal(&want)
	if have, ok := encode.Unmarshal[tree](data); !ok || !reflect.DeepEqual(have, want) {
		t.Errorf("%+v came back as %+v", want, have)
	}
	for name, ok := range map[string]bool{
		"a field of another name": unmarshals[struct{ Texts string }](data),
		"a type in the type":      unmarshals[[]tree](data),
		"nothing":                 unmarshals[tree](nil),
	} {
		if ok {
			t.Errorf("it was read as another: %s", name)
		}
	}
}

func unmarshals[T any](data []byte) bool {
	_, ok := encode.Unmarshal[T](data)
	return ok
}
