package container

import (
	"path/filepath"

	"github.com/opencontainers/runc/libcontainer"
	"github.com/opencontainers/runc/libcontainer/configs"
	"github.com/opencontainers/runc/libcontainer/intelrdt"
	"github.com/opencontainers/runtime-spec/specs-go"
	"github.com/sirupsen/logrus"
)

// Intel RDT divides the processor's last-level cache and memory bandwidth
// among groups of processes, through the kernel's resctrl filesystem. Few
// machines have it. Where it is missing, what was asked for is kept in the
// container's state and a warning says that it has no effect.

const warnNoResctrl = "the kernel has no resctrl: Intel RDT settings are stored and have no effect"

// withoutIntelRdt is the spec as libcontainer accepts it: without Intel RDT
// where the kernel has none.
func withoutIntelRdt(spec *specs.Spec) *specs.Spec {
	if spec.Linux.IntelRdt == nil || intelrdt.IsEnabled() {
		return spec
	}
	linux := *spec.Linux
	linux.IntelRdt = nil
	stripped := *spec
	stripped.Linux = &linux
	return &stripped
}

// keepIntelRdt stores in the state of a container that was just started what
// withoutIntelRdt took out of its spec.
func keepIntelRdt(c *libcontainer.Container, rdt *specs.LinuxIntelRdt) error {
	if rdt == nil || intelrdt.IsEnabled() {
		return nil
	}
	logrus.Warn(warnNoResctrl)
	config := c.Config()
	config.IntelRdt = &configs.IntelRdt{}
	mergeIntelRdt(config.IntelRdt, rdt)
	return set(c, config)
}

// updateIntelRdt changes the config, and where the kernel has Intel RDT makes
// sure that the container has a group that Set can write to.
func updateIntelRdt(c *libcontainer.Container, config *configs.Config, change *specs.LinuxIntelRdt) error {
	if change == nil || change.L3CacheSchema == "" && change.MemBwSchema == "" && len(change.Schemata) == 0 {
		return nil
	}
	hadGroup := config.IntelRdt != nil
	rdt := configs.IntelRdt{}
	if hadGroup {
		rdt = *config.IntelRdt
	}
	mergeIntelRdt(&rdt, change)
	config.IntelRdt = &rdt

	if !intelrdt.IsEnabled() {
		logrus.Warn(warnNoResctrl)
		return nil
	}
	if hadGroup {
		return nil // libcontainer's Set writes it
	}
	return joinIntelRdt(c, config)
}

// joinIntelRdt makes the group of a container that was created without one,
// moves the container's processes there and writes the group's schemata.
// libcontainer does that for a container's start only.
func joinIntelRdt(c *libcontainer.Container, config *configs.Config) error {
	group := intelrdt.NewManager(config, c.ID(), "")
	if group == nil {
		return nil
	}
	pids, err := c.Processes()
	if err != nil {
		return err
	}
	// -1 makes the group and moves nobody.
	if err := group.Apply(-1); err != nil {
		return err
	}
	for _, pid := range pids {
		if err := intelrdt.WriteIntelRdtTasks(filepath.Clean(group.GetPath()), pid); err != nil {
			return err
		}
	}
	return group.Set(config)
}

// mergeIntelRdt changes what is set in change.
func mergeIntelRdt(rdt *configs.IntelRdt, change *specs.LinuxIntelRdt) {
	if change.ClosID != "" {
		rdt.ClosID = change.ClosID
	}
	if len(change.Schemata) > 0 {
		rdt.Schemata = change.Schemata
	}
	if change.L3CacheSchema != "" {
		rdt.L3CacheSchema = change.L3CacheSchema
	}
	if change.MemBwSchema != "" {
		rdt.MemBwSchema = change.MemBwSchema
	}
	if change.EnableMonitoring {
		rdt.EnableMonitoring = true
	}
}

// specIntelRdt is the stored settings in the spec's words.
func specIntelRdt(rdt *configs.IntelRdt) *specs.LinuxIntelRdt {
	if rdt == nil {
		return nil
	}
	return &specs.LinuxIntelRdt{
		ClosID:           rdt.ClosID,
		Schemata:         rdt.Schemata,
		L3CacheSchema:    rdt.L3CacheSchema,
		MemBwSchema:      rdt.MemBwSchema,
		EnableMonitoring: rdt.EnableMonitoring,
	}
}
