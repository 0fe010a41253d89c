package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"github.com/docker/go-connections/nat"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/network"
	"github.com/spf13/pflag"

	"github.com/callroute/callroute/engine/api/types"
)

// request is what the flags and arguments ask the daemon to create. Flags
// tells which of them were given.
func (c *containerFlags) request(flags *pflag.FlagSet, image string, command []string) (types.CreateRequest, error) {
	if c.remove && c.resources.restart != "" && c.resources.restart != "no" {
		return types.CreateRequest{}, errors.New("conflicting options: cannot specify both --restart and --rm")
	}
	config, err := c.config(flags, image, command)
	if err != nil {
		return types.CreateRequest{}, err
	}
	host, err := c.hostConfig(flags)
	if err != nil {
		return types.CreateRequest{}, err
	}
	if err := c.setVolumes(config, host); err != nil {
		return types.CreateRequest{}, err
	}
	if err := c.setPorts(config, host); err != nil {
		return types.CreateRequest{}, err
	}
	networking, err := c.networking(host)
	if err != nil {
		return types.CreateRequest{}, err
	}
	return types.CreateRequest{Config: config, HostConfig: host, NetworkingConfig: networking}, nil
}

// config is the part that does not depend on the host.
func (c *containerFlags) config(flags *pflag.FlagSet, image string, command []string) (*container.Config, error) {
	env, err := readPairs(c.envFiles, c.environment, os.LookupEnv)
	if err != nil {
		return nil, err
	}
	labels, err := readPairs(c.labelFile, c.labels, func(string) (string, bool) { return "", true })
	if err != nil {
		return nil, err
	}
	config := &container.Config{
		Image:      image,
		Cmd:        command,
		Env:        env,
		Labels:     pairs(labels),
		Hostname:   c.hostname,
		Domainname: c.domain,
		User:       c.user,
		WorkingDir: c.workdir,
		Tty:        c.tty,
		OpenStdin:  c.stdin,
		StopSignal: c.stopSignal,
	}
	if config.Healthcheck, err = c.health.config(); err != nil {
		return nil, err
	}
	if flags.Changed("stop-timeout") {
		config.StopTimeout = &c.stopTimeout
	}
	switch {
	case c.entrypoint != "":
		config.Entrypoint = []string{c.entrypoint}
	case flags.Changed("entrypoint"):
		config.Entrypoint = []string{""} // the image's is taken away
	}
	c.setAttached(config)
	// The input ends for the process when the first one who types leaves.
	config.StdinOnce = config.OpenStdin && config.AttachStdin
	return config, nil
}

// setAttached says which streams the one who runs the container takes.
// Without -a these are the outputs, and with -i the input.
func (c *containerFlags) setAttached(config *container.Config) {
	if len(c.attach.list) == 0 {
		config.AttachStdout, config.AttachStderr, config.AttachStdin = true, true, c.stdin
		return
	}
	for _, stream := range c.attach.list {
		switch stream {
		case "stdin":
			config.AttachStdin = true
		case "stdout":
			config.AttachStdout = true
		case "stderr":
			config.AttachStderr = true
		}
	}
}

func checkStream(stream string) (string, error) {
	switch stream = strings.ToLower(stream); stream {
	case "stdin", "stdout", "stderr":
		return stream, nil
	}
	return "", errors.New("valid streams are STDIN, STDOUT and STDERR")
}

