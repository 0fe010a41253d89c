package archive

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/callroute/callroute/engine/errdefs"
)

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantError(t *testing.T, err error, status int, text string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), text) {
		t.Errorf("error %v, want one with %q", err, text)
		return
	}
	if got := errdefs.ToHTTP(err); got != status {
		t.Errorf("status %d, want %d: %v", got, status, err)
	}
}

// makeRoot is a root with a few files, and a folder outside of it that nothing
// may read or write.
func makeRoot(t *testing.T) (r Root, outside string) {
	t.Helper()
	outside = filepath.Join(t.TempDir(), "outside")
	check(t, os.MkdirAll(outside, 0o755))
	check(t, os.WriteFile(filepath.Join(outside, "secret"), []byte("secret"), 0o600))
	dir := filepath.Join(t.TempDir(), "root")
	for _, d := range []string{"etc", "d/e", "tmp", "proc"} {
		check(t, os.MkdirAll(filepath.Join(dir, d), 0o755))
	}
	for name, text := range map[string]string{"etc/passwd": "root:x:0:0\n", "d/f": "file", "d/e/deep": "deep"} {
		check(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o640))
	}
	for name, target := range map[string]string{
		"abs": "/etc/passwd", "rel": "d/f", "up": "../../../../../../../../etc", "out": outside, "d/back": "..",
		"loop": "loop", "dangling": "/nosuch", "dlink": "/d",
	} {
		check(t, os.Symlink(target, filepath.Join(dir, name)))
	}
	return Root{Dir: dir, Container: "c1"}, outside
}

func TestStat(t *testing.T) {
	r, _ := makeRoot(t)
	for _, test := range []struct {
		path, name, link string
		kind             os.FileMode
		size             int64
	}{
		{"/d/f", "f", "", 0, 4},
		{"d/f", "f", "", 0, 4},
		{"/d/../d/./f", "f", "", 0, 4},
		{"/../../d/f", "f", "", 0, 4},
		{"/d", "d", "", os.ModeDir, -1},
		{"/d/", "d", "", os.ModeDir, -1},
		{"/d/.", ".", "", os.ModeDir, -1},
		{"/", "/", "", os.ModeDir, -1},
		{".", ".", "", os.ModeDir, -1},
		{"/.", ".", "", os.ModeDir, -1},
		{"", "/", "", os.ModeDir, -1},
		{"//", "/", "", os.ModeDir, -1},
		{"/abs", "abs", "/etc/passwd", os.ModeSymlink, -1},
		{"/rel", "rel", "/d/f", os.ModeSymlink, -1},
		{"/up", "up", "/etc", os.ModeSymlink, -1},
		{"/up/passwd", "passwd", "", 0, 11},
		{"/up/", "up", "", os.ModeDir, -1},
		{"/dlink", "dlink", "/d", os.ModeSymlink, -1},
		{"/dlink/f", "f", "", 0, 4},
		{"/d/back/d/back/d/f", "f", "", 0, 4},
		{"/dangling", "dangling", "/nosuch", os.ModeSymlink, -1},
	} {
		stat, err := r.Stat(test.path)
		if err != nil {
			t.Errorf("%s: %v", test.path, err)
			continue
		}
		if stat.Name != test.name || stat.LinkTarget != test.link || stat.Mode.Type() != test.kind || test.size >= 0 && stat.Size != test.size {
			t.Errorf("%s: %+v", test.path, stat)
		}
	}
	// An absolute link outward is one inward.
	stat, err := r.Stat("/out")
	check(t, err)
	if target, _ := os.Readlink(filepath.Join(r.Dir, "out")); stat.LinkTarget != target {
		t.Errorf("%+v", stat)
	}
}

var badPaths = []struct {
	path   string
	status int
	text   string
}{
	{"/nosuch", 404, "Could not find the file /nosuch in container c1"},
	{"nosuch/deep", 404, "Could not find the file nosuch/deep in container c1"},
	{"/out/secret", 404, "Could not find the file /out/secret in container c1"},
	{"/dangling/x", 404, "Could not find"},
	{"/d/f/", 400, "not a directory"},
	{"/d/f/.", 400, "not a directory"},
	{"/d/f/x", 400, "not a directory"},
	{"/loop/x", 400, "too many levels"},
	{"/" + strings.Repeat("x", 300), 400, "name too long"},
	{"/a\x00b", 400, "invalid argument"},
}

