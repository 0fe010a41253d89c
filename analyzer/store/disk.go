package store

import (
	"bytes"
	"crypto/sha256"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/callroute/callroute/analyzer/encode"
)

// Sum is the digest of a file or folder. That of what is not there is zero.
type Sum [16]byte

func sumOf(parts ...[]byte) Sum {
	h := sha256.New()
	for _, p := range parts {
		h.Write(p)
		h.Write([]byte{0})
	}
	return Sum(h.Sum(nil)[:len(Sum{})])
}

// Aspect is what of the Go files in a folder matters for a result.
type Aspect int

// The aspects. All hold the names of the files, and of those beside them that the go
// command looks at.
const (
	Heads Aspect = iota // package clauses, imports and build constraints
	Code                // all but comments, each token in its line
	Text                // everything
	Tree                // as Heads, and which folders are in the folder
	aspects
)

// ofFile is how many of the aspects a file has.
const ofFile = int(Tree)

// Disk is the files of a system as one run sees them: each is looked at once. A
// nil Disk knows nothing. It is safe for concurrent use.
type Disk struct {
	store *Store
	key   Key
	roots Roots
	own   []string // folders of the trees under study
	clock func() time.Time

	mu      sync.Mutex
	known   map[string]*folder // as they were the last time
	now     map[string]*folder
	changed bool // what is known differs from what is kept
}

// table is what is kept of a Disk.
type table []folder

// folder is what is known of a folder with Go files.
type folder struct {
	Dir     string
	Stamp   []byte // of the folder
	Files   string // the names of its Go files, separated by zeros
	Beside  string // other names that the go command looks at
	Folders string // the names of the folders in it
	Stamps  []byte // of each file
	Sums    []byte // of each file, by aspect
	Of      [aspects]Sum
	Newest  int64 // when something of it changed last, in nanoseconds of Unix time
}

// Disk is the files that the roots lead to, with what the store knows of them. own
// are the trees under study; in others comments matter, too, for nobody edits them.
func (s *Store) Disk(roots Roots, own []string) *Disk {
	if s == nil {
		return nil
	}
	parts := []string{"disk"}
	parts = append(parts, own...)
	d := &Disk{store: s, key: KeyOf(parts...), roots: roots, own: own, clock: time.Now, known: map[string]*folder{}, now: map[string]*folder{}}
	known, _ := encode.Unmarshal[table](s.read(s.path(disks, d.key)))
	for i := range known {
		d.known[known[i].Dir] = &known[i]
	}
	return d
}

