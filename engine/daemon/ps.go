package daemon

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/docker/go-units"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/network"

	"github.com/callroute/callroute/engine/api/types"
	ours "github.com/callroute/callroute/engine/daemon/container"
	"github.com/callroute/callroute/engine/daemon/health"
	"github.com/callroute/callroute/engine/daemon/mounts"
	"github.com/callroute/callroute/engine/errdefs"
)

// List is the containers that pass the filters, the newest first.
func (d *lister) List(ctx context.Context, o types.ListOptions) ([]container.Summary, error) {
	match, err := d.filter(o.Filters)
	if err != nil {
		return nil, err
	}
	// Asking for a state or a number means all containers.
	all := o.All || o.Limit > 0 || len(o.Filters["status"]) > 0 || len(o.Filters["exited"]) > 0 || len(o.Filters["before"]) > 0 || len(o.Filters["since"]) > 0
	list := []container.Summary{}
	for _, c := range d.containers.All() {
		r := c.Snapshot()
		if !all && !r.State.Running() && r.State.Status != container.StateRestarting || !match(r) {
			continue
		}
		s := summary(r)
		if o.Size {
			if s.SizeRw, s.SizeRootFs, err = d.sizes(ctx, r); err != nil {
				return nil, err
			}
		}
		list = append(list, s)
		if o.Limit > 0 && len(list) == o.Limit {
			break
		}
	}
	return list, nil
}

func summary(r ours.Record) container.Summary {
	s := container.Summary{
		ID: r.ID, Names: []string{"/" + r.Name}, Image: r.ImageName, ImageID: r.Image, Command: command(r),
		Created: r.Created.Unix(), Labels: r.Config.Labels, State: r.State.Status, Status: status(r, time.Now()),
		Ports: ports(r), NetworkSettings: &container.NetworkSettingsSummary{Networks: networks(r)},
		Mounts: []container.MountPoint{},
	}
	if s.Labels == nil {
		s.Labels = map[string]string{}
	}
	s.HostConfig.NetworkMode = string(r.HostConfig.NetworkMode)
	s.HostConfig.Annotations = r.HostConfig.Annotations
	for _, m := range r.Mounts {
		s.Mounts = append(s.Mounts, m.MountPoint)
	}
	return s
}

// command is what runs, as ps shows it.
func command(r ours.Record) string {
	var words []string
	for _, a := range r.Args {
		if strings.Contains(a, " ") {
			a = "'" + a + "'"
		}
		words = append(words, a)
	}
	return strings.TrimSpace(r.Path + " " + strings.Join(words, " "))
}

// status is a container's state in words.
func status(r ours.Record, now time.Time) string {
	s := r.State
	since := func(t time.Time) string { return units.HumanDuration(now.Sub(t)) }
	switch s.Status {
	case container.StateRunning:
		if words := health.Words(s.Health); words != "" {
			return "Up " + since(s.StartedAt) + " (" + words + ")"
		}
		return "Up " + since(s.StartedAt)
	case container.StatePaused:
		return "Up " + since(s.StartedAt) + " (Paused)"
	case container.StateRestarting:
		return fmt.Sprintf("Restarting (%d) %s ago", s.ExitCode, since(s.FinishedAt))
	case container.StateRemoving:
		return "Removal In Progress"
	case container.StateDead:
		return "Dead"
	case container.StateCreated:
		return "Created"
	}
	if s.FinishedAt.IsZero() {
		return ""
	}
	return fmt.Sprintf("Exited (%d) %s ago", s.ExitCode, since(s.FinishedAt))
}

// ports is the published and the exposed ports of a running container.
func ports(r ours.Record) []container.PortSummary {
	list := []container.PortSummary{}
	if r.Network == nil {
		return list
	}
	for port, bindings := range r.Network.Ports {
		if len(bindings) == 0 {
			list = append(list, container.PortSummary{PrivatePort: port.Num(), Type: string(port.Proto())})
		}
		for _, b := range bindings {
			public, err := strconv.ParseUint(b.HostPort, 10, 16)
			if err != nil {
				continue
			}
			list = append(list, container.PortSummary{IP: b.HostIP, PrivatePort: port.Num(), PublicPort: uint16(public), Type: string(port.Proto())})
		}
	}
	slices.SortFunc(list, func(a, b container.PortSummary) int {
		return cmp.Or(cmp.Compare(a.PrivatePort, b.PrivatePort), cmp.Compare(a.PublicPort, b.PublicPort), strings.Compare(a.Type, b.Type), a.IP.Compare(b.IP))
	})
	return list
}

// filters are those of ps and prune.
var filters = []string{"id", "name", "label", "label!", "exited", "status", "ancestor", "before", "since", "volume", "network", "publish", "expose", "health", "isolation", "is-task", "until"}