func TestBadPaths(t *testing.T) {
	r, _ := makeRoot(t)
	for _, test := range badPaths {
		_, err := r.Stat(test.path)
		wantError(t, err, test.status, test.text)
		_, _, err = r.Pack(t.Context(), test.path)
		wantError(t, err, test.status, test.text)
		text := test.text
		if text == "not a directory" {
			text = "extraction point is not a directory"
		}
		wantError(t, r.Unpack(t.Context(), test.path, Options{}, strings.NewReader("")), test.status, text)
	}
	wantError(t, r.Unpack(t.Context(), "/d/f", Options{}, strings.NewReader("")), 400, "extraction point is not a directory")
	gone := Root{Dir: filepath.Join(r.Dir, "gone"), Container: "c1"}
	_, err := gone.Stat("/")
	wantError(t, err, 500, "the files of container c1 are gone")
}

// entries is an archive as text, a line for each entry.
func entries(t *testing.T, r io.Reader) (lines []string) {
	t.Helper()
	for tr := tar.NewReader(r); ; {
		h, err := tr.Next()
		if errors.Is(err, io.EOF) {
			return lines
		}
		check(t, err)
		content, err := io.ReadAll(tr)
		check(t, err)
		line := fmt.Sprintf("%c %s", h.Typeflag, h.Name)
		switch {
		case h.Linkname != "":
			line += " -> " + h.Linkname
		case h.Typeflag == tar.TypeReg:
			line += " " + string(content)
		}
		if h.Uname != "" || h.Gname != "" {
			t.Errorf("%s: names of the host's users %q, %q", h.Name, h.Uname, h.Gname)
		}
		lines = append(lines, line)
	}
}

func pack(t *testing.T, r Root, path string) []string {
	t.Helper()
	_, tar, err := r.Pack(t.Context(), path)
	check(t, err)
	defer tar.Close()
	return entries(t, tar)
}

func TestPack(t *testing.T) {
	r, outside := makeRoot(t)
	check(t, os.Link(filepath.Join(r.Dir, "d/f"), filepath.Join(r.Dir, "d/g")))
	check(t, unix.Mkfifo(filepath.Join(r.Dir, "d/pipe"), 0o600))
	socket, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	check(t, err)
	defer unix.Close(socket)
	t.Chdir(r.Dir)
	check(t, unix.Bind(socket, &unix.SockaddrUnix{Name: "d/sock"}))
	for _, test := range []struct {
		path string
		want []string
	}{
		{"/d/f", []string{"0 f file"}},
		{"/d", []string{"5 d/", "2 d/back -> ..", "5 d/e/", "0 d/e/deep deep", "0 d/f file", "1 d/g -> d/f", "6 d/pipe"}},
		{"/d/", []string{"5 d/", "2 d/back -> ..", "5 d/e/", "0 d/e/deep deep", "0 d/f file", "1 d/g -> d/f", "6 d/pipe"}},
		{"/d/e/.", []string{"5 ./", "0 ./deep deep"}},
		{"/dlink", []string{"2 dlink -> /d"}},
		{"/dlink/e/", []string{"5 e/", "0 e/deep deep"}},
		{"/up/passwd", []string{"0 passwd root:x:0:0\n"}},
		{"/out", []string{"2 out -> " + outside}},
		{"/d/pipe", []string{"6 pipe"}},
	} {
		if got := pack(t, r, test.path); !slices.Equal(got, test.want) {
			t.Errorf("%s:\n%q, want\n%q", test.path, got, test.want)
		}
	}
	all := pack(t, r, "/")
	if all[0] != "5 /" || !slices.Contains(all, "0 /d/e/deep deep") || strings.Contains(strings.Join(all, "\n"), "secret\n") {
		t.Errorf("the root: %q", all)
	}
}

// Nobody reads: the archive ends with the request.
func TestPackCancelled(t *testing.T) {
	r, _ := makeRoot(t)
	check(t, os.WriteFile(filepath.Join(r.Dir, "big"), make([]byte, 1<<20), 0o600))
	ctx, cancel := context.WithCancel(t.Context())
	_, tar, err := r.Pack(ctx, "/big")
	check(t, err)
	cancel()
	if _, err := io.Copy(io.Discard, tar); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	tar.Close()
	// Or it is closed before it is read.
	_, tar, err = r.Pack(t.Context(), "/")
	check(t, err)
	check(t, tar.Close())
}

type file struct {
	name, content, link string
	kind                byte
	uid                 int
}

