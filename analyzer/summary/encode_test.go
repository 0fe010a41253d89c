package summary

import (
	"fmt"
	"reflect"
	"slices"
	"testing"

	"github.com/callroute/callroute/analyzer/dataflow"
)

// TestEncodeCarriesEveryField fills every field of a summary, those that nobody
// has thought of yet too, and looks for each in what comes back.
func TestEncodeCarriesEveryField(t *testing.T) {
	var left []string
	n := 0
	want := new(Executable)
	fill(reflect.ValueOf(want).Elem(), &n, &left)
	for range 3 {
		var f Func
		fill(reflect.ValueOf(&f).Elem(), &n, &left)
		f.Body = int32(len(want.funcs)) // the first has none
		want.funcs = append(want.funcs, f)
		var b dataflow.Body
		fill(reflect.ValueOf(&b).Elem(), &n, &left)
		want.bodies = append(want.bodies, &b)
	}
	if slices.Sort(left); !slices.Equal(left, []string{"Executable.Program", "Executable.bodies", "Executable.funcs", "Executable.stored"}) {
		t.Errorf("left out are %q", left)
	}
	have, err := Decode(want.Encode())
	if err != nil {
		t.Fatal(err)
	}
	if have.NumFuncs() != len(want.funcs) {
		t.Fatalf("%d functions, not %d", have.NumFuncs(), len(want.funcs))
	}
	for id := range ID(len(want.funcs)) {
		if have.Base(id) != want.funcs[id].Base {
			t.Errorf("the base of %d is %d, not %d", id, have.Base(id), want.funcs[id].Base)
		}
		if f := have.Func(id); !reflect.DeepEqual(*f, want.funcs[id]) {
			t.Errorf("function %d is %+v\nnot %+v", id, *f, want.funcs[id])
		}
	}
	for id := range ID(len(want.funcs)) {
		if have, want := have.Body(id), want.Body(id); !reflect.DeepEqual(have, want) {
			t.Errorf("the body of %d is %+v\nnot %+v", id, have, want)
		}
	}
	have.stored, want.funcs, want.bodies = nil, nil, nil
	if !reflect.DeepEqual(have, want) {
		t.Errorf("it is %+v\nnot %+v", have, want)
	}
}

// fill gives everything in v a value of its own that is not zero. left are the
// fields that are not carried.
func fill(v reflect.Value, n *int, left *[]string) {
	*n++
	switch v.Kind() {
	case reflect.Bool:
		v.SetBool(true)
	case reflect.String:
		v.SetString(fmt.Sprint("text ", *n))
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		for i := range v.Len() {
			fill(v.Index(i), n, left)
		}
	case reflect.Map:
		key, elem := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		fill(key, n, left)
		fill(elem, n, left)
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(key, elem)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), n, left)
	case reflect.Struct:
		for i := range v.NumField() {
			if f := v.Type().Field(i); f.Tag.Get("encode") == "-" {
				*left = append(*left, v.Type().Name()+"."+f.Name)
				continue
			}
			fill(v.Field(i), n, left)
		}
	default:
		v.Set(reflect.ValueOf(*n).Convert(v.Type()))
	}
}

func TestDecodeOfDamage(t *testing.T) {
	n, left := 0, []string{}
	e := new(Executable)
	fill(reflect.ValueOf(e).Elem(), &n, &left)
	whole := e.Encode()
	for end := range whole {
		if got, err := Decode(whole[:end]); err == nil {
			t.Errorf("cut off after %d of %d bytes it is %v", end, len(whole), got)
			return
		}
	}
}
