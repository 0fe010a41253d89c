package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"time"

	"github.com/containerd/log"
	"github.com/google/uuid"
	"github.com/moby/moby/api/types/events"
	"github.com/moby/sys/atomicwriter"
	"github.com/sirupsen/logrus"

	"github.com/callroute/callroute/engine/api/server"
	"github.com/callroute/callroute/engine/containerd/client"
	"github.com/callroute/callroute/engine/containerd/supervise"
	"github.com/callroute/callroute/engine/daemon"
	"github.com/callroute/callroute/engine/daemon/event"
	"github.com/callroute/callroute/engine/daemon/images"
	"github.com/callroute/callroute/engine/daemon/network"
	"github.com/callroute/callroute/engine/daemon/volumes"
)

// run makes the engine out of its parts and serves until ctx ends.
func (o *options) run(ctx context.Context) error {
	release, err := o.claim()
	if err != nil {
		return err
	}
	defer release()
	listeners, err := listen(o.hosts, o.group)
	if err != nil {
		return err
	}
	defer closeAll(listeners)

	address, stopContainerd, err := o.startContainerd(ctx)
	if err != nil {
		return err
	}
	defer stopContainerd()
	e, err := o.assemble(ctx, address)
	if err != nil {
		return err
	}
	defer e.close()
	if err := e.daemon.Restore(ctx); err != nil {
		return err
	}
	if err := o.seed(ctx, e.images); err != nil {
		log.L.WithError(err).Warn("the first image could not be loaded")
	}

	api := &http.Server{Handler: e.handler, ReadHeaderTimeout: time.Minute}
	failed := make(chan error, len(listeners))
	for _, l := range listeners {
		go func() { failed <- api.Serve(l) }()
	}
	log.L.Infof("engined %s serves on %v", releaseName, o.hosts)
	select {
	case <-ctx.Done():
		log.L.Info("stopping")
	case err = <-failed:
	}
	// Clients still hear how their containers end, so the API goes last.
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), e.daemon.StopTime())
	defer cancel()
	e.daemon.Shutdown(last)
	api.Close()
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

const releaseName = release

// engine is the parts that live as long as the process.
type engine struct {
	daemon     *daemon.Daemon
	images     *images.Service
	network    *network.Controller
	containerd *client.Client
	handler    http.Handler
}

// assemble makes the parts, each of what it needs.
func (o *options) assemble(ctx context.Context, address string) (*engine, error) {
	id, err := identity(o.dataRoot)
	if err != nil {
		return nil, err
	}
	name, err := os.Hostname()
	if err != nil {
		return nil, err
	}
	e := &engine{}
	e.containerd, err = client.New(client.Config{
		Address: address, Namespace: o.namespace, Runtime: o.runtime, RuntimeRoot: filepath.Join(o.execRoot, "runtime"),
	})
	if err != nil {
		return nil, err
	}
	eventLog := event.NewLog()
	stores := e.containerd.Stores()
	e.images = images.New(images.Config{
		Content: stores.Content, Images: stores.Images, Snapshots: stores.Snapshots, Snapshotter: client.Snapshotter,
		Leases: stores.Leases, Applier: stores.Applier(),
		Users: func(id string) []images.User { return e.daemon.Users(id) },
		Event: func(action events.Action, id string, attributes map[string]string) {
			eventLog.Add(events.ImageEventType, action, id, attributes)
		},
	})
	if err := e.images.Restore(ctx); err != nil {
		return nil, err
	}
	vols, err := volumes.New(volumes.Config{
		Root: filepath.Join(o.dataRoot, "volumes"),
		Event: func(action events.Action, name string, attributes map[string]string) {
			eventLog.Add(events.VolumeEventType, action, name, attributes)
		},
	})
	if err != nil {
		return nil, err
	}
	nets := o.network(id)
	nets.Event = func(action events.Action, id string, attributes map[string]string) {
		eventLog.Add(events.NetworkEventType, action, id, attributes)
	}
	if e.network, err = network.New(ctx, nets); err != nil {
		return nil, err
	}
	runtime, runtimes := o.namedRuntimes()
	e.daemon, err = daemon.New(daemon.Config{
		ID: id, Name: name, Release: releaseName, Root: o.dataRoot, ExecRoot: o.execRoot, CgroupRoot: o.cgroupParent, Runtime: runtime, Runtimes: runtimes,
		SeccompProfile: o.seccompProfile, LiveRestore: o.liveRestore, InitProgram: initProgram(),
		Containerd: e.containerd, Images: e.images, Volumes: vols, Network: e.network, EventLog: eventLog,
	})
	if err != nil {
		return nil, err
	}
	e.handler = server.New(server.Config{
		Backend: server.Backend{Containers: e.daemon, Execs: e.daemon.Execs, Archives: e.daemon.Archives, Checkpoints: e.daemon.Checkpoints, Images: e.images, Volumes: vols, Networks: networks{e.network.Networks, e.daemon.Connections}, System: e.daemon},
		Version: releaseName, Log: logrus.StandardLogger(),
	})
	return e, nil
}