func tarOf(files ...file) []byte {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, f := range files {
		h := &tar.Header{Name: f.name, Linkname: f.link, Typeflag: f.kind, Size: int64(len(f.content)), Mode: 0o644, Uid: f.uid, Gid: f.uid}
		switch f.kind {
		case 0:
			h.Typeflag = tar.TypeReg
		case tar.TypeDir:
			h.Mode = 0o755
		case tar.TypeChar:
			h.Devmajor, h.Devminor = 1, 3
		}
		if err := w.WriteHeader(h); err != nil {
			panic(err)
		}
		if _, err := io.WriteString(w, f.content); err != nil {
			panic(err)
		}
	}
	if err := w.Close(); err != nil {
		panic(err)
	}
	return b.Bytes()
}

func (r Root) read(name string) string {
	data, err := os.ReadFile(filepath.Join(r.Dir, name))
	if err != nil {
		return "error: " + err.Error()
	}
	return string(data)
}

// owned gives what is unpacked to who runs the test, who may not give it to
// anybody else without being root.
func owned() Options { return Options{Owner: &Owner{os.Getuid(), os.Getgid()}} }

func TestUnpack(t *testing.T) {
	ctx := t.Context()
	plain := tarOf(file{name: "new/", kind: tar.TypeDir}, file{name: "new/f", content: "new"}, file{name: "l", link: "new/f", kind: tar.TypeSymlink})
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	_, err := w.Write(plain)
	check(t, errors.Join(err, w.Close()))
	for _, test := range []struct {
		path, in string
		data     []byte
	}{
		{"/tmp", "tmp", plain},
		{"/", "", plain},
		{"tmp/", "tmp", plain},
		{"/tmp", "tmp", packed.Bytes()},
		{"/dlink", "d", plain},
		{"/up", "etc", plain},
		{"/dlink/back/tmp", "tmp", plain},
	} {
		r, _ := makeRoot(t)
		check(t, r.Unpack(ctx, test.path, owned(), bytes.NewReader(test.data)))
		if got := r.read(filepath.Join(test.in, "l")); got != "new" {
			t.Errorf("%s: %q", test.path, got)
		}
	}
}

func TestUnpackOverwrite(t *testing.T) {
	ctx := t.Context()
	strict := owned()
	strict.NoOverwriteDirNonDir = true
	for _, test := range []struct {
		name string
		opts Options
		data []byte
		want string // error
		read string // of d/f or d
	}{
		{"file by file", strict, tarOf(file{name: "d/f", content: "other"}), "", "other"},
		{"folder by file", strict, tarOf(file{name: "d", content: "other"}), "cannot overwrite directory", ""},
		{"file by folder", strict, tarOf(file{name: "d/f", kind: tar.TypeDir}), "cannot overwrite non-directory", ""},
		{"file by folder, allowed", owned(), tarOf(file{name: "d/f", kind: tar.TypeDir}), "", "is a directory"},
		{"folder with folder", strict, tarOf(file{name: "d/", kind: tar.TypeDir}), "", "file"},
		{"link by file", owned(), tarOf(file{name: "rel", content: "x"}), "", "file"},
	} {
		r, _ := makeRoot(t)
		err := r.Unpack(ctx, "/", test.opts, bytes.NewReader(test.data))
		if test.want != "" {
			wantError(t, err, 400, test.want)
			continue
		}
		if err != nil || !strings.Contains(r.read("d/f"), test.read) {
			t.Errorf("%s: %v, %q", test.name, err, r.read("d/f"))
		}
	}
}

