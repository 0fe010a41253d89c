// Package encode writes plain data compactly and reads parts of it.
//
// Any type can be carried that is made of booleans, numbers, strings, slices,
// arrays, maps, pointers and structs of these; what it is made of is read from the
// type, so that a new field is carried without a word. A field with the tag
// `encode:"-"` is left out; a type with another unexported field, an interface, a
// function or a channel is refused when its Format is made.
//
// Form. Numbers are varints. A string is its number in a table, in which it stands
// once. A struct begins with the set of its fields that are not zero, and has only
// those. A list begins with its length and one more, 0 being nil, so that nil and
// empty stay two things. A map is sorted by the bytes of its keys.
//
// Values are read at a place each, so that a reader pays for those alone that it
// asks for. The form is good for one set of types: Digest tells one from another.
package encode

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"
	"unsafe"
)

// Format carries values of T.
type Format[T any] struct {
	root  coder
	shape string
}

// For is the format of a type. It panics if the type cannot be carried.
func For[T any]() *Format[T] {
	types := typeSet{coders: map[reflect.Type]*coder{}}
	root := types.coder(reflect.TypeFor[T]())
	return &Format[T]{*root, types.shape.String()}
}

// Write appends a value.
func (f *Format[T]) Write(w *Writer, v *T) {
	f.root.write(w, reflect.ValueOf(v).Elem())
}

// Read reads the value at a place. What cannot have been written by Write is an
// error.
func (f *Format[T]) Read(r *Reader, at int, v *T) (err error) {
	defer func() {
		if fault, ok := recover().(damage); ok {
			err = fault
		}
	}()
	c := cursor{r, at}
	f.root.read(&c, reflect.ValueOf(v).Elem())
	return nil
}

// Marshal is one value by itself, behind the digest of its shape.
func Marshal[T any](v *T) []byte {
	var w Writer
	f := For[T]()
	f.Write(&w, v)
	shape := f.Digest()
	return append(shape[:], w.Bytes()...)
}

// Unmarshal reads what Marshal made of a value of the same shape; ok is false for
// anything else.
func Unmarshal[T any](data []byte) (v T, ok bool) {
	f := For[T]()
	shape := f.Digest()
	data, ok = bytes.CutPrefix(data, shape[:])
	if !ok {
		return v, false
	}
	r, err := NewReader(data)
	if err != nil {
		return v, false
	}
	err = f.Read(r, 0, &v)
	return v, err == nil
}

// DigestSize is the size of the digest of a shape, in bytes.
const DigestSize = 8

// Digest stands for the shape of the type: all that it is made of, with the names of
// fields. What was written under another one cannot be read.
func (f *Format[T]) Digest() [DigestSize]byte {
	sum := sha256.Sum256([]byte(f.shape))
	return [DigestSize]byte(sum[:])
}

// Writer collects values and the strings in them.
type Writer struct {
	values  []byte
	strings []string
	places  map[string]int
}

// At is the place of the value that is written next.
func (w *Writer) At() int { return len(w.values) }

// Bytes is all that was written.
func (w *Writer) Bytes() []byte {
	out := binary.LittleEndian.AppendUint32(nil, uint32(len(w.values)))
	out = binary.LittleEndian.AppendUint32(out, uint32(len(w.strings)))
	out = append(out, w.values...)
	end := 0
	for _, s := range w.strings {
		end += len(s)
		out = binary.LittleEndian.AppendUint32(out, uint32(end))
	}
	for _, s := range w.strings {
		out = append(out, s...)
	}
	return out
}

func (w *Writer) number(n uint64) { w.values = binary.AppendUvarint(w.values, n) }

func (w *Writer) text(s string) {
	if w.places == nil {
		w.places = map[string]int{}
	}
	at, ok := w.places[s]
	if !ok {
		at = len(w.strings)
		w.places[s] = at
		w.strings = append(w.strings, s)
	}
	w.number(uint64(at))
}

// Reader reads what a Writer made.
type Reader struct {
	values []byte
	ends   []byte // of the strings, four bytes each
	texts  string
}

// NewReader reads data, which nobody may change afterwards: strings of the values
// that are read are parts of it.
func NewReader(data []byte) (*Reader, error) {
	const head = 8
	if len(data) < head {
		return nil, damage("too short")
	}
	values, count := int(binary.LittleEndian.Uint32(data)), int(binary.LittleEndian.Uint32(data[4:]))
	data = data[head:]
	if values > len(data) || 4*count > len(data)-values {
		return nil, damage("cut off")
	}
	r := &Reader{values: data[:values], ends: data[values : values+4*count]}
	r.texts = unsafe.String(unsafe.SliceData(data[values+4*count:]), len(data)-values-4*count)
	return r, nil
}