// Keep keeps what was found out about files.
func (d *Disk) Keep() {
	if d == nil {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.changed {
		return
	}
	for dir, f := range d.now {
		d.known[dir] = f
	}
	var t table
	for _, f := range d.known {
		t = append(t, *f)
	}
	slices.SortFunc(t, func(a, b folder) int { return strings.Compare(a.Dir, b.Dir) })
	_ = d.store.write(d.store.path(disks, d.key), encode.Marshal(&t)) // it has warned
	d.changed = false
}

// Inputs describes folders and files as they are now.
func (d *Disk) Inputs(aspect Aspect, folders, files []string) *Inputs {
	if d == nil {
		return nil
	}
	in := &Inputs{}
	d.look(folders)
	for _, dir := range folders {
		f := d.folder(dir)
		in.Folders = append(in.Folders, Folder{d.roots.Short(dir), aspect, f.Of[aspect]})
		in.newest = max(in.newest, f.Newest)
	}
	for _, path := range files {
		in.Files = append(in.Files, File{d.roots.Short(path), fileSum(path)})
	}
	return in
}

// Sum is the digest of a folder as it is now.
func (d *Disk) Sum(dir string, aspect Aspect) Sum { return d.folder(dir).Of[aspect] }

// Still reports whether a folder is on the disk as it was when d looked.
func (d *Disk) Still(dir string, aspect Aspect) bool {
	f := d.folder(dir)
	return d.read(dir, f).Of[aspect] == f.Of[aspect]
}

// same reports whether the inputs are as they were.
func (d *Disk) same(in *Inputs) bool {
	if d == nil {
		return len(in.Folders)+len(in.Files) == 0
	}
	for _, f := range in.Files {
		if fileSum(d.roots.Long(f.Name)) != f.Sum {
			return false
		}
	}
	var dirs []string
	for _, f := range in.Folders {
		dirs = append(dirs, d.roots.Long(f.Name))
	}
	d.look(dirs)
	for i, f := range in.Folders {
		if d.folder(dirs[i]).Of[f.Aspect] != f.Sum {
			return false
		}
	}
	return true
}

// still reports whether the inputs are on the disk as they were when d looked.
func (d *Disk) still(in *Inputs) bool {
	if d == nil {
		return len(in.Folders)+len(in.Files) == 0
	}
	for _, f := range in.Files {
		if fileSum(d.roots.Long(f.Name)) != f.Sum {
			return false
		}
	}
	var g errgroup.Group
	g.SetLimit(runtime.GOMAXPROCS(0))
	same := make([]bool, len(in.Folders))
	for i, f := range in.Folders {
		g.Go(func() error {
			dir := d.roots.Long(f.Name)
			same[i] = d.folder(dir).Of[f.Aspect] == f.Sum && d.Still(dir, f.Aspect)
			return nil
		})
	}
	_ = g.Wait()
	return !slices.Contains(same, false)
}

// fileSum is the sum of a file; of a folder, that it is there.
func fileSum(path string) Sum {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return Sum{}
	case info.IsDir():
		return sumOf([]byte("a folder"))
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return sumOf([]byte("unreadable"))
	}
	return sumOf([]byte("a file"), text)
}

// look reads folders side by side.
func (d *Disk) look(dirs []string) {
	var g errgroup.Group
	g.SetLimit(runtime.GOMAXPROCS(0))
	for _, dir := range d.unseen(dirs) {
		g.Go(func() error {
			d.folder(dir)
			return nil
		})
	}
	_ = g.Wait()
}

func (d *Disk) unseen(dirs []string) []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(dirs), func(dir string) bool { return d.now[dir] != nil })
}

// folder is a folder as it is now.
func (d *Disk) folder(dir string) *folder {
	d.mu.Lock()
	now, known := d.now[dir], d.known[dir]
	d.mu.Unlock()
	if now != nil {
		return now
	}
	now = d.read(dir, known)
	d.mu.Lock()
	defer d.mu.Unlock()
	if now != known {
		d.changed = true
	}
	d.now[dir] = now
	return now
}

// read looks at a folder. Where it is as known says, it is that.
func (d *Disk) read(dir string, known *folder) *folder {
	info, err := os.Stat(dir)
	if err != nil {
		if known != nil && known.Stamp == nil {
			return known
		}
		return &folder{Dir: dir}
	}
	now := d.clock()
	f := &folder{Dir: dir, Stamp: stampOf(info, now), Newest: newest(info)}
	same := known != nil && matches(known.Stamp, info)
	if same {
		f.Stamp, f.Files, f.Beside, f.Folders = known.Stamp, known.Files, known.Beside, known.Folders
	} else {
		f.list()
	}
	had := map[string]int{}
	if !same && known != nil {
		for i, name := range names(known.Files) {
			had[name] = i
		}
	}
	for i, name := range names(f.Files) {
		at, have := i, same
		if !same {
			at, have = had[name], known != nil && contains(had, name)
		}
		path := dir + string(filepath.Separator) + name
		info, err := os.Stat(path)
		switch {
		case err != nil:
			f.Stamps, f.Sums = append(f.Stamps, make([]byte, stampSize)...), append(f.Sums, make([]byte, sumsSize)...)
			same = false
		case have && matches(known.stamp(at), info):
			f.Stamps, f.Sums = append(f.Stamps, known.stamp(at)...), append(f.Sums, known.sums(at)...)
			f.Newest = max(f.Newest, newest(info))
		default:
			f.Newest = max(f.Newest, newest(info))
			f.Stamps, f.Sums = append(f.Stamps, stampOf(info, now)...), append(f.Sums, d.sums(path)...)
			same = false
		}
	}
	if same {
		return known
	}
	f.sum()
	return f
}