// No archive writes outside of the folder it is unpacked in.
func TestUnpackHostile(t *testing.T) {
	ctx := t.Context()
	for _, test := range []struct {
		name  string
		files func(outside string) []file
	}{
		{"dots", func(string) []file { return []file{{name: "../../outside/planted", content: "x"}} }},
		{"more dots", func(outside string) []file {
			return []file{{name: "a/../../../../../../../.." + outside + "/planted", content: "x"}}
		}},
		{"absolute", func(outside string) []file { return []file{{name: outside + "/planted", content: "x"}} }},
		{"through a link of its own", func(outside string) []file {
			return []file{{name: "l", kind: tar.TypeSymlink, link: outside}, {name: "l/planted", content: "x"}}
		}},
		{"through a link upward", func(string) []file {
			return []file{{name: "l", kind: tar.TypeSymlink, link: "../../../../../.."}, {name: "l/tmp/planted", content: "x"}}
		}},
		{"through a link that was there", func(string) []file { return []file{{name: "out/planted", content: "x"}} }},
		{"over a link that was there", func(string) []file {
			return []file{{name: "out", kind: tar.TypeDir}, {name: "out/planted", content: "x"}}
		}},
		{"hard link outward", func(outside string) []file {
			return []file{{name: "h", kind: tar.TypeLink, link: outside + "/secret"}, {name: "h", content: "overwritten"}}
		}},
		{"hard link upward", func(string) []file {
			return []file{{name: "h", kind: tar.TypeLink, link: "../outside/secret"}, {name: "h", content: "overwritten"}}
		}},
		{"hard link through a link", func(string) []file {
			return []file{{name: "h", kind: tar.TypeLink, link: "out/secret"}}
		}},
		{"device through a link", func(string) []file { return []file{{name: "out/null", kind: tar.TypeChar}} }},
	} {
		t.Run(test.name, func(t *testing.T) {
			r, outside := makeRoot(t)
			err := r.Unpack(ctx, "/", owned(), bytes.NewReader(tarOf(test.files(outside)...)))
			if err != nil && strings.Contains(err.Error(), "\n") {
				t.Errorf("error of more lines: %q", err)
			}
			found, globErr := filepath.Glob(filepath.Join(outside, "*"))
			if globErr != nil || len(found) != 1 {
				t.Errorf("outside there is %v (%v)", found, err)
			}
			if data, _ := os.ReadFile(filepath.Join(outside, "secret")); string(data) != "secret" {
				t.Errorf("the secret is %q", data)
			}
			if _, err := os.Lstat("/tmp/planted"); err == nil {
				t.Error("planted in the host's /tmp")
				_ = os.Remove("/tmp/planted")
			}
			if strings.Contains(r.read("h"), "secret") {
				t.Error("the secret can be read in the container")
			}
		})
	}
}

func TestUnpackBadArchives(t *testing.T) {
	ctx := t.Context()
	good := tarOf(file{name: "f", content: strings.Repeat("x", 5000)})
	r, _ := makeRoot(t)
	wantError(t, r.Unpack(ctx, "/tmp", owned(), strings.NewReader(strings.Repeat("no tar at all ", 100))), 400, "invalid tar header")
	wantError(t, r.Unpack(ctx, "/tmp", owned(), bytes.NewReader(good[:2000])), 400, "unexpected EOF")
	wantError(t, r.Unpack(ctx, "/tmp", owned(), io.MultiReader(bytes.NewReader(good[:2000]), failing{})), 400, "the client is gone")
	cancelled, cancel := context.WithCancel(ctx)
	cancel()
	if err := r.Unpack(cancelled, "/tmp", owned(), bytes.NewReader(good)); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	check(t, r.Unpack(ctx, "/tmp", owned(), strings.NewReader(""))) // docker takes it too
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errors.New("the client is gone") }

func TestUnpackOwners(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("not root: who owns what was unpacked, devices and full disks were not tried")
	}
	ctx := t.Context()
	r, _ := makeRoot(t)
	data := tarOf(file{name: "f", uid: 1234}, file{name: "null", kind: tar.TypeChar, uid: 1234})
	owner := func(name string) int {
		info, err := os.Lstat(filepath.Join(r.Dir, "tmp", name))
		check(t, err)
		return int(info.Sys().(*syscall.Stat_t).Uid)
	}
	check(t, r.Unpack(ctx, "/tmp", Options{}, bytes.NewReader(data)))
	if got := owner("f"); got != 1234 {
		t.Errorf("owner %d", got)
	}
	if info, err := os.Lstat(filepath.Join(r.Dir, "tmp/null")); err != nil || info.Mode()&os.ModeCharDevice == 0 {
		t.Errorf("device %v, %v", info, err)
	}
	check(t, r.Unpack(ctx, "/tmp", Options{Owner: &Owner{4321, 4321}}, bytes.NewReader(data)))
	if got := owner("f"); got != 4321 {
		t.Errorf("owner %d", got)
	}

	small := filepath.Join(r.Dir, "tmp")
	check(t, unix.Mount("tmpfs", small, "tmpfs", 0, "size=64k"))
	t.Cleanup(func() { check(t, unix.Unmount(small, unix.MNT_DETACH)) })
	wantError(t, r.Unpack(ctx, "/tmp", Options{}, bytes.NewReader(tarOf(file{name: "f", content: strings.Repeat("x", 1<<20)}))), 500, "no space left on device")
	check(t, unix.Mount("", small, "", unix.MS_REMOUNT|unix.MS_RDONLY, ""))
	wantError(t, r.Unpack(ctx, "/tmp", Options{}, bytes.NewReader(tarOf(file{name: "g"}))), 403, "read-only file system")
}