func (r *Reader) text(i uint64) string {
	if i >= uint64(len(r.ends)/4) {
		panic(damage("no such text"))
	}
	start, end := uint32(0), binary.LittleEndian.Uint32(r.ends[4*i:])
	if i > 0 {
		start = binary.LittleEndian.Uint32(r.ends[4*i-4:])
	}
	if start > end || int(end) > len(r.texts) {
		panic(damage("a text is cut off"))
	}
	return r.texts[start:end]
}

// damage is why data cannot be read.
type damage string

func (d damage) Error() string { return "damaged: " + string(d) }

// cursor reads on from a place.
type cursor struct {
	*Reader
	at int
}

func (c *cursor) number() uint64 {
	if c.at < 0 || c.at > len(c.values) {
		panic(damage("no such place"))
	}
	n, size := binary.Uvarint(c.values[c.at:])
	if size <= 0 {
		panic(damage("a number is cut off"))
	}
	c.at += size
	return n
}

// length reads the length of a list, of which nothing takes less than no byte.
func (c *cursor) length() int {
	n := c.number()
	if n > uint64(len(c.values)) {
		panic(damage("a list is cut off"))
	}
	return int(n)
}

// bytes reads n bytes, which nobody may change.
func (c *cursor) bytes(n int) []byte {
	if n > len(c.values)-c.at {
		panic(damage("bytes are cut off"))
	}
	c.at += n
	return c.values[c.at-n : c.at : c.at]
}

// coder carries the values of one type.
type coder struct {
	write func(*Writer, reflect.Value)
	read  func(*cursor, reflect.Value)
}

// typeSet makes the coders of a type and of what it is made of.
type typeSet struct {
	coders map[reflect.Type]*coder
	shape  strings.Builder
}

func (s *typeSet) coder(t reflect.Type) *coder {
	if c := s.coders[t]; c != nil {
		return c
	}
	c := &coder{}
	s.coders[t] = c // before what it is made of: a type may hold itself
	switch t.Kind() {
	case reflect.Bool:
		*c = coder{
			func(w *Writer, v reflect.Value) { w.number(map[bool]uint64{true: 1}[v.Bool()]) },
			func(c *cursor, v reflect.Value) { v.SetBool(c.number() != 0) },
		}
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		*c = coder{
			func(w *Writer, v reflect.Value) { w.number(uint64(v.Int())<<1 ^ uint64(v.Int()>>63)) },
			func(c *cursor, v reflect.Value) { n := c.number(); v.SetInt(int64(n>>1) ^ -int64(n&1)) },
		}
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		*c = coder{
			func(w *Writer, v reflect.Value) { w.number(v.Uint()) },
			func(c *cursor, v reflect.Value) { v.SetUint(c.number()) },
		}
	case reflect.Float32, reflect.Float64:
		*c = coder{
			func(w *Writer, v reflect.Value) { w.number(math.Float64bits(v.Float())) },
			func(c *cursor, v reflect.Value) { v.SetFloat(math.Float64frombits(c.number())) },
		}
	case reflect.String:
		*c = coder{
			func(w *Writer, v reflect.Value) { w.text(v.String()) },
			func(c *cursor, v reflect.Value) { v.SetString(c.text(c.number())) },
		}
	case reflect.Slice:
		s.slice(t, c)
	case reflect.Array:
		s.array(t, c)
	case reflect.Map:
		s.mapping(t, c)
	case reflect.Pointer:
		s.pointer(t, c)
	case reflect.Struct:
		s.structure(t, c)
	default:
		panic(fmt.Sprintf("encode: %s cannot be carried", t))
	}
	if t.Kind() < reflect.Array || t.Kind() == reflect.String {
		fmt.Fprintf(&s.shape, "%s is %s\n", t, t.Kind())
	}
	return c
}

