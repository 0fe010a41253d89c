package instrument

import (
	"os"
	"path/filepath"
	"testing"
)

func TestReplace(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		t.Helper()
		name = filepath.Join(dir, name)
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
	replace := map[string]string{"example.org/b": "/new/b", "example.org/a": "/new/a"}
	mod, err := modWith(write("go.mod", `module example.org/m

go 1.24

require (
	example.org/a v1.0.0
	example.org/b v1.0.0
	example.org/c v1.0.0
)

replace example.org/b v1.0.0 => example.org/fork v1.1.0

replace example.org/c => ../c
`), replace)
	if err != nil {
		t.Fatal(err)
	}
	wantMod := `module example.org/m

go 1.24

require (
	example.org/a v1.0.0
	example.org/b v1.0.0
	example.org/c v1.0.0
)

replace example.org/c => ../c

replace example.org/a => /new/a

replace example.org/b => /new/b
`
	if string(mod) != wantMod {
		t.Errorf("go.mod is\n%s", mod)
	}
	work, err := workWith(write("go.work", "go 1.24\n\nuse (\n\t.\n\t./inner\n)\n\nreplace example.org/c => ./c\n"), map[string]string{"example.org/a": "/new/a"})
	if err != nil {
		t.Fatal(err)
	}
	wantWork := "go 1.24\n\nuse (\n\t" + dir + "\n\t" + filepath.Join(dir, "inner") + "\n)\n\nreplace example.org/c => " + filepath.Join(dir, "c") + "\n\nreplace example.org/a => /new/a\n"
	if string(work) != wantWork {
		t.Errorf("go.work is\n%s\nwant\n%s", work, wantWork)
	}
}

func TestExecutable(t *testing.T) {
	for pkg, want := range map[string]string{"example.org/a/cmd/b": "b", "example.org/a/v3": "a", "example.org/vector": "vector", "example.org/a/v": "v"} {
		if got := executable(pkg); got != want {
			t.Errorf("%s is %s, want %s", pkg, got, want)
		}
	}
}