// hostConfig is the part that does.
func (c *containerFlags) hostConfig(flags *pflag.FlagSet) (*types.HostConfig, error) {
	if c.swappiness != -1 && (c.swappiness < 0 || c.swappiness > 100) {
		return nil, fmt.Errorf("invalid value: %d. Valid memory swappiness range is 0-100", c.swappiness)
	}
	policy, err := parseRestartPolicy(c.resources.restart)
	if err != nil {
		return nil, err
	}
	host := &types.HostConfig{
		HostConfig: container.HostConfig{
			ContainerIDFile: c.cidFile,
			AutoRemove:      c.remove,
			RestartPolicy:   policy,
			Privileged:      c.privileged,
			PidMode:         container.PidMode(c.pid),
			IpcMode:         container.IpcMode(c.ipc),
			UTSMode:         container.UTSMode(c.uts),
			UsernsMode:      container.UsernsMode(c.userns),
			CgroupnsMode:    container.CgroupnsMode(c.cgroupns),
			CapAdd:          c.capAdd,
			CapDrop:         c.capDrop,
			GroupAdd:        c.groups,
			ReadonlyRootfs:  c.readOnly,
			OomScoreAdj:     c.oomScore,
			ShmSize:         int64(c.shmSize),
			Sysctls:         c.sysctls,
			Annotations:     c.annotations,
			Mounts:          c.mounts,
			VolumesFrom:     c.volumesFrom,
			VolumeDriver:    c.volumeDriver,
			PublishAllPorts: c.publishAll,
			DNS:             c.dns,
			DNSOptions:      c.dnsOptions,
			DNSSearch:       c.dnsSearch,
			Runtime:         c.runtime,
			Resources:       c.resources.resources(flags),
		},
		CacheProperty: c.resources.cacheProperty,
	}
	host.Links = c.links
	host.Isolation = container.Isolation(c.isolation)
	if len(c.storage) > 0 {
		host.StorageOpt = pairs(c.storage)
	}
	host.CPURealtimePeriod, host.CPURealtimeRuntime = c.realtime.period, c.realtime.runtime
	host.BlkioWeightDevice = c.block.weights
	host.BlkioDeviceReadBps, host.BlkioDeviceWriteBps = c.block.readBps.list, c.block.writeBps.list
	host.BlkioDeviceReadIOps, host.BlkioDeviceWriteIOps = c.block.readIOps.list, c.block.writeIOps.list
	host.MemorySwappiness = &c.swappiness
	host.OomKillDisable = &c.oomKillDisable
	host.CgroupParent = c.cgroupParent
	host.DeviceCgroupRules = c.deviceRules.list
	host.Ulimits = c.ulimits.sorted()
	if flags.Changed("init") {
		host.Init = &c.init
	}
	host.LogConfig, err = c.logConfig()
	if err != nil {
		return nil, err
	}
	if err := checkNamespaces(host); err != nil {
		return nil, err
	}
	if err := c.setSecurity(host); err != nil {
		return nil, err
	}
	if err := c.setDevices(host); err != nil {
		return nil, err
	}
	return host, c.setTmpfs(host)
}

func (c *containerFlags) logConfig() (container.LogConfig, error) {
	if c.logDriver == "none" && len(c.logOpts) > 0 {
		return container.LogConfig{}, errors.New("invalid logging opts for driver none")
	}
	return container.LogConfig{Type: c.logDriver, Config: pairs(c.logOpts)}, nil
}

// checkNamespaces refuses modes that no daemon has.
func checkNamespaces(host *types.HostConfig) error {
	switch {
	case !host.PidMode.Valid():
		return errors.New("--pid: invalid PID mode")
	case !host.UTSMode.Valid():
		return errors.New("--uts: invalid UTS mode")
	case !host.UsernsMode.Valid():
		return errors.New("--userns: invalid USER mode")
	case !host.CgroupnsMode.Valid():
		return errors.New("--cgroupns: invalid CGROUP mode")
	}
	return nil
}

// setSecurity reads --security-opt. A seccomp profile is a file here, whose
// content the daemon gets.
func (c *containerFlags) setSecurity(host *types.HostConfig) error {
	for _, opt := range c.securityOpts {
		if opt == "systempaths=unconfined" {
			host.MaskedPaths, host.ReadonlyPaths = []string{}, []string{}
			continue
		}
		key, value, hasValue := strings.Cut(opt, "=")
		if !hasValue && key != "no-new-privileges" {
			key, value, hasValue = strings.Cut(opt, ":")
			if !hasValue {
				return fmt.Errorf("Invalid --security-opt: %q", opt) //nolint:staticcheck // docker's words
			}
		}
		if key == "seccomp" && value != "unconfined" && value != "builtin" {
			profile, err := readProfile(value)
			if err != nil {
				return err
			}
			opt = "seccomp=" + profile
		}
		host.SecurityOpt = append(host.SecurityOpt, opt)
	}
	return nil
}

func readProfile(file string) (string, error) {
	content, err := os.ReadFile(file)
	if err != nil {
		return "", fmt.Errorf("opening seccomp profile (%s) failed: %w", file, err)
	}
	var compact bytes.Buffer
	if err := json.Compact(&compact, content); err != nil {
		return "", fmt.Errorf("compacting json for seccomp profile (%s) failed: %w", file, err)
	}
	return compact.String(), nil
}

// checkDeviceRule checks the kernel's form of a rule about devices.
func checkDeviceRule(rule string) (string, error) {
	form := regexp.MustCompile(`^[acb] (\d+|\*):(\d+|\*) [rwm]{1,3}$`)
	if !form.MatchString(rule) {
		return "", fmt.Errorf("invalid device cgroup format '%s'", rule)
	}
	return rule, nil
}

// setDevices reads --device HOST[:CONTAINER][:rwm].
func (c *containerFlags) setDevices(host *types.HostConfig) error {
	for _, device := range c.devices {
		mapping, err := parseDevice(device)
		if err != nil {
			return err
		}
		host.Devices = append(host.Devices, mapping)
	}
	return nil
}