func contains(m map[string]int, name string) bool { _, ok := m[name]; return ok }

const sumsSize = ofFile * len(Sum{})

func (f *folder) stamp(i int) []byte { return f.Stamps[i*stampSize : (i+1)*stampSize] }
func (f *folder) sums(i int) []byte  { return f.Sums[i*sumsSize : (i+1)*sumsSize] }

func names(list string) []string {
	if list == "" {
		return nil
	}
	return strings.Split(list, "\x00")
}

// list reads the names in a folder.
func (f *folder) list() {
	entries, _ := os.ReadDir(f.Dir) // one that cannot be read has no files for the go command either
	var files, beside, folders []string
	for _, e := range entries {
		name := e.Name()
		switch {
		case e.IsDir():
			if name == "vendor" || name == "Godeps" {
				beside = append(beside, name)
			} else if name[0] != '.' && name[0] != '_' && name != "testdata" && name != "node_modules" {
				folders = append(folders, name)
			}
		case name[0] == '.' || name[0] == '_' || strings.HasSuffix(name, "_test.go"):
		case strings.HasSuffix(name, ".go"):
			files = append(files, name)
		case slices.Contains(withGo, filepath.Ext(name)) || slices.Contains(modFiles, name):
			beside = append(beside, name)
		}
	}
	f.Files, f.Beside, f.Folders = strings.Join(files, "\x00"), strings.Join(beside, "\x00"), strings.Join(folders, "\x00")
}

// withGo are the extensions of files that the go command compiles beside Go files,
// and modFiles those that say where packages are found.
var (
	withGo   = []string{".s", ".S", ".sx", ".c", ".cc", ".cpp", ".cxx", ".m", ".h", ".hh", ".hpp", ".hxx", ".f", ".F", ".for", ".f90", ".swig", ".swigcxx", ".syso"}
	modFiles = []string{"go.mod", "go.work", "vendor.mod"}
)

// sums are those of one Go file.
func (d *Disk) sums(path string) []byte {
	text, err := os.ReadFile(path)
	if err != nil {
		return bytes.Repeat(sumBytes(sumOf([]byte("unreadable"))), ofFile)
	}
	raw := sumOf(text)
	if !d.edited(path) {
		return bytes.Repeat(sumBytes(raw), ofFile)
	}
	head, code := significant(text)
	return slices.Concat(sumBytes(sumOf(head)), sumBytes(sumOf(code)), sumBytes(raw))
}

func sumBytes(s Sum) []byte { return s[:] }

// edited reports whether a file is one that people work on.
func (d *Disk) edited(path string) bool {
	path = filepath.ToSlash(path)
	return !strings.Contains(path, "/vendor/") && !strings.Contains(path, "/Godeps/") &&
		slices.ContainsFunc(d.own, func(dir string) bool { return within(dir, filepath.FromSlash(path)) })
}

// sum makes the sums of a folder of those of its files.
func (f *folder) sum() {
	for a := range aspects {
		parts := [][]byte{[]byte("a folder"), []byte(f.Files), []byte(f.Beside)}
		of := int(a)
		if a == Tree {
			of = int(Heads)
			parts = append(parts, []byte(f.Folders))
		}
		for i := range len(f.Sums) / sumsSize {
			parts = append(parts, f.sums(i)[of*len(Sum{}):(of+1)*len(Sum{})])
		}
		f.Of[a] = sumOf(parts...)
	}
}

// FileDigest is the digest of a file that hardly ever changes, remembered by what
// stat says of it.
func (s *Store) FileDigest(path string) string {
	info, err := os.Stat(path)
	if err != nil {
		return ""
	}
	key := KeyOf("file", path, string(stamp(info)))
	if known := s.Find(key, nil); known != nil {
		return string(known)
	}
	sum := fileSum(path)
	if now := time.Now(); now.Sub(time.Unix(0, newest(info))) > settled {
		s.Save(key, &Inputs{}, sum[:], nil)
	}
	return string(sum[:])
}
