package container

import (
	"fmt"
	"os"
	"strconv"

	"github.com/opencontainers/runc/libcontainer"
	"github.com/opencontainers/runc/libcontainer/configs"
	"github.com/opencontainers/runtime-spec/specs-go"
	"github.com/sirupsen/logrus"
	"golang.org/x/sys/unix"
)

// firstExtraFD is the first file descriptor after standard error.
const firstExtraFD = 3

// newProcess is the spec's process in libcontainer's words.
func newProcess(spec *specs.Process) (*libcontainer.Process, error) {
	affinity, err := configs.ConvertCPUAffinity(spec.ExecCPUAffinity)
	if err != nil {
		return nil, err
	}
	p := &libcontainer.Process{
		Args:            spec.Args,
		Env:             spec.Env,
		Cwd:             spec.Cwd,
		UID:             int(spec.User.UID),
		GID:             int(spec.User.GID),
		Label:           spec.SelinuxLabel,
		AppArmorProfile: spec.ApparmorProfile,
		NoNewPrivileges: &spec.NoNewPrivileges,
		Scheduler:       spec.Scheduler,
		IOPriority:      spec.IOPriority,
		CPUAffinity:     affinity,
		// The init process logs through this one, as much as this one does.
		LogLevel: strconv.Itoa(int(logrus.GetLevel())),
	}
	for _, gid := range spec.User.AdditionalGids {
		p.AdditionalGroups = append(p.AdditionalGroups, int(gid))
	}
	if size := spec.ConsoleSize; size != nil {
		p.ConsoleWidth, p.ConsoleHeight = uint16(size.Width), uint16(size.Height)
	}
	if caps := spec.Capabilities; caps != nil {
		p.Capabilities = &configs.Capabilities{
			Bounding:    caps.Bounding,
			Effective:   caps.Effective,
			Inheritable: caps.Inheritable,
			Permitted:   caps.Permitted,
			Ambient:     caps.Ambient,
		}
	}
	for _, limit := range spec.Rlimits {
		number, err := rlimitNumber(limit.Type)
		if err != nil {
			return nil, err
		}
		p.Rlimits = append(p.Rlimits, configs.Rlimit{Type: number, Hard: limit.Hard, Soft: limit.Soft})
	}
	return p, nil
}

func rlimitNumber(name string) (int, error) {
	switch name {
	case "RLIMIT_AS":
		return unix.RLIMIT_AS, nil
	case "RLIMIT_CORE":
		return unix.RLIMIT_CORE, nil
	case "RLIMIT_CPU":
		return unix.RLIMIT_CPU, nil
	case "RLIMIT_DATA":
		return unix.RLIMIT_DATA, nil
	case "RLIMIT_FSIZE":
		return unix.RLIMIT_FSIZE, nil
	case "RLIMIT_LOCKS":
		return unix.RLIMIT_LOCKS, nil
	case "RLIMIT_MEMLOCK":
		return unix.RLIMIT_MEMLOCK, nil
	case "RLIMIT_MSGQUEUE":
		return unix.RLIMIT_MSGQUEUE, nil
	case "RLIMIT_NICE":
		return unix.RLIMIT_NICE, nil
	case "RLIMIT_NOFILE":
		return unix.RLIMIT_NOFILE, nil
	case "RLIMIT_NPROC":
		return unix.RLIMIT_NPROC, nil
	case "RLIMIT_RSS":
		return unix.RLIMIT_RSS, nil
	case "RLIMIT_RTPRIO":
		return unix.RLIMIT_RTPRIO, nil
	case "RLIMIT_RTTIME":
		return unix.RLIMIT_RTTIME, nil
	case "RLIMIT_SIGPENDING":
		return unix.RLIMIT_SIGPENDING, nil
	case "RLIMIT_STACK":
		return unix.RLIMIT_STACK, nil
	}
	return 0, fmt.Errorf("wrong rlimit value: %s", name)
}

// passListenFDs hands on the sockets of socket activation: LISTEN_FDS many,
// from descriptor 3 on, if LISTEN_PID says that they are meant for us.
func passListenFDs(p *libcontainer.Process) {
	if pid, err := strconv.Atoi(os.Getenv("LISTEN_PID")); err != nil || pid != os.Getpid() {
		return
	}
	count, err := strconv.Atoi(os.Getenv("LISTEN_FDS"))
	if err != nil || count <= 0 {
		return
	}
	for i := range count {
		fd := firstExtraFD + i
		p.ExtraFiles = append(p.ExtraFiles, os.NewFile(uintptr(fd), "LISTEN_FD_"+strconv.Itoa(fd)))
	}
	// The container's init process is the first of its PID namespace.
	p.Env = append(p.Env, "LISTEN_FDS="+strconv.Itoa(count), "LISTEN_PID=1")
}

// preserveFDs hands on count more descriptors, those after the sockets of
// socket activation. A missing one is an error before anything is started.
func preserveFDs(p *libcontainer.Process, count int) error {
	first := firstExtraFD + len(p.ExtraFiles)
	for fd := first; fd < first+count; fd++ {
		flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0)
		// What came with our own exec cannot be close-on-exec. What is, was
		// opened by us, the log file for instance, and nobody meant to pass it.
		if err == nil && flags&unix.FD_CLOEXEC != 0 {
			err = unix.EBADF
		}
		if err != nil {
			return fmt.Errorf("unable to stat preserved-fd %d (of %d): %w", fd-first, count, err)
		}
		p.ExtraFiles = append(p.ExtraFiles, os.NewFile(uintptr(fd), "preserved:"+strconv.Itoa(fd)))
	}
	return nil
}