func parseDevice(device string) (container.DeviceMapping, error) {
	mapping := container.DeviceMapping{CgroupPermissions: "rwm"}
	parts := strings.Split(device, ":")
	mapping.PathOnHost, mapping.PathInContainer = parts[0], parts[0]
	switch {
	case len(parts) > 3 || parts[0] == "":
		return mapping, fmt.Errorf("invalid device specification: %s", device)
	case len(parts) == 3:
		mapping.PathInContainer, mapping.CgroupPermissions = parts[1], parts[2]
	case len(parts) == 2 && isDeviceMode(parts[1]):
		mapping.CgroupPermissions = parts[1]
	case len(parts) == 2 && parts[1] != "":
		mapping.PathInContainer = parts[1]
	}
	if !isDeviceMode(mapping.CgroupPermissions) {
		return mapping, fmt.Errorf("bad mode specified: %s", mapping.CgroupPermissions)
	}
	return mapping, nil
}

// isDeviceMode reports whether each of r, w and m stands in it at most once.
func isDeviceMode(mode string) bool {
	return mode != "" && strings.Trim(mode, "rwm") == "" &&
		strings.Count(mode, "r") < 2 && strings.Count(mode, "w") < 2 && strings.Count(mode, "m") < 2
}

// setTmpfs reads --tmpfs PATH[:OPTIONS].
func (c *containerFlags) setTmpfs(host *types.HostConfig) error {
	for _, tmpfs := range c.tmpfs {
		path, options, _ := strings.Cut(tmpfs, ":")
		if path == "" {
			return fmt.Errorf("invalid tmpfs: %q has no path", tmpfs)
		}
		if host.Tmpfs == nil {
			host.Tmpfs = map[string]string{}
		}
		host.Tmpfs[path] = options
	}
	return nil
}

// setVolumes reads -v: a path in the container alone is a volume without a
// name, SOURCE:PATH a folder of the host or a volume. A source that begins with
// a dot is below where the person stands.
func (c *containerFlags) setVolumes(config *container.Config, host *types.HostConfig) error {
	for _, volume := range c.volumes {
		source, rest, ok := strings.Cut(volume, ":")
		if !ok {
			if config.Volumes == nil {
				config.Volumes = map[string]struct{}{}
			}
			config.Volumes[volume] = struct{}{}
			continue
		}
		if strings.HasPrefix(source, ".") {
			absolute, err := filepath.Abs(source)
			if err != nil {
				return err
			}
			volume = absolute + ":" + rest
		}
		host.Binds = append(host.Binds, volume)
	}
	return nil
}

// setPorts reads -p and --expose. What is published is exposed.
func (c *containerFlags) setPorts(config *container.Config, host *types.HostConfig) error {
	config.ExposedPorts = network.PortSet{}
	host.PortBindings = network.PortMap{}
	for _, spec := range c.publish {
		mappings, err := nat.ParsePortSpec(spec)
		if err != nil {
			return err
		}
		for _, mapping := range mappings {
			port, err := network.ParsePort(string(mapping.Port))
			if err != nil {
				return err
			}
			binding := network.PortBinding{HostPort: mapping.Binding.HostPort}
			if ip := mapping.Binding.HostIP; ip != "" {
				if binding.HostIP, err = netip.ParseAddr(ip); err != nil {
					return fmt.Errorf("invalid IP address: %s", ip)
				}
			}
			config.ExposedPorts[port] = struct{}{}
			host.PortBindings[port] = append(host.PortBindings[port], binding)
		}
	}
	for _, expose := range c.expose {
		if strings.Contains(expose, ":") {
			return fmt.Errorf("invalid port format for --expose: %s", expose)
		}
		ports, err := network.ParsePortRange(expose)
		if err != nil {
			return fmt.Errorf("invalid range format for --expose: %w", err)
		}
		for port := range ports.All() {
			config.ExposedPorts[port] = struct{}{}
		}
	}
	return nil
}

// parseExtraHost reads NAME:IP or NAME=IP. The daemon knows the address
// host-gateway.
func parseExtraHost(extra string) (string, error) {
	name, address, ok := strings.Cut(extra, "=")
	if !ok {
		name, address, ok = strings.Cut(extra, ":")
	}
	if !ok || name == "" {
		return "", fmt.Errorf("bad format for add-host: %s", strconv.Quote(extra))
	}
	if address != "host-gateway" {
		bare := strings.TrimSuffix(strings.TrimPrefix(address, "["), "]")
		if _, err := netip.ParseAddr(bare); err != nil {
			return "", fmt.Errorf("invalid IP address in add-host: %s", strconv.Quote(address))
		}
		address = bare
	}
	return name + ":" + address, nil
}
