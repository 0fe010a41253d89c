package source

import (
	"encoding/binary"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"sync"

	"github.com/callroute/callroute/analyzer/encode"
	"github.com/callroute/callroute/analyzer/flow"
	"github.com/callroute/callroute/analyzer/store"
)

// Notes is what was found in source files, so that a later flow need not parse
// them again. What is noted of a file counts as long as nothing in its folder
// changes: constants come from other files of the package. A nil Notes knows
// nothing. It is safe for concurrent use.
type Notes struct {
	disk  *store.Disk
	roots store.Roots

	mu     sync.Mutex
	values *encode.Reader
	places map[string]int       // in values, by name
	files  map[string]*fileNote // those that were read or made
	more   bool                 // than was known
}

// fileNote is what was found in one file.
type fileNote struct {
	Folder store.Sum
	Funcs  map[string]funcNote
	Under  map[string][]string // by call

	more bool `encode:"-"`
}

// funcNote is what a function does.
type funcNote struct {
	Does  []flow.Effect
	Texts []string
}

var noteFormats = sync.OnceValue(func() (f struct {
	table *encode.Format[map[string]int]
	file  *encode.Format[fileNote]
},
) {
	f.table, f.file = encode.For[map[string]int](), encode.For[fileNote]()
	return f
})

// ReadNotes reads what Bytes made; nothing and what is damaged are no notes.
func ReadNotes(data []byte, disk *store.Disk, roots store.Roots) *Notes {
	n := &Notes{disk: disk, roots: roots, places: map[string]int{}, files: map[string]*fileNote{}}
	shape := noteFormats().file.Digest()
	if len(data) < len(shape)+4 || string(data[:len(shape)]) != string(shape[:]) {
		return n
	}
	at := binary.LittleEndian.Uint32(data[len(shape):])
	values, err := encode.NewReader(data[len(shape)+4:])
	if err != nil || noteFormats().table.Read(values, int(at), &n.places) != nil {
		n.places = map[string]int{}
		return n
	}
	n.values = values
	return n
}

// Bytes is all that is known, nil if nothing was added.
func (n *Notes) Bytes() []byte {
	n.mu.Lock()
	defer n.mu.Unlock()
	if !n.more {
		return nil
	}
	names := map[string]bool{}
	for name := range n.places {
		names[name] = true
	}
	for name := range n.files {
		names[name] = true
	}
	var w encode.Writer
	places := map[string]int{}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		f := n.files[name]
		if f == nil {
			f = n.read(name)
		}
		if f == nil || f.more && !n.disk.Still(filepath.Dir(n.roots.Long(name)), store.Text) {
			continue // it changed while it was read
		}
		places[name] = w.At()
		noteFormats().file.Write(&w, f)
	}
	shape := noteFormats().file.Digest()
	out := binary.LittleEndian.AppendUint32(shape[:], uint32(w.At()))
	noteFormats().table.Write(&w, &places)
	n.more = false
	return append(out, w.Bytes()...)
}

// read is what is kept of a file, nil for nothing.
func (n *Notes) read(name string) *fileNote {
	at, known := n.places[name]
	if !known {
		return nil
	}
	f := new(fileNote)
	if noteFormats().file.Read(n.values, at, f) != nil {
		return nil
	}
	return f
}

// of is what is known of the file at path. The caller has locked n.
func (n *Notes) of(path string) *fileNote {
	name := n.roots.Short(path)
	if f := n.files[name]; f != nil {
		return f
	}
	folder := n.disk.Sum(filepath.Dir(path), store.Text)
	f := n.read(name)
	if f == nil || f.Folder != folder {
		f = &fileNote{Folder: folder, Funcs: map[string]funcNote{}, Under: map[string][]string{}}
	}
	n.files[name] = f
	return f
}

// does is what a function was found to do.
func (n *Notes) does(path string, node *flow.Node) (note funcNote, known bool) {
	if n == nil {
		return note, false
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	note, known = n.of(path).Funcs[linesOf(node)]
	return note, known
}

// under is the conditions that a call was found to stand under.
func (n *Notes) under(path string, from *flow.Node, line int, callee string) (conditions []string, known bool) {
	if n == nil {
		return nil, false
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	conditions, known = n.of(path).Under[callOf(from, line, callee)]
	return conditions, known
}

// addDoes notes what a function does.
func (n *Notes) addDoes(path string, node *flow.Node) {
	n.add(path, func(f *fileNote) { f.Funcs[linesOf(node)] = funcNote{node.Does, node.Texts} })
}

// addUnder notes the conditions that a call stands under.
func (n *Notes) addUnder(path string, from *flow.Node, line int, callee string, conditions []string) {
	n.add(path, func(f *fileNote) { f.Under[callOf(from, line, callee)] = conditions })
}

func (n *Notes) add(path string, note func(*fileNote)) {
	if n == nil {
		return
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	f := n.of(path)
	note(f)
	f.more, n.more = true, true
}

func linesOf(node *flow.Node) string { return fmt.Sprintf("%d-%d", node.Line, node.EndLine) }

func callOf(from *flow.Node, line int, callee string) string {
	return fmt.Sprintf("%d-%d:%d %s", from.Line, from.EndLine, line, callee)
}