func (s *typeSet) slice(t reflect.Type, c *coder) {
	elem := s.coder(t.Elem())
	if t.Elem().Kind() == reflect.Uint8 {
		c.write = func(w *Writer, v reflect.Value) {
			if v.IsNil() {
				w.number(0)
				return
			}
			w.number(uint64(v.Len()) + 1)
			w.values = append(w.values, v.Bytes()...)
		}
		c.read = func(c *cursor, v reflect.Value) {
			if n := c.length(); n > 0 {
				v.SetBytes(c.bytes(n - 1))
			}
		}
		return
	}
	c.write = func(w *Writer, v reflect.Value) {
		if v.IsNil() {
			w.number(0)
			return
		}
		w.number(uint64(v.Len()) + 1)
		for i := range v.Len() {
			elem.write(w, v.Index(i))
		}
	}
	c.read = func(c *cursor, v reflect.Value) {
		n := c.length()
		if n == 0 {
			return
		}
		v.Set(reflect.MakeSlice(t, n-1, n-1))
		for i := range n - 1 {
			elem.read(c, v.Index(i))
		}
	}
}

func (s *typeSet) array(t reflect.Type, c *coder) {
	elem := s.coder(t.Elem())
	c.write = func(w *Writer, v reflect.Value) {
		for i := range t.Len() {
			elem.write(w, v.Index(i))
		}
	}
	c.read = func(c *cursor, v reflect.Value) {
		for i := range t.Len() {
			elem.read(c, v.Index(i))
		}
	}
}

func (s *typeSet) mapping(t reflect.Type, c *coder) {
	key, elem := s.coder(t.Key()), s.coder(t.Elem())
	c.write = func(w *Writer, v reflect.Value) {
		if v.IsNil() {
			w.number(0)
			return
		}
		keys := v.MapKeys()
		slices.SortFunc(keys, compareKeys)
		w.number(uint64(len(keys)) + 1)
		for _, k := range keys {
			key.write(w, k)
			elem.write(w, v.MapIndex(k))
		}
	}
	c.read = func(c *cursor, v reflect.Value) {
		n := c.length()
		if n == 0 {
			return
		}
		v.Set(reflect.MakeMapWithSize(t, n-1))
		for range n - 1 {
			k, e := reflect.New(t.Key()).Elem(), reflect.New(t.Elem()).Elem()
			key.read(c, k)
			elem.read(c, e)
			v.SetMapIndex(k, e)
		}
	}
}

func compareKeys(a, b reflect.Value) int {
	switch {
	case a.Kind() == reflect.String:
		return strings.Compare(a.String(), b.String())
	case a.CanInt():
		return cmp.Compare(a.Int(), b.Int())
	}
	return strings.Compare(fmt.Sprint(a), fmt.Sprint(b))
}

func (s *typeSet) pointer(t reflect.Type, c *coder) {
	elem := s.coder(t.Elem())
	c.write = func(w *Writer, v reflect.Value) {
		if v.IsNil() {
			w.number(0)
			return
		}
		w.number(1)
		elem.write(w, v.Elem())
	}
	c.read = func(c *cursor, v reflect.Value) {
		if c.number() == 0 {
			return
		}
		v.Set(reflect.New(t.Elem()))
		elem.read(c, v.Elem())
	}
}

// field is a field that is carried.
type field struct {
	*coder
	index int
}

// most is how many fields the set at the beginning of a struct has room for.
const most = 64

func (s *typeSet) structure(t reflect.Type, c *coder) {
	var fields []field
	var shape strings.Builder
	for i := range t.NumField() {
		f := t.Field(i)
		if f.Tag.Get("encode") == "-" {
			continue
		}
		if !f.IsExported() {
			panic(fmt.Sprintf("encode: the field %s of %s is not exported; export it, or leave it out with the tag `encode:\"-\"`", f.Name, t))
		}
		fmt.Fprintf(&shape, " %s %s;", f.Name, f.Type)
		fields = append(fields, field{s.coder(f.Type), i})
	}
	if len(fields) > most {
		panic(fmt.Sprintf("encode: %s has more than %d fields", t, most))
	}
	fmt.Fprintf(&s.shape, "%s is%s\n", t, shape.String())
	c.write = func(w *Writer, v reflect.Value) {
		var set uint64
		for i, f := range fields {
			if !v.Field(f.index).IsZero() {
				set |= 1 << i
			}
		}
		w.number(set)
		for i, f := range fields {
			if set&(1<<i) != 0 {
				f.write(w, v.Field(f.index))
			}
		}
	}
	c.read = func(c *cursor, v reflect.Value) {
		set := c.number()
		for i, f := range fields {
			if set&(1<<i) != 0 {
				f.read(c, v.Field(f.index))
			}
		}
	}
}
