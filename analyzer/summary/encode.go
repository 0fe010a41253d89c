package summary

import (
	"encoding/binary"
	"errors"
	"sync"
	"sync/atomic"

	"github.com/callroute/callroute/analyzer/encode"
)

// formats carry a summary. A route needs a few of a program's functions, so each
// has a place of its own.
var formats = sync.OnceValue(func() (f struct {
	exe *encode.Format[Executable]
	fn  *encode.Format[Func]
}) {
	f.exe, f.fn = encode.For[Executable](), encode.For[Func]()
	return f
})

// Shape describes what a summary is made of. What Encode made where it was another
// one cannot be read.
func Shape() string { return formats().exe.Shape() + formats().fn.Shape() }

// Encode is e without its Program:
//
//	number of functions, place of the executable      4 bytes each
//	of each function its place and its base           4 bytes each
//	the values, see package encode
func (e *Executable) Encode() []byte {
	var w encode.Writer
	var table []byte
	for id := range ID(e.NumFuncs()) {
		f := e.Func(id)
		table = binary.LittleEndian.AppendUint32(table, uint32(w.At()))
		table = binary.LittleEndian.AppendUint32(table, uint32(f.Base))
		formats().fn.Write(&w, f)
	}
	out := binary.LittleEndian.AppendUint32(nil, uint32(e.NumFuncs()))
	out = binary.LittleEndian.AppendUint32(out, uint32(w.At()))
	formats().exe.Write(&w, e)
	return append(append(out, table...), w.Bytes()...)
}

var errShort = errors.New("damaged: the table of functions is cut off")

// Decode reads what Encode made. It keeps data and reads functions from it when
// they are asked for. Its caller has made sure that data is whole.
func Decode(data []byte) (*Executable, error) {
	const head, entry = 8, 8
	if len(data) < head {
		return nil, errShort
	}
	n, at := int(binary.LittleEndian.Uint32(data)), int(binary.LittleEndian.Uint32(data[4:]))
	if n*entry > len(data)-head {
		return nil, errShort
	}
	r, err := encode.NewReader(data[head+n*entry:])
	if err != nil {
		return nil, err
	}
	e := new(Executable)
	if err := formats().exe.Read(r, at, e); err != nil {
		return nil, err
	}
	e.stored = &stored{table: data[head : head+n*entry], values: r, read: make([]atomic.Pointer[Func], n)}
	return e, nil
}

// stored is functions that are read when they are asked for.
type stored struct {
	table  []byte
	values *encode.Reader
	read   []atomic.Pointer[Func]
}

func (s *stored) base(id ID) ID { return ID(binary.LittleEndian.Uint32(s.table[8*id+4:])) }

func (s *stored) get(id ID) *Func {
	if f := s.read[id].Load(); f != nil {
		return f
	}
	f := new(Func)
	if err := formats().fn.Read(s.values, int(binary.LittleEndian.Uint32(s.table[8*id:])), f); err != nil {
		panic(err) // it was whole when it was opened
	}
	s.read[id].CompareAndSwap(nil, f)
	return s.read[id].Load()
}
