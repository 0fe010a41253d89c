package instrument

import (
	"go/ast"
	"path/filepath"
	"slices"
	"strings"
)

// Act is what a function of the system's interface does to the machine.
type Act struct {
	Verb string // "writes", "starts"
	Of   Object
}

// Object says what the act of a record is about.
type Object uint8

// What an act is about: the first text is a path, or both are; or its number has
// a process above a signal; or the texts are a program and its command line.
const (
	Path Object = iota
	Paths
	Signal
	Program
)

// act is the functions of one kind. The expressions are of their parameters; a
// function without one of these has another form and is passed over.
type act struct {
	names  string // in lower case
	params string // what the expressions need
	call   string // statement; ID stands for the act's number
	does   Act
}

// These bits of the flags of open say that a file may be written: O_WRONLY,
// O_RDWR, O_CREAT.
const writing = "0x43"

var acts = []act{
	{"openat", "path flags", "if flags&" + writing + " != 0 { CallrouteAct(ID, -1, path, \"\") }", Act{"writes", Path}},
	{"openat2", "path how", "if how.Flags&" + writing + " != 0 { CallrouteAct(ID, -1, path, \"\") }", Act{"writes", Path}},
	{"write pwrite writev pwritev ftruncate fallocate", "fd", "CallrouteAct(ID, fd, \"\", \"\")", Act{"writes", Path}},
	{"sendfile", "outfd", "CallrouteAct(ID, outfd, \"\", \"\")", Act{"writes", Path}},
	{"copyfilerange splice", "wfd", "CallrouteAct(ID, int(wfd), \"\", \"\")", Act{"writes", Path}},
	{"truncate", "path", "CallrouteAct(ID, -1, path, \"\")", Act{"writes", Path}},
	{"mkdirat mknodat", "path", "CallrouteAct(ID, -1, path, \"\")", Act{"makes", Path}},
	{"unlinkat", "path", "CallrouteAct(ID, -1, path, \"\")", Act{"removes", Path}},
	{"fchmodat fchownat setxattr lsetxattr", "path", "CallrouteAct(ID, -1, path, \"\")", Act{"changes", Path}},
	{"renameat renameat2 linkat", "oldpath newpath", "CallrouteAct(ID, -1, oldpath, newpath)", Act{"renames", Paths}},
	{"symlinkat", "oldpath newpath", "CallrouteAct(ID, -1, oldpath, newpath)", Act{"links", Paths}},
	{"mount", "source target", "CallrouteAct(ID, -1, source+\" \", target)", Act{"mounts", Paths}},
	{"movemount", "frompathname topathname", "CallrouteAct(ID, -1, fromPathName+\" \", toPathName)", Act{"mounts", Paths}},
	{"unmount", "target", "CallrouteAct(ID, -1, target, \"\")", Act{"unmounts", Path}},
	{"pivotroot", "newroot", "CallrouteAct(ID, -1, newroot, \"\")", Act{"changes root to", Path}},
	{"chroot", "path", "CallrouteAct(ID, -1, path, \"\")", Act{"changes root to", Path}},
	{"kill", "pid sig", "if sig != 0 { CallrouteAct(ID, pid<<8|int(sig), \"process\", \"\") }", Act{"signals", Signal}},
	{"pidfdsendsignal", "sig", "if sig != 0 { CallrouteAct(ID, int(sig), \"process\", \"\") }", Act{"signals", Signal}},
	{"pidfdsendsignal", "s", "if s != 0 { CallrouteAct(ID, int(s), \"process\", \"\") }", Act{"signals", Signal}},
	{"forkexec exec", "argv0 argv", "CallrouteStart(ID, argv0, argv)", Act{"starts", Program}},
}

// system is the packages through which Go reaches the kernel, and which of their
// files do. Nothing else in them is instrumented: it runs between fork and exec,
// too.
var systemFiles = map[string][]string{
	"syscall":               {"zsyscall_*.go", "exec_*.go"},
	"golang.org/x/sys/unix": {"zsyscall_*.go"},
	"internal/syscall/unix": {"*.go"},
}

// actOf is the act of a function in a file of such a package, nil if it has none.
func actOf(pkg, file string, fn *ast.FuncDecl) *act {
	if fn.Recv != nil || fn.Body == nil || !slices.ContainsFunc(systemFiles[pkg], func(pattern string) bool {
		ok, err := filepath.Match(pattern, filepath.Base(file))
		return ok && err == nil
	}) {
		return nil
	}
	params := map[string]bool{}
	for _, field := range fn.Type.Params.List {
		for _, name := range field.Names {
			params[strings.ToLower(name.Name)] = true
		}
	}
	for i := range acts {
		a := &acts[i]
		if slices.Contains(strings.Fields(a.names), strings.ToLower(fn.Name.Name)) &&
			!slices.ContainsFunc(strings.Fields(a.params), func(p string) bool { return !params[p] }) {
			return a
		}
	}
	return nil
}
