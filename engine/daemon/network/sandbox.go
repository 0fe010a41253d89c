package network

import (
	"errors"
	"fmt"
	"os"
	"runtime"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netns"
	"golang.org/x/sys/unix"
)

// sandbox is a new network namespace while it is being furnished.
type sandbox struct {
	handle *netlink.Handle // netlink inside
	file   *os.File        // the namespace
}

func (s *sandbox) close() {
	s.handle.Close()
	_ = s.file.Close()
}

// newSandbox makes a network namespace with lo up, bound to a file at path.
// No process needs to live in it.
func newSandbox(path string) (*sandbox, error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_RDONLY, 0o400)
	if err != nil {
		return nil, err
	}
	_ = file.Close()
	type result struct {
		*sandbox
		error
	}
	done := make(chan result)
	go func() {
		s, err := unshareSandbox(path)
		done <- result{s, err}
	}()
	r := <-done
	if r.error != nil {
		return nil, errors.Join(r.error, removeSandbox(path))
	}
	return r.sandbox, nil
}

// ownNamespace is that of the thread that opens it.
const ownNamespace = "/proc/thread-self/ns/net"

// unshareSandbox runs in a goroutine of its own: the thread it locks leaves
// the daemon's namespace. If it cannot come back, it stays locked and the
// runtime ends it with the goroutine.
func unshareSandbox(path string) (*sandbox, error) {
	runtime.LockOSThread()
	home, err := os.Open(ownNamespace)
	if err != nil {
		return nil, err
	}
	defer home.Close()
	if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
		return nil, fmt.Errorf("new network namespace: %w", err)
	}
	s, err := furnishSandbox(path)
	if unix.Setns(int(home.Fd()), unix.CLONE_NEWNET) == nil {
		runtime.UnlockOSThread()
	}
	return s, err
}

// furnishSandbox runs inside the new namespace.
func furnishSandbox(path string) (_ *sandbox, err error) {
	if err := unix.Mount(ownNamespace, path, "", unix.MS_BIND, ""); err != nil {
		return nil, fmt.Errorf("bind network namespace: %w", err)
	}
	s := &sandbox{}
	if s.file, err = os.Open(path); err != nil {
		return nil, err
	}
	if s.handle, err = netlink.NewHandle(unix.NETLINK_ROUTE); err != nil {
		_ = s.file.Close()
		return nil, err
	}
	// The bridge has no IPv6, so what is plugged in later gets no address of
	// its own there. lo has, as in docker. A kernel without IPv6 has no file.
	if err := os.WriteFile("/proc/sys/net/ipv6/conf/default/disable_ipv6", []byte("1"), 0); err != nil && !errors.Is(err, os.ErrNotExist) {
		s.close()
		return nil, err
	}
	const loopback = 1 // lo is the first device of every namespace
	if err := s.handle.LinkSetUp(&netlink.Device{LinkAttrs: netlink.LinkAttrs{Index: loopback}}); err != nil {
		s.close()
		return nil, fmt.Errorf("lo: %w", err)
	}
	return s, nil
}

// openSandbox is a namespace that is there already.
func openSandbox(path string) (*sandbox, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	handle, err := netlink.NewHandleAt(netns.NsHandle(file.Fd()), unix.NETLINK_ROUTE)
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return &sandbox{handle: handle, file: file}, nil
}

// route makes the default route lead through an attachment, or nowhere if it is
// nil.
func (s *sandbox) route(by *attachment) error {
	routes, err := s.handle.RouteList(nil, netlink.FAMILY_V4)
	if err != nil {
		return fmt.Errorf("network: list routes: %w", err)
	}
	for _, r := range routes {
		if to, ok := toPrefix(r.Dst); ok && to.Bits() > 0 {
			continue
		}
		if err := s.handle.RouteDel(&r); err != nil && !errors.Is(err, unix.ESRCH) {
			return fmt.Errorf("network: remove route by %s: %w", r.Gw, err)
		}
	}
	if by == nil {
		return nil
	}
	device, err := s.handle.LinkByName(by.Device)
	if err != nil {
		return fmt.Errorf("network: %s: %w", by.Device, err)
	}
	if err := s.handle.RouteAdd(&netlink.Route{LinkIndex: device.Attrs().Index, Gw: by.Gateway.AsSlice()}); err != nil {
		return fmt.Errorf("network: route by %s: %w", by.Gateway, err)
	}
	return nil
}

// within runs f on a thread inside the namespace.
func (s *sandbox) within(f func() error) error {
	done := make(chan error)
	go func() {
		runtime.LockOSThread() // as in unshareSandbox
		home, err := os.Open(ownNamespace)
		if err != nil {
			done <- err
			return
		}
		defer home.Close()
		if err := unix.Setns(int(s.file.Fd()), unix.CLONE_NEWNET); err != nil {
			done <- err
			return
		}
		err = f()
		if unix.Setns(int(home.Fd()), unix.CLONE_NEWNET) == nil {
			runtime.UnlockOSThread()
		}
		done <- err
	}()
	return <-done
}

// removeSandbox lets go of a namespace. Processes in it keep it until they end.
func removeSandbox(path string) error {
	if err := unix.Unmount(path, unix.MNT_DETACH|unix.UMOUNT_NOFOLLOW); err != nil && !errors.Is(err, unix.EINVAL) && !errors.Is(err, unix.ENOENT) {
		return fmt.Errorf("unmount %s: %w", path, err)
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}
