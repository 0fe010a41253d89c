package container

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"

	"github.com/opencontainers/runc/libcontainer"
	"golang.org/x/sys/unix"
)

// NoStatusFD is CriuOptions.StatusFD where nobody waits for the lazy pages.
const NoStatusFD = -1

// CriuOptions are what checkpoint and restore tell criu.
type CriuOptions struct {
	// ImagePath is the folder of the checkpoint. Empty is "checkpoint" in the
	// working folder.
	ImagePath string
	// WorkPath is the folder of criu's logs; empty is ImagePath.
	WorkPath          string
	TCPEstablished    bool   // allow open TCP connections
	TCPSkipInFlight   bool   // skip TCP connections that are being opened
	LinkRemap         bool   // link files back that were unlinked
	ExternalSockets   bool   // allow unix sockets with an end outside
	ShellJob          bool   // allow a terminal from outside
	FileLocks         bool   // handle file locks
	LazyPages         bool   // bring memory over on demand
	AutoDedup         bool   // drop memory that a later image has again
	ManageCgroupsMode string // soft, full, strict or ignore; empty is soft
	EmptyNamespaces   []string
}

// CheckpointOptions are the options of Checkpoint.
type CheckpointOptions struct {
	CriuOptions
	// ParentPath is the folder of an earlier PreDump, relative to ImagePath.
	ParentPath string
	// LeaveRunning leaves the container running, else it is deleted.
	LeaveRunning bool
	// PreDump writes the memory only, and leaves the container running.
	PreDump bool
	// PageServer is the ADDRESS:PORT that takes the memory.
	PageServer string
	// StatusFD is written a zero byte once the lazy pages are ready, unless it
	// is NoStatusFD.
	StatusFD int
}

// Checkpoint has criu write the container's processes to ImagePath.
func (r *Runtime) Checkpoint(id string, o CheckpointOptions) error {
	c, err := r.load(id)
	if err != nil {
		return err
	}
	status, err := c.Status()
	if err != nil {
		return err
	}
	if status == libcontainer.Created || status == libcontainer.Stopped {
		return fmt.Errorf("Container cannot be checkpointed in %s state", status) //nolint:staticcheck // runc's words
	}
	criu, err := checkpointCriu(o)
	if err != nil {
		return err
	}
	if err := c.Checkpoint(criu); err != nil {
		return err
	}
	if !o.LeaveRunning && !o.PreDump {
		destroy(c)
	}
	return nil
}

func checkpointCriu(o CheckpointOptions) (*libcontainer.CriuOpts, error) {
	criu, err := o.criu()
	if err != nil {
		return nil, err
	}
	// What a process had in memory is nobody else's business.
	if err := os.MkdirAll(criu.ImagesDirectory, 0o700); err != nil {
		return nil, err
	}
	criu.LeaveRunning = o.LeaveRunning
	criu.PreDump = o.PreDump
	criu.StatusFd = o.StatusFD
	if criu.ParentImage, err = parentImage(o.ParentPath, criu.ImagesDirectory); err != nil {
		return nil, err
	}
	criu.PageServer, err = pageServer(o.PageServer)
	return criu, err
}

// criu is what checkpoint and restore have in common.
func (o CriuOptions) criu() (*libcontainer.CriuOpts, error) {
	if _, err := exec.LookPath("criu"); err != nil {
		return nil, fmt.Errorf("criu is needed for checkpoint and restore: %w", err)
	}
	if o.ImagePath == "" {
		o.ImagePath = "checkpoint"
	}
	for _, path := range []*string{&o.ImagePath, &o.WorkPath} {
		if *path == "" {
			continue
		}
		abs, err := filepath.Abs(*path)
		if err != nil {
			return nil, err
		}
		*path = abs
	}
	if o.WorkPath != "" {
		if err := os.MkdirAll(o.WorkPath, 0o700); err != nil {
			return nil, err
		}
	}
	empty, err := emptyNamespaces(o.EmptyNamespaces)
	if err != nil {
		return nil, err
	}
	return &libcontainer.CriuOpts{
		ImagesDirectory:         o.ImagePath,
		WorkDirectory:           o.WorkPath,
		TcpEstablished:          o.TCPEstablished,
		TcpSkipInFlight:         o.TCPSkipInFlight,
		LinkRemap:               o.LinkRemap,
		ExternalUnixConnections: o.ExternalSockets,
		ShellJob:                o.ShellJob,
		FileLocks:               o.FileLocks,
		LazyPages:               o.LazyPages,
		AutoDedup:               o.AutoDedup,
		ManageCgroupsMode:       o.ManageCgroupsMode,
		EmptyNs:                 empty,
		StatusFd:                NoStatusFD,
	}, nil
}

// emptyNamespaces is the mask of namespaces that are made new on restore
// rather than brought back. The network is always: its devices come from
// outside the container.
func emptyNamespaces(names []string) (uint32, error) {
	for _, name := range names {
		if name != "network" {
			return 0, fmt.Errorf("namespace %q is not supported", name)
		}
	}
	return unix.CLONE_NEWNET, nil
}

// parentImage checks the folder of an earlier dump. criu wants it relative.
func parentImage(parent, images string) (string, error) {
	if parent == "" {
		return "", nil
	}
	if filepath.IsAbs(parent) {
		return "", errors.New("--parent-path must be relative")
	}
	info, err := os.Stat(filepath.Join(images, parent))
	if err == nil && !info.IsDir() {
		err = &os.PathError{Op: "open", Path: parent, Err: unix.ENOTDIR}
	}
	if err != nil {
		return "", fmt.Errorf("invalid --parent-path: %w", err)
	}
	return parent, nil
}

func pageServer(address string) (libcontainer.CriuPageServerInfo, error) {
	if address == "" {
		return libcontainer.CriuPageServerInfo{}, nil
	}
	host, port, err := net.SplitHostPort(address)
	if err != nil || host == "" {
		return libcontainer.CriuPageServerInfo{}, errors.New("use --page-server ADDRESS:PORT to specify page server")
	}
	number, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return libcontainer.CriuPageServerInfo{}, fmt.Errorf("invalid port number %q of the page server", port)
	}
	return libcontainer.CriuPageServerInfo{Address: host, Port: int32(number)}, nil
}
