package store

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// place is a store, and a tree with a Go package.
type place struct {
	*testing.T
	store, tree string
	warnings    []error
}

const text = "// Package kiln is hot.\npackage kiln\n\nimport \"fmt\"\n\n// fire heats.\nfunc fire() { fmt.Println(1) } // now\n"

func newPlace(t *testing.T) *place {
	t.Helper()
	p := &place{T: t, store: filepath.Join(t.TempDir(), "cache"), tree: t.TempDir()}
	p.write("kiln.go", text)
	p.write("notes.txt", "cold")
	p.write("go.mod", "module kiln\n")
	return p
}

func (p *place) write(name, text string) {
	p.Helper()
	name = filepath.Join(p.tree, name)
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		p.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		p.Fatal(err)
	}
}

// open is the store as a process sees it that starts now.
func (p *place) open() (*Store, *Disk) {
	st := Open(p.store, 0, func(err error) { p.warnings = append(p.warnings, err) })
	d := st.Disk(Roots{{"@src0", p.tree}}, []string{p.tree})
	d.clock = func() time.Time { return time.Now().Add(time.Hour) } // every file is settled
	return st, d
}

func (p *place) save(aspect Aspect, result string) {
	st, d := p.open()
	st.Save(KeyOf("q"), d.Inputs(aspect, []string{p.tree}, []string{filepath.Join(p.tree, "go.mod"), filepath.Join(p.tree, "go.work")}), []byte(result), d)
	d.Keep()
	st.Close()
}

func (p *place) find() string {
	st, d := p.open()
	defer d.Keep()
	return string(st.Find(KeyOf("q"), d))
}

func TestStale(t *testing.T) {
	in := func(aspects ...Aspect) []Aspect { return aspects }
	for name, test := range map[string]struct {
		change func(*place)
		stale  []Aspect
	}{
		"nothing": {func(*place) {}, nil},
		"touched": {func(p *place) {
			then := time.Now().Add(-time.Minute)
			if err := os.Chtimes(filepath.Join(p.tree, "kiln.go"), then, then); err != nil {
				p.Fatal(err)
			}
		}, nil},
		"written again":             {func(p *place) { p.write("kiln.go", text) }, nil},
		"a comment":                 {func(p *place) { p.write("kiln.go", strings.Replace(text, "fire heats", "fire makes hot", 1)) }, in(Text)},
		"a blank":                   {func(p *place) { p.write("kiln.go", strings.Replace(text, "} // now", "}  // now", 1)) }, in(Text)},
		"a line more":               {func(p *place) { p.write("kiln.go", strings.Replace(text, "// fire", "// fire\n// fire", 1)) }, in(Text, Code)},
		"a constant":                {func(p *place) { p.write("kiln.go", strings.Replace(text, "(1)", "(2)", 1)) }, in(Text, Code)},
		"an import":                 {func(p *place) { p.write("kiln.go", strings.Replace(text, `"fmt"`, `fmt "fmt"`, 1)) }, in(Text, Code, Heads, Tree)},
		"a constraint":              {func(p *place) { p.write("kiln.go", "//go:build linux\n"+text) }, in(Text, Code, Heads, Tree)},
		"a directive":               {func(p *place) { p.write("kiln.go", text+"//go:linkname fire other.fire\n") }, in(Text, Code)},
		"a file more":               {func(p *place) { p.write("glaze.go", "package kiln\n") }, in(Text, Code, Heads, Tree)},
		"assembly":                  {func(p *place) { p.write("fire_amd64.s", "") }, in(Text, Code, Heads, Tree)},
		"a file less":               {func(p *place) { os.Remove(filepath.Join(p.tree, "kiln.go")) }, in(Text, Code, Heads, Tree)},
		"a test":                    {func(p *place) { p.write("kiln_test.go", "package kiln\n") }, nil},
		"another file":              {func(p *place) { p.write("notes.txt", "hot") }, nil},
		"a folder":                  {func(p *place) { p.write("glaze/glaze.go", "package glaze\n") }, in(Tree)},
		"a vendor":                  {func(p *place) { p.write("vendor/modules.txt", "") }, in(Text, Code, Heads, Tree)},
		"go.mod":                    {func(p *place) { p.write("go.mod", "module other\n") }, in(Text, Code, Heads, Tree)},
		"a file that was not there": {func(p *place) { p.write("go.work", "go 1.24\n") }, in(Text, Code, Heads, Tree)},
		"moved away":                {func(p *place) { os.Rename(p.tree, p.tree+"2") }, in(Text, Code, Heads, Tree)},
	} {
		t.Run(name, func(t *testing.T) {
			for aspect := range aspects {
				p := newPlace(t)
				p.save(aspect, "answer")
				if have := p.find(); have != "answer" {
					t.Fatalf("unchanged it is %q", have)
				}
				test.change(p)
				want := "answer"
				if slices.Contains(test.stale, aspect) {
					want = ""
				}
				for range 2 { // the second time by what was learned the first time
					if have := p.find(); have != want {
						t.Errorf("aspect %d: it is %q, not %q", aspect, have, want)
					}
				}
			}
		})
	}
}

