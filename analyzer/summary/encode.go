package summary

import (
	"bytes"
	"encoding/binary"
	"errors"
	"sync"
	"sync/atomic"

	"github.com/callroute/callroute/analyzer/dataflow"
	"github.com/callroute/callroute/analyzer/encode"
)

// formats carry a summary. A route needs a few of a program's functions, so each
// has a place of its own, and so has each body.
var formats = sync.OnceValue(func() (f struct {
	exe  *encode.Format[Executable]
	fn   *encode.Format[Func]
	body *encode.Format[dataflow.Body]
},
) {
	f.exe, f.fn, f.body = encode.For[Executable](), encode.For[Func](), encode.For[dataflow.Body]()
	return f
})

// shape tells what was made of other types.
func shape() []byte {
	exe, fn, body := formats().exe.Digest(), formats().fn.Digest(), formats().body.Digest()
	return bytes.Join([][]byte{exe[:], fn[:], body[:]}, nil)
}

// Encode is e without its Program, in numbers of four bytes and values:
//
//	the shape of what it is made of
//	numbers of functions and of bodies, place of the executable
//	of each function its place and its base
//	of each body its place
//	the values, see package encode
func (e *Executable) Encode() []byte {
	var w encode.Writer
	var table []byte
	number := func(n int) { table = binary.LittleEndian.AppendUint32(table, uint32(n)) }
	for id := range ID(e.NumFuncs()) {
		f := e.Func(id)
		number(w.At())
		number(int(f.Base))
		formats().fn.Write(&w, f)
	}
	for i := range e.numBodies() {
		number(w.At())
		formats().body.Write(&w, e.bodyAt(i))
	}
	out := shape()
	for _, n := range []int{e.NumFuncs(), e.numBodies(), w.At()} {
		out = binary.LittleEndian.AppendUint32(out, uint32(n))
	}
	formats().exe.Write(&w, e)
	return append(append(out, table...), w.Bytes()...)
}

var errShort = errors.New("no summary of this version, or one that is cut off")

// Decode reads what Encode made. It keeps data and reads functions from it when
// they are asked for. Its caller has made sure that data is whole.
func Decode(data []byte) (*Executable, error) {
	const number = 4
	data, ours := bytes.CutPrefix(data, shape())
	if !ours || len(data) < 3*number {
		return nil, errShort
	}
	head := numbers(data[:3*number])
	funcs, bodies, at := head.at(0), head.at(1), head.at(2)
	data = data[3*number:]
	if (2*funcs+bodies)*number > len(data) {
		return nil, errShort
	}
	table := data[:(2*funcs+bodies)*number]
	r, err := encode.NewReader(data[len(table):])
	if err != nil {
		return nil, err
	}
	e := new(Executable)
	if err := formats().exe.Read(r, at, e); err != nil {
		return nil, err
	}
	e.stored = &stored{
		table: numbers(table), values: r,
		funcs: make([]atomic.Pointer[Func], funcs), bodies: make([]atomic.Pointer[dataflow.Body], bodies),
	}
	return e, nil
}

// numbers is a list of numbers of four bytes.
type numbers []byte

func (n numbers) at(i int) int { return int(binary.LittleEndian.Uint32(n[4*i:])) }

// stored is functions and bodies that are read when they are asked for.
type stored struct {
	table  numbers
	values *encode.Reader
	funcs  []atomic.Pointer[Func]
	bodies []atomic.Pointer[dataflow.Body]
}

func (s *stored) base(id ID) ID { return ID(int32(s.table.at(2*int(id) + 1))) }

func (s *stored) function(id ID) *Func {
	return readOnce(&s.funcs[id], formats().fn, s.values, s.table.at(2*int(id)))
}

func (s *stored) body(i int) *dataflow.Body {
	return readOnce(&s.bodies[i], formats().body, s.values, s.table.at(2*len(s.funcs)+i))
}

// readOnce reads a value when it is first asked for.
func readOnce[T any](known *atomic.Pointer[T], f *encode.Format[T], r *encode.Reader, at int) *T {
	if v := known.Load(); v != nil {
		return v
	}
	v := new(T)
	if err := f.Read(r, at, v); err != nil {
		panic(err) // it was whole when it was opened
	}
	known.CompareAndSwap(nil, v)
	return known.Load()
}
