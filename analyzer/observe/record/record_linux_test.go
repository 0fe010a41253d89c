package record

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"reflect"
	"testing"
)

// call is a record of a call as the recorder writes it.
func call(window int, at, id uint64) []byte {
	data := make([]byte, recordSize)
	put := func(i int, v uint64) { binary.LittleEndian.PutUint64(data[8*i:], v) }
	put(0, uint64(mark)<<48|uint64(Call)<<20|uint64(window))
	put(1, at)
	put(2, 7)           // goroutine
	put(3, 3<<16|1)     // started by 3, a direct call
	put(4, id)          //
	put(5, 9)           // caller
	put(6, 42<<32|0xff) // line, number
	return data
}

func act(first, second string) []byte {
	data := call(2, 5, 1)
	binary.LittleEndian.PutUint64(data, uint64(mark)<<48|uint64(len(first))<<36|uint64(len(second))<<24|uint64(Act)<<20|2)
	data = append(append(data, first...), second...)
	return append(data, make([]byte, (8-len(data)%8)%8)...)
}

// chunk puts records into a chunk of a process.
func chunk(process int, records ...[]byte) []byte {
	data := make([]byte, chunkSize)
	at := headerSize
	for _, r := range records {
		at += copy(data[at:], r)
	}
	binary.LittleEndian.PutUint64(data, magic)
	binary.LittleEndian.PutUint32(data[8:], uint32(process))
	binary.LittleEndian.PutUint32(data[12:], uint32(at))
	binary.LittleEndian.PutUint32(data[16:], 100)
	return data
}

func TestRead(t *testing.T) {
	unfinished := make([]byte, recordSize+16) // its writer was killed
	name := filepath.Join(t.TempDir(), "record")
	f, err := Create(name)
	if err != nil {
		t.Fatal(err)
	}
	file, err := os.OpenFile(name, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	for i, c := range [][]byte{
		chunk(1, call(1, 30, 11), unfinished, call(1, 10, 12), act("/a", "b\x00c d\x00")),
		chunk(2, call(3, 20, 13)),
		chunk(1, call(2, 40, 14)),
		make([]byte, chunkSize), // taken, and nothing in it yet
	} {
		if _, err := file.WriteAt(c, int64(i+1)*chunkSize); err != nil {
			t.Fatal(err)
		}
	}
	binary.LittleEndian.PutUint32(f.control[12:], 4)
	all, err := f.Read()
	if err != nil {
		t.Fatal(err)
	}
	type short struct {
		process int
		id      uint64
		window  int
		texts   []string
	}
	var got []short
	for _, p := range all {
		for _, r := range p.Records {
			got = append(got, short{p.Number, r.ID, r.Window, r.Texts})
		}
	}
	want := []short{
		{1, 1, 2, []string{"/a", "b", "c d"}},
		{1, 12, 1, nil},
		{1, 11, 1, nil},
		{1, 14, 2, nil},
		{2, 13, 3, nil},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
	r := all[1].Records[0]
	if r.Goroutine != 7 || r.Parent != 3 || r.How != Direct || r.Caller != 9 || r.Line != 42 || r.Number != 0xff || r.Time != 20 {
		t.Errorf("record %+v", r)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := Create(name); err == nil {
		t.Error("a file that is there is overwritten")
	}
}