// filter makes a test of docker's filters.
func (d *lister) filter(f types.Filters) (func(ours.Record) bool, error) {
	var before, since time.Time
	for name, values := range f {
		if !slices.Contains(filters, name) {
			return nil, errdefs.Invalid("invalid filter '%s'", name)
		}
		for _, v := range values {
			switch name {
			case "exited":
				if _, err := strconv.Atoi(v); err != nil {
					return nil, errdefs.Invalid("invalid filter 'exited=%s': %w", v, err)
				}
			case "health":
				if err := container.ValidateHealthStatus(container.HealthStatus(v)); err != nil {
					return nil, errdefs.Invalid("invalid filter 'health=%s': %v", v, err)
				}
			case "is-task":
				if _, err := strconv.ParseBool(v); err != nil {
					return nil, errdefs.Invalid("invalid filter 'is-task=%s'", v)
				}
			case "publish", "expose":
				if _, _, err := portRange(v); err != nil {
					return nil, errdefs.Invalid("invalid filter '%s=%s': %w", name, v, err)
				}
			case "status":
				if err := container.ValidateContainerState(container.ContainerState(v)); err != nil {
					return nil, errdefs.Invalid("invalid filter 'status=%s': %v", v, err)
				}
			case "before", "since":
				c, err := d.containers.Get(v)
				if err != nil {
					return nil, err
				}
				if name == "before" {
					before = c.Created
				} else {
					since = c.Created
				}
			}
		}
	}
	return func(r ours.Record) bool {
		one := func(name string, test func(string) bool) bool {
			return len(f[name]) == 0 || slices.ContainsFunc(f[name], test)
		}
		return one("id", func(v string) bool { return strings.HasPrefix(r.ID, v) }) &&
			one("name", func(v string) bool { return matchName(v, r.Name) }) &&
			hasLabels(r.Config.Labels, f["label"]) && (len(f["label!"]) == 0 || !hasLabels(r.Config.Labels, f["label!"])) &&
			one("exited", func(v string) bool {
				return v == strconv.Itoa(r.State.ExitCode) && !r.State.Running() && !r.State.FinishedAt.IsZero()
			}) &&
			one("status", func(v string) bool { return v == string(r.State.Status) }) &&
			one("ancestor", func(v string) bool { return d.descends(r, v) }) &&
			one("volume", func(v string) bool {
				return slices.ContainsFunc(r.Mounts, func(m mounts.Point) bool { return m.Name == v || m.Destination == v || m.Source == v })
			}) &&
			one("network", func(v string) bool { return inNetwork(r, v) }) &&
			one("publish", func(v string) bool { return publishes(r, v) }) &&
			one("expose", func(v string) bool { return exposes(r, v) }) &&
			one("isolation", func(v string) bool { return v == "default" || v == string(r.HostConfig.Isolation) }) &&
			// Tasks are a swarm's.
			one("is-task", func(v string) bool { task, err := strconv.ParseBool(v); return err == nil && !task }) &&
			one("health", func(v string) bool { return v == string(healthOf(r)) }) &&
			(before.IsZero() || r.Created.Before(before)) && (since.IsZero() || r.Created.After(since))
	}, nil
}

// healthOf is a container's health by its name.
func healthOf(r ours.Record) container.HealthStatus {
	if r.State.Health == nil {
		return container.NoHealthcheck
	}
	return r.State.Health.Status
}

// publishes reports whether a port of the host leads to a container.
func publishes(r ours.Record, ports string) bool {
	wanted, proto, err := portRange(ports)
	if err != nil || r.Network == nil {
		return false
	}
	for port, bindings := range r.Network.Ports {
		for _, b := range bindings {
			if n, err := strconv.ParseUint(b.HostPort, 10, 16); err == nil && port.Proto() == proto && wanted(uint16(n)) {
				return true
			}
		}
	}
	return false
}

// exposes reports whether a container says that it listens on a port.
func exposes(r ours.Record, ports string) bool {
	wanted, proto, err := portRange(ports)
	if err != nil {
		return false
	}
	for port := range r.Config.ExposedPorts {
		if port.Proto() == proto && wanted(port.Num()) {
			return true
		}
	}
	return false
}

// portRange reads 80, 80/udp or 80-90/tcp.
func portRange(text string) (within func(uint16) bool, proto network.IPProtocol, err error) {
	p, err := network.ParsePortRange(text)
	if err != nil {
		return nil, "", err
	}
	return func(n uint16) bool { return n >= p.Start() && n <= p.End() }, p.Proto(), nil
}

// descends reports whether a container was made from an image, by its name as
// given or its ID.
func (d *lister) descends(r ours.Record, image string) bool {
	if r.ImageName == image || r.ImageName == image+":latest" || r.ImageName+":latest" == image {
		return true
	}
	hex := strings.TrimPrefix(image, "sha256:")
	return len(hex) >= 4 && strings.HasPrefix(strings.TrimPrefix(r.Image, "sha256:"), hex)
}

func hasLabels(labels map[string]string, wanted []string) bool {
	for _, w := range wanted {
		key, value, withValue := strings.Cut(w, "=")
		have, ok := labels[key]
		if !ok || withValue && have != value {
			return false
		}
	}
	return true
}

// sizes is what a container has written, and that with its image.
func (d *lister) sizes(ctx context.Context, r ours.Record) (written, all int64, err error) {
	if written, err = d.Images.Usage(ctx, r.ID); err != nil {
		return 0, 0, err
	}
	all = written
	if i, err := d.Images.Get(ctx, r.Image); err == nil {
		all += i.Size
	}
	return written, all, nil
}

// inNetwork reports whether a container is in a network, or will be when it runs.
func inNetwork(r ours.Record, nameOrID string) bool {
	for name, e := range networks(r) {
		if name == nameOrID || e != nil && e.NetworkID != "" && strings.HasPrefix(e.NetworkID, nameOrID) {
			return true
		}
	}
	return string(r.HostConfig.NetworkMode) == nameOrID
}