// namedRuntimes are what the standard runtime is called, and the runtimes beside
// it, its other names among them.
func (o *options) namedRuntimes() (standard string, others map[string]string) {
	others = maps.Clone(o.runtimes)
	if others == nil {
		others = map[string]string{}
	}
	for _, name := range runtimeNames {
		if _, taken := others[name]; taken {
			continue
		}
		if standard == "" {
			standard = name
		} else {
			others[name] = ""
		}
	}
	return standard, others
}

// networks are all verbs of /networks: those of the networks themselves, and those
// about the containers in them.
type networks struct {
	*network.Networks
	*daemon.Connections
}

// close ends the parts, the last one made first.
func (e *engine) close() {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	e.images.Close(ctx)
	if err := errors.Join(e.network.Close(ctx), e.containerd.Close()); err != nil {
		log.L.WithError(err).Warn("on the way out")
	}
}

// network is the networks' part of the command line, which check has checked.
func (o *options) network(id string) network.Config {
	c := network.Config{
		EngineID: id, ExecRoot: o.execRoot, Root: o.dataRoot, Bridge: o.bridge, MTU: o.mtu, IPForward: o.ipForward, DisableMasquerade: !o.ipMasq,
		DNSOptions: o.dnsOptions, DNSSearch: o.dnsSearch,
	}
	if o.bip != "" {
		c.BIP = netip.MustParsePrefix(o.bip)
	}
	for _, d := range o.dns {
		c.DNS = append(c.DNS, netip.MustParseAddr(d))
	}
	return c
}

// startContainerd starts our own containerd, unless another is to be used.
func (o *options) startContainerd(ctx context.Context) (address string, stop func(), err error) {
	if o.containerd != "" {
		return o.containerd, func() {}, nil
	}
	self, err := os.Executable()
	if err != nil {
		return "", nil, err
	}
	program := filepath.Join(filepath.Dir(self), "engine-containerd")
	if _, err := os.Stat(program); err != nil {
		return "", nil, fmt.Errorf("%s is not there; build it, or name a running one with --containerd", program)
	}
	p, err := supervise.Start(ctx, supervise.Config{
		Program: program, Root: filepath.Join(o.dataRoot, "containerd"), State: filepath.Join(o.execRoot, "containerd"),
		LogLevel: o.logLevel, Log: os.Stderr,
	})
	if err != nil {
		return "", nil, err
	}
	return p.Address(), p.Stop, nil
}

// seed loads the first image into an engine that never had one, so that there
// is something to run on a machine without a network.
func (o *options) seed(ctx context.Context, into *images.Service) error {
	mark := filepath.Join(o.dataRoot, "seeded")
	if _, err := os.Stat(mark); err == nil {
		return nil
	}
	path := o.seedImage
	if path == "" {
		self, err := os.Executable()
		if err != nil {
			return err
		}
		path = filepath.Join(filepath.Dir(self), "toolbox.tar")
	}
	f, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) && o.seedImage == "" {
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close()
	if err := into.Load(ctx, f, func(any) error { return nil }); err != nil {
		return err
	}
	return atomicwriter.WriteFile(mark, nil, 0o600)
}

// initProgram is the path of engine-init, "" if it is not beside this program.
func initProgram() string {
	self, err := os.Executable()
	if err != nil {
		return ""
	}
	path := filepath.Join(filepath.Dir(self), "engine-init")
	if _, err := os.Stat(path); err != nil {
		return ""
	}
	return path
}

// identity is the engine's, the same after a restart.
func identity(root string) (string, error) {
	path := filepath.Join(root, "engine-id")
	if data, err := os.ReadFile(path); err == nil {
		if id, err := uuid.ParseBytes(data); err == nil {
			return id.String(), nil
		}
	}
	id := uuid.New().String()
	return id, atomicwriter.WriteFile(path, []byte(id), 0o600)
}