// TestTakenBack checks that a change which is taken back finds the old result.
func TestTakenBack(t *testing.T) {
	p := newPlace(t)
	p.save(Code, "one")
	p.write("kiln.go", strings.Replace(text, "(1)", "(2)", 1))
	p.save(Code, "two")
	if have := p.find(); have != "two" {
		t.Errorf("changed it is %q", have)
	}
	p.write("kiln.go", text)
	if have := p.find(); have != "one" {
		t.Errorf("taken back it is %q", have)
	}
	for i := range 2 * mostStates {
		p.write("kiln.go", strings.Replace(text, "(1)", fmt.Sprintf("(%d)", 100+i), 1))
		p.save(Code, "more")
	}
	p.write("kiln.go", text)
	if have := p.find(); have != "" {
		t.Errorf("after %d other states it is %q", 2*mostStates, have)
	}
}

// TestSameSizeAndTime checks that a change is seen which keeps size and time.
func TestSameSizeAndTime(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only Linux tells when an inode changed")
	}
	p := newPlace(t)
	p.save(Code, "answer")
	name := filepath.Join(p.tree, "kiln.go")
	info, err := os.Stat(name)
	if err != nil {
		t.Fatal(err)
	}
	time.Sleep(20 * time.Millisecond) // the clock of the file system ticks
	p.write("kiln.go", strings.Replace(text, "(1)", "(2)", 1))
	if err := os.Chtimes(name, info.ModTime(), info.ModTime()); err != nil {
		t.Fatal(err)
	}
	if have := p.find(); have != "" {
		t.Errorf("it is %q", have)
	}
}

// TestChangedMeanwhile checks that nothing is kept of files that change while
// something is made of them.
func TestChangedMeanwhile(t *testing.T) {
	p := newPlace(t)
	st, d := p.open()
	in := d.Inputs(Code, []string{p.tree}, nil)
	p.write("kiln.go", strings.Replace(text, "(1)", "(2)", 1))
	st.Save(KeyOf("q"), in, []byte("answer"), d)
	p.write("kiln.go", text)
	if have := p.find(); have != "" {
		t.Errorf("it is %q", have)
	}
}

// TestDamage cuts and flips every file of a store. Afterwards there is no answer or
// the right one, and another can be kept.
func TestDamage(t *testing.T) {
	p := newPlace(t)
	p.save(Code, "answer")
	gone := 0
	damage := func(path string, change func([]byte) []byte) {
		whole, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, change(bytes.Clone(whole)), 0o600); err != nil {
			t.Fatal(err)
		}
		switch have := p.find(); have {
		case "":
			gone++
		case "answer":
		default:
			t.Errorf("with %s damaged it is %q", path, have)
		}
		p.save(Code, "answer")
		if have := p.find(); have != "answer" {
			t.Fatalf("after %s was damaged nothing can be kept, it is %q", path, have)
		}
	}
	for _, kind := range []string{entries, objects, disks} {
		files, err := filepath.Glob(filepath.Join(p.store, kind, "*"))
		if err != nil || len(files) == 0 {
			t.Fatalf("no %s: %v", kind, err)
		}
		for _, path := range files {
			info, err := os.Stat(path)
			if err != nil {
				t.Fatal(err)
			}
			for _, at := range []int{0, 7, headSize - 1, headSize, int(info.Size()) - 1} {
				damage(path, func(b []byte) []byte { b[at] ^= 0x40; return b })
				damage(path, func(b []byte) []byte { return b[:at] })
			}
			damage(path, func(b []byte) []byte { return append(b, 0) })
			damage(path, func(b []byte) []byte { return bytes.Replace(b, []byte("store 1"), []byte("store 0"), 1) })
		}
	}
	if gone == 0 {
		t.Error("no damage was noticed")
	}
}

// TestWriters has processes write and read one store at the same time.
func TestWriters(t *testing.T) {
	p := newPlace(t)
	answer := strings.Repeat("answer ", 10000)
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for range 30 {
				p.save(Code, answer)
				if have := p.find(); have != "" && have != answer {
					t.Errorf("it is %d bytes", len(have))
				}
			}
		})
	}
	all.Wait()
	if have := p.find(); have != answer {
		t.Errorf("in the end it is %d bytes", len(have))
	}
}

// TestKilled kills a process again and again that does nothing but write.
func TestKilled(t *testing.T) {
	if dir := os.Getenv("STORE_WRITES"); dir != "" {
		p := &place{T: t, store: filepath.Join(dir, "cache"), tree: dir}
		for i := 0; ; i = (i + 1) % 9 {
			p.save(Code, strings.Repeat(fmt.Sprint(i), 1<<20))
		}
	}
	p := newPlace(t)
	p.store = filepath.Join(p.tree, "cache")
	for i := range 10 {
		cmd := exec.Command(os.Args[0], "-test.run", "^TestKilled$")
		cmd.Env = append(os.Environ(), "STORE_WRITES="+p.tree)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Duration(50+7*i) * time.Millisecond)
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if have := p.find(); have != "" && (len(have) != 1<<20 || strings.Trim(have, have[:1]) != "") {
			t.Fatalf("after it was killed it is %d bytes", len(have))
		}
	}
	p.save(Code, "answer")
	if have := p.find(); have != "answer" {
		t.Errorf("then it is %q", have)
	}
	left, err := filepath.Glob(filepath.Join(p.store, "*", writing+"*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range left {
		old := time.Now().Add(-2 * abandoned)
		if err := os.Chtimes(path, old, old); err != nil {
			t.Fatal(err)
		}
	}
	p.save(Code, "another")
	if left, _ = filepath.Glob(filepath.Join(p.store, "*", writing+"*")); len(left) > 0 {
		t.Errorf("%q stay", left)
	}
}

