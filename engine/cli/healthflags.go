package cli

import (
	"errors"
	"time"

	"github.com/moby/moby/api/types/container"
	"github.com/spf13/pflag"
)

// healthFlags say how the engine finds out whether a container does what it is
// for.
type healthFlags struct {
	command                                       string
	interval, timeout, startPeriod, startInterval time.Duration
	retries                                       int
	none                                          bool
}

func (h *healthFlags) addTo(flags *pflag.FlagSet) {
	flags.StringVar(&h.command, "health-cmd", "", "Command to run to check health")
	flags.DurationVar(&h.interval, "health-interval", 0, "Time between running the check (ms|s|m|h) (default 0s)")
	flags.IntVar(&h.retries, "health-retries", 0, "Consecutive failures needed to report unhealthy")
	flags.DurationVar(&h.timeout, "health-timeout", 0, "Maximum time to allow one check to run (ms|s|m|h) (default 0s)")
	flags.DurationVar(&h.startPeriod, "health-start-period", 0, "Start period for the container to initialize before starting health-retries countdown (ms|s|m|h) (default 0s)")
	flags.DurationVar(&h.startInterval, "health-start-interval", 0, "Time between running the check during the start period (ms|s|m|h) (default 0s)")
	flags.BoolVar(&h.none, "no-healthcheck", false, "Disable any container-specified HEALTHCHECK")
}

// config is what the flags ask for, nil if that is left to the image.
func (h *healthFlags) config() (*container.HealthConfig, error) {
	asked := container.HealthConfig{
		Interval: h.interval, Timeout: h.timeout, StartPeriod: h.startPeriod, StartInterval: h.startInterval, Retries: h.retries,
	}
	asks := h.command != "" || h.interval != 0 || h.timeout != 0 || h.startPeriod != 0 || h.startInterval != 0 || h.retries != 0
	switch {
	case h.none && asks:
		return nil, errors.New("--no-healthcheck conflicts with --health-* options")
	case h.none:
		return &container.HealthConfig{Test: []string{"NONE"}}, nil
	case !asks:
		return nil, nil
	}
	for _, d := range []struct {
		flag  string
		value time.Duration
	}{{"--health-interval", h.interval}, {"--health-timeout", h.timeout}, {"--health-start-period", h.startPeriod}, {"--health-start-interval", h.startInterval}} {
		if d.value < 0 {
			return nil, errors.New(d.flag + " cannot be negative")
		}
	}
	if h.retries < 0 {
		return nil, errors.New("--health-retries cannot be negative")
	}
	if h.command != "" {
		asked.Test = []string{"CMD-SHELL", h.command}
	}
	return &asked, nil
}
