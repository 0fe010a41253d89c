package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/docker/go-units"
	"github.com/moby/moby/api/types/registry"
	"github.com/moby/moby/api/types/swarm"
	"github.com/moby/moby/api/types/system"
	"github.com/spf13/cobra"

	"github.com/callroute/callroute/engine/api/client"
)

type infoOptions struct {
	format string
}

func newInfo(cli *Program) *cobra.Command {
	var opts infoOptions
	cmd := &cobra.Command{
		Use:   "info [OPTIONS]",
		Short: "Display system-wide information",
		Example: `  engine info
  engine info --format "{{.ContainersRunning}} of {{.Containers}} run"`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runInfo(cmd.Context(), cli, opts)
		},
	}
	cmd.Flags().StringVarP(&opts.format, "format", "f", "", inspectFormatFlag)
	return cmd
}

// allInfo is what the two programs tell of themselves.
type allInfo struct {
	*system.Info
	ServerErrors []string `json:",omitempty"`
	ClientInfo   clientInfo
}

type clientInfo struct {
	Debug             bool
	Version           string
	DefaultAPIVersion string
	Warnings          []string
}

func runInfo(ctx context.Context, cli *Program, opts infoOptions) error {
	if opts.format != "" {
		if _, err := checkFormat("", opts.format); err != nil {
			return err
		}
	}
	info, _, failed := cli.System.Info(ctx)
	all := allInfo{Info: &info, ClientInfo: clientInfo{
		Debug: cli.debug, Version: cli.version, DefaultAPIVersion: client.APIVersion,
	}}
	if failed != nil {
		all.ServerErrors = []string{failed.Error()}
	}
	if opts.format != "" {
		return errors.Join(showObject(cli.Out, "", opts.format, all), failed)
	}
	fmt.Fprintf(cli.Out, "Client:\n Version:    %s\n Debug Mode: %t\n\nServer:\n", cli.version, cli.debug)
	if failed != nil {
		return failed
	}
	writeInfo(cli.Out, info)
	for _, warning := range info.Warnings {
		fmt.Fprintln(cli.Err, warning)
	}
	return nil
}

// infoWriter writes lines of a name and a value.
type infoWriter struct{ io.Writer }

func (w infoWriter) line(name string, value any) { fmt.Fprintf(w, " %s: %v\n", name, value) }

// given is line for a value that may be empty, and is left out then.
func (w infoWriter) given(name, value string) {
	if value != "" {
		w.line(name, value)
	}
}

func writeInfo(out io.Writer, info system.Info) {
	w := infoWriter{out}
	w.line("Containers", info.Containers)
	w.line(" Running", info.ContainersRunning)
	w.line(" Paused", info.ContainersPaused)
	w.line(" Stopped", info.ContainersStopped)
	w.line("Images", info.Images)
	w.given("Server Version", info.ServerVersion)
	w.given("Storage Driver", info.Driver)
	for _, pair := range info.DriverStatus {
		w.line(" "+pair[0], pair[1])
	}
	w.given("Logging Driver", info.LoggingDriver)
	w.given("Cgroup Driver", info.CgroupDriver)
	w.given("Cgroup Version", info.CgroupVersion)
	writePlugins(w, info)
	writeRuntime(w, info)
	writeSecurity(w, info.SecurityOptions)
	writeMachine(w, info)
	writeNetworking(w, info)
	w.line("Live Restore Enabled", info.LiveRestoreEnabled)
	w.given("Product License", info.ProductLicense)
	fmt.Fprintln(w)
}

func writePlugins(w infoWriter, info system.Info) {
	fmt.Fprintln(w, " Plugins:")
	w.line(" Volume", strings.Join(info.Plugins.Volume, " "))
	w.line(" Network", strings.Join(info.Plugins.Network, " "))
	if len(info.Plugins.Authorization) > 0 {
		w.line(" Authorization", strings.Join(info.Plugins.Authorization, " "))
	}
	w.line(" Log", strings.Join(info.Plugins.Log, " "))
	if len(info.CDISpecDirs) > 0 {
		fmt.Fprintln(w, " CDI spec directories:")
		for _, dir := range info.CDISpecDirs {
			fmt.Fprintf(w, "  %s\n", dir)
		}
	}
}