// A container's process can change its files while they are read. It never gets
// at a file of the host.
func TestRace(t *testing.T) {
	r, outside := makeRoot(t)
	dir := filepath.Join(r.Dir, "race")
	check(t, os.MkdirAll(filepath.Join(dir, "a"), 0o755))
	check(t, os.WriteFile(filepath.Join(dir, "a/secret"), []byte("mine"), 0o600))
	check(t, os.Symlink(outside, filepath.Join(dir, "b")))
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		a, b := filepath.Join(dir, "a"), filepath.Join(dir, "b")
		for {
			select {
			case <-stop:
				return
			default: // a folder and a link to the host's change places
				_ = unix.Renameat2(unix.AT_FDCWD, a, unix.AT_FDCWD, b, unix.RENAME_EXCHANGE)
			}
		}
	}()
	t.Cleanup(func() { close(stop); <-stopped })
	hostile := tarOf(file{name: "a/planted", content: "x"})
	for end := time.Now().Add(time.Second); time.Now().Before(end); {
		for _, path := range []string{"/race", "/race/a/secret"} {
			_, archive, err := r.Pack(t.Context(), path)
			if err != nil {
				continue
			}
			data, _ := io.ReadAll(archive)
			archive.Close()
			if bytes.Contains(content(data), []byte("secret")) {
				t.Fatal("a file of the host was read")
			}
		}
		_ = r.Unpack(t.Context(), "/race", owned(), bytes.NewReader(hostile))
		_ = r.Unpack(t.Context(), "/race/a", owned(), bytes.NewReader(hostile))
		if found, _ := filepath.Glob(filepath.Join(outside, "*")); len(found) != 1 {
			t.Fatalf("written to the host: %v", found)
		}
	}
}

// content is that of an archive's files alone.
func content(data []byte) (all []byte) {
	for tr := tar.NewReader(bytes.NewReader(data)); ; {
		if _, err := tr.Next(); err != nil {
			return all
		}
		part, _ := io.ReadAll(tr)
		all = append(all, part...)
	}
}

// The root of a running process, as the daemon gives it, is not left by the
// links of its /proc.
func TestProcessRoot(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("not root: the root of a process in another mount namespace was not tried")
	}
	r, _ := makeRoot(t)
	cmd := exec.CommandContext(t.Context(), "/proc/self/exe", "-test.run=^TestInRoot$")
	cmd.Env = []string{"ROOT=" + r.Dir}
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS}
	out, err := cmd.StdoutPipe()
	check(t, err)
	check(t, cmd.Start())
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	_, err = io.ReadFull(out, make([]byte, len("ready")))
	check(t, err)
	check(t, unix.Mount("proc", filepath.Join(r.Dir, "proc"), "proc", 0, ""))
	t.Cleanup(func() { check(t, unix.Unmount(filepath.Join(r.Dir, "proc"), unix.MNT_DETACH)) })
	running := Root{Dir: fmt.Sprintf("/proc/%d/root", cmd.Process.Pid), Container: "c1"}
	stat, err := running.Stat("/abs")
	check(t, err)
	if stat.LinkTarget != "/etc/passwd" {
		t.Errorf("%+v", stat)
	}
	if got := pack(t, running, "/up/passwd"); got[0] != "0 passwd root:x:0:0\n" {
		t.Errorf("%q", got)
	}
	check(t, running.Unpack(t.Context(), "/up", owned(), bytes.NewReader(tarOf(file{name: "planted", content: "x"}))))
	if r.read("etc/planted") != "x" {
		t.Error("not unpacked")
	}
	// Its /proc is the host's here, as with --pid=host.
	host := Root{Dir: r.Dir, Container: "c1"}
	self := strconv.Itoa(os.Getpid())
	_, err = host.Stat("/proc/" + self + "/root/etc")
	wantError(t, err, 400, "too many levels")
	check(t, os.Symlink("/proc/"+self+"/root/etc", filepath.Join(r.Dir, "host")))
	wantError(t, host.Unpack(t.Context(), "/host", owned(), bytes.NewReader(tarOf(file{name: "planted"}))), 400, "too many levels")
}

// TestInRoot is the process that has another root.
func TestInRoot(t *testing.T) {
	root := os.Getenv("ROOT")
	if root == "" {
		return // it is part of TestProcessRoot
	}
	check(t, unix.Chroot(root))
	_, err := os.Stdout.WriteString("ready")
	check(t, err)
	time.Sleep(time.Minute)
}