// TestFullDisk checks that a full disk costs the result and one warning.
func TestFullDisk(t *testing.T) {
	if runtime.GOOS != "linux" || os.Getuid() != 0 {
		t.Skip("root alone makes a small disk")
	}
	p := newPlace(t)
	p.store = t.TempDir()
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", p.store).CombinedOutput(); err != nil {
		t.Skipf("no tmpfs here: %s", out)
	}
	defer func() {
		if out, err := exec.Command("umount", p.store).CombinedOutput(); err != nil {
			t.Errorf("umount: %s", out)
		}
	}()
	p.save(Code, "answer")
	st, d := p.open()
	for i := range 20 {
		st.Save(KeyOf("other", fmt.Sprint(i)), &Inputs{}, bytes.Repeat([]byte{byte(i)}, 9000), d)
	}
	if len(p.warnings) != 1 {
		t.Errorf("warned of %q", p.warnings)
	}
	if have := p.find(); have != "answer" {
		t.Errorf("what was there before is %q", have)
	}
}

func TestReadOnly(t *testing.T) {
	p := newPlace(t)
	p.store = filepath.Join(p.tree, "notes.txt", "cache")
	p.save(Code, "answer")
	if have := p.find(); have != "" || len(p.warnings) != 1 && len(p.warnings) != 2 {
		t.Errorf("it is %q, with %q", have, p.warnings)
	}
}

// TestLimit checks that the store stays below its limit, and keeps what was used
// last.
func TestLimit(t *testing.T) {
	p := newPlace(t)
	st := Open(p.store, 100_000, nil)
	for i := range 30 {
		st.Save(KeyOf(fmt.Sprint(i)), &Inputs{}, bytes.Repeat([]byte{byte(i)}, 10_000), nil)
		old := time.Now().Add(time.Duration(i-100) * time.Hour)
		for _, f := range must(st.files()) {
			if time.Since(f.ModTime()) < time.Minute {
				if err := os.Chtimes(f.path, old, old); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	st.Find(KeyOf("3"), nil) // used now
	st.Close()
	info, err := st.Info()
	if err != nil || info.Size > info.Limit || info.Size < info.Limit/2 {
		t.Errorf("%+v: %v", info, err)
	}
	for _, i := range []int{0, 3, 29} {
		if has := st.Find(KeyOf(fmt.Sprint(i)), nil) != nil; has != (i != 0) {
			t.Errorf("result %d is there: %v", i, has)
		}
	}
	if err := st.Clean(); err != nil || len(must(st.files())) > 0 {
		t.Errorf("after it was cleaned there is %v: %v", must(st.files()), err)
	}
}

func must(files []file, err error) []file {
	if err != nil {
		panic(err)
	}
	return files
}

// TestNoStore checks that a nil store keeps nothing and fails at nothing.
func TestNoStore(t *testing.T) {
	var st *Store
	d := st.Disk(nil, nil)
	st.Save(KeyOf("q"), d.Inputs(Code, []string{"."}, nil), []byte("answer"), d)
	if have := st.Find(KeyOf("q"), d); have != nil {
		t.Errorf("it is %q", have)
	}
	d.Keep()
	st.Close()
}

func TestRoots(t *testing.T) {
	r := Roots{{"@src0", "/a/b"}, {"@src1", "/a/b/c"}, {"@mod", "/m"}, {"@none", ""}}
	for long, short := range map[string]string{
		"/a/b/x.go": "@src0/x.go", "/a/b/c/x.go": "@src1/x.go", "/a/b": "@src0", "/a/bc/x.go": "/a/bc/x.go", "/m/n@v1/x": "@mod/n@v1/x",
	} {
		if have := r.Short(long); have != short {
			t.Errorf("%s is %s, not %s", long, have, short)
		}
		if have := r.Long(short); have != long {
			t.Errorf("%s is %s, not %s", short, have, long)
		}
	}
	other := Roots{{"@src0", "/z"}}
	if have := other.Long(r.Short("/a/b/x.go")); have != "/z/x.go" {
		t.Errorf("elsewhere it is %s", have)
	}
}

var errTest = errors.New("test")

func TestWarnsOnce(t *testing.T) {
	n := 0
	st := Open(t.TempDir(), 0, func(error) { n++ })
	_, _ = st.failed(errTest), st.failed(errTest)
	if n != 1 {
		t.Errorf("warned %d times", n)
	}
}