func writeRuntime(w infoWriter, info system.Info) {
	state := info.Swarm.LocalNodeState
	if state == "" {
		state = swarm.LocalNodeStateInactive
	}
	w.line("Swarm", state)
	if len(info.Runtimes) > 0 {
		w.line("Runtimes", strings.Join(slices.Sorted(maps.Keys(info.Runtimes)), " "))
		w.line("Default Runtime", info.DefaultRuntime)
	}
	if info.OSType == "linux" {
		w.line("Init Binary", info.InitBinary)
		w.line("containerd version", info.ContainerdCommit.ID)
		w.line("runc version", info.RuncCommit.ID)
		w.line("init version", info.InitCommit.ID)
	}
}

// writeSecurity writes options such as "name=seccomp,profile=builtin".
func writeSecurity(w infoWriter, options []string) {
	if len(options) == 0 {
		return
	}
	fmt.Fprintln(w, " Security Options:")
	for _, option := range options {
		for i, field := range strings.Split(option, ",") {
			key, value, ok := strings.Cut(field, "=")
			switch {
			case !ok:
				fmt.Fprintf(w, "  %s\n", field)
			case i == 0 && key == "name":
				fmt.Fprintf(w, "  %s\n", value)
			default:
				fmt.Fprintf(w, "   %s: %s\n", title(key), value)
			}
		}
	}
}

func writeMachine(w infoWriter, info system.Info) {
	w.given("Kernel Version", info.KernelVersion)
	w.given("Operating System", info.OperatingSystem)
	w.given("OSType", info.OSType)
	w.given("Architecture", info.Architecture)
	w.line("CPUs", info.NCPU)
	w.line("Total Memory", units.BytesSize(float64(info.MemTotal)))
	w.given("Name", info.Name)
	w.given("ID", info.ID)
	w.given("Docker Root Dir", info.DockerRootDir)
	w.line("Debug Mode", info.Debug)
	if info.Debug {
		w.line(" File Descriptors", info.NFd)
		w.line(" Goroutines", info.NGoroutines)
		w.line(" System Time", info.SystemTime)
		w.line(" EventsListeners", info.NEventsListener)
	}
}

func writeNetworking(w infoWriter, info system.Info) {
	w.given("HTTP Proxy", info.HTTPProxy)
	w.given("HTTPS Proxy", info.HTTPSProxy)
	w.given("No Proxy", info.NoProxy)
	if len(info.Labels) > 0 {
		fmt.Fprintln(w, " Labels:")
		for _, label := range info.Labels {
			fmt.Fprintf(w, "  %s\n", label)
		}
	}
	w.line("Experimental", info.ExperimentalBuild)
	writeRegistries(w, info.RegistryConfig)
	if len(info.DefaultAddressPools) > 0 {
		fmt.Fprintln(w, " Default Address Pools:")
		for _, pool := range info.DefaultAddressPools {
			fmt.Fprintf(w, "   Base: %s, Size: %d\n", pool.Base, pool.Size)
		}
	}
	if info.FirewallBackend != nil {
		w.line("Firewall Backend", info.FirewallBackend.Driver)
		for _, pair := range info.FirewallBackend.Info {
			w.line(" "+pair[0], pair[1])
		}
	}
}

func writeRegistries(w infoWriter, config *registry.ServiceConfig) {
	if config == nil {
		return
	}
	var insecure []string
	for _, index := range config.IndexConfigs {
		if !index.Secure {
			insecure = append(insecure, index.Name)
		}
	}
	slices.Sort(insecure)
	for _, network := range config.InsecureRegistryCIDRs {
		insecure = append(insecure, network.String())
	}
	if len(insecure) > 0 {
		fmt.Fprintln(w, " Insecure Registries:")
		for _, name := range insecure {
			fmt.Fprintf(w, "  %s\n", name)
		}
	}
	if len(config.Mirrors) > 0 {
		fmt.Fprintln(w, " Registry Mirrors:")
		for _, mirror := range config.Mirrors {
			fmt.Fprintf(w, "  %s\n", mirror)
		}
	}
}
