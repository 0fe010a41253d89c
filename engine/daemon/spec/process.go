package spec

import (
	"os"
	"path"
	"slices"
	"strings"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/sys/user"
	"github.com/opencontainers/runtime-spec/specs-go"

	"github.com/callroute/callroute/engine/errdefs"
)

// defaultPath is where commands are looked for in an image that does not say.
const defaultPath = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

func process(in Input) (*specs.Process, error) {
	who, err := User(in.Rootfs, in.Config.User, in.HostConfig.GroupAdd)
	if err != nil {
		return nil, err
	}
	h := in.HostConfig
	who.Umask = h.Umask
	p := &specs.Process{
		Terminal: in.Config.Tty,
		Args:     command(in),
		Cwd:      cwd(in.Config.WorkingDir),
		Env:      Environment(in.Config, in.LinkEnv),
		User:     who,
	}
	if h.ConsoleSize[0] > 0 && h.ConsoleSize[1] > 0 {
		p.ConsoleSize = &specs.Box{Height: h.ConsoleSize[0], Width: h.ConsoleSize[1]}
	}
	if h.OomScoreAdj != 0 {
		p.OOMScoreAdj = &h.OomScoreAdj
	}
	for _, u := range h.Ulimits {
		p.Rlimits = append(p.Rlimits, specs.POSIXRlimit{Type: "RLIMIT_" + strings.ToUpper(u.Name), Soft: uint64(u.Soft), Hard: uint64(u.Hard)})
	}
	return p, nil
}

// command is what the first process runs: the program, or the one that starts it.
func command(in Input) []string {
	program := append([]string{in.Path}, in.Args...)
	if in.Init == "" {
		return program
	}
	return append([]string{initPath, "--"}, program...)
}

func cwd(dir string) string {
	if dir == "" {
		return "/"
	}
	return path.Clean(dir)
}

// Environment is the defaults, then what comes with links, then what image and
// person say; the last of a
// name counts.
func Environment(c *container.Config, links []string) []string {
	env := []string{defaultPath, "HOSTNAME=" + c.Hostname}
	if c.Tty {
		env = append(env, "TERM=xterm")
	}
	return MergeEnv(append(env, links...), c.Env)
}

// MergeEnv puts variables over others. One without "=" takes a variable out.
func MergeEnv(under, over []string) []string {
	all := slices.Clone(under)
	for _, v := range over {
		name, _, set := strings.Cut(v, "=")
		at := slices.IndexFunc(all, func(have string) bool { return strings.HasPrefix(have, name+"=") })
		switch {
		case set && at >= 0:
			all[at] = v
		case set:
			all = append(all, v)
		case at >= 0:
			all = slices.Delete(all, at, at+1)
		}
	}
	return all
}

// User finds a user, "name", "uid" or either with ":group", in the files of a
// root file system. Without a root, numbers are taken as they are.
func User(root, name string, groups []string) (specs.User, error) {
	passwd, closePasswd, err := open(root, "/etc/passwd")
	if err != nil {
		return specs.User{}, err
	}
	defer closePasswd()
	group, closeGroup, err := open(root, "/etc/group")
	if err != nil {
		return specs.User{}, err
	}
	defer closeGroup()
	found, err := user.GetExecUser(name, &user.ExecUser{}, passwd, group)
	if err != nil {
		return specs.User{}, errdefs.Invalid("%w", err)
	}
	u := specs.User{UID: uint32(found.Uid), GID: uint32(found.Gid), AdditionalGids: []uint32{uint32(found.Gid)}}
	add := func(gid int) {
		if !slices.Contains(u.AdditionalGids, uint32(gid)) {
			u.AdditionalGids = append(u.AdditionalGids, uint32(gid))
		}
	}
	for _, gid := range found.Sgids {
		add(gid)
	}
	if len(groups) > 0 {
		again, closeAgain, err := open(root, "/etc/group")
		if err != nil {
			return specs.User{}, err
		}
		defer closeAgain()
		more, err := user.GetAdditionalGroups(groups, again)
		if err != nil {
			return specs.User{}, errdefs.Invalid("%v", err)
		}
		for _, gid := range more {
			add(gid)
		}
	}
	return u, nil
}

// open opens a file of a root file system, within it. One that is not there, or
// that leads out, is as one that is empty.
func open(root, name string) (*os.File, func(), error) {
	nothing := func() {}
	empty := func() (*os.File, func(), error) {
		f, err := os.Open(os.DevNull)
		return f, func() { f.Close() }, err
	}
	if root == "" {
		return empty()
	}
	within, err := os.OpenRoot(root)
	if err != nil {
		return nil, nothing, err
	}
	defer within.Close()
	f, err := within.Open(strings.TrimPrefix(name, "/"))
	if err != nil {
		return empty()
	}
	return f, func() { f.Close() }, nil
}
