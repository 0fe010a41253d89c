// Package health asks running containers whether they do what they are for.
//
// A probe is a command that is run in the container again and again; its exit
// code is the answer. What the answers make of a container is decided by Next: it
// is starting until the first that counts, healthy after a good one, unhealthy
// after several bad ones in a row. Bad answers do not count while a container may
// still be starting.
package health

import (
	"bytes"
	"context"
	"slices"
	"time"

	"github.com/moby/moby/api/types/container"

	"github.com/callroute/callroute/engine/errdefs"
)

// What is not asked for is docker's.
const (
	defaultInterval      = 30 * time.Second
	defaultTimeout       = 30 * time.Second
	defaultStartInterval = 5 * time.Second
	defaultRetries       = 3

	keptResults = 5 // for inspect
	keptOutput  = 4096
)

// Check says what is wrong with what a person asks for.
func Check(c *container.HealthConfig) error {
	if c == nil {
		return nil
	}
	for _, d := range []struct {
		name  string
		value time.Duration
	}{{"Interval", c.Interval}, {"Timeout", c.Timeout}, {"StartPeriod", c.StartPeriod}, {"StartInterval", c.StartInterval}} {
		if d.value != 0 && d.value < container.MinimumDuration {
			return errdefs.Invalid("%s in Healthcheck cannot be less than %s", d.name, container.MinimumDuration)
		}
	}
	if c.Retries < 0 {
		return errdefs.Invalid("Retries in Healthcheck cannot be negative")
	}
	if len(c.Test) > 0 && !slices.Contains([]string{"", "NONE", "CMD", "CMD-SHELL"}, c.Test[0]) {
		return errdefs.Invalid("unknown type of Healthcheck: %q (expected CMD, CMD-SHELL or NONE)", c.Test[0])
	}
	return nil
}

// Merge is what a person asks for, with what that leaves open from the image.
func Merge(asked, image *container.HealthConfig) *container.HealthConfig {
	switch {
	case image == nil:
		return asked
	case asked == nil:
		return image
	}
	m := *asked
	if len(m.Test) == 0 {
		m.Test = image.Test
	}
	fill(&m.Interval, image.Interval)
	fill(&m.Timeout, image.Timeout)
	fill(&m.StartPeriod, image.StartPeriod)
	fill(&m.StartInterval, image.StartInterval)
	fill(&m.Retries, image.Retries)
	return &m
}

func fill[T comparable](to *T, from T) {
	var zero T
	if *to == zero {
		*to = from
	}
}

// Command is the probe's, nil if there is none. shell is the image's.
func Command(c *container.HealthConfig, shell []string) []string {
	if c == nil || len(c.Test) < 2 {
		return nil
	}
	switch c.Test[0] {
	case "CMD":
		return c.Test[1:]
	case "CMD-SHELL":
		if len(shell) == 0 {
			shell = []string{"/bin/sh", "-c"}
		}
		return append(slices.Clone(shell), c.Test[1])
	}
	return nil
}

// Begin is the health of a container that is started. Results of a former run
// are kept.
func Begin(last *container.Health) *container.Health {
	h := &container.Health{Status: container.Starting}
	if last != nil {
		h.Log = last.Log
	}
	return h
}

// End is the health of a container that has ended.
func End(last *container.Health) *container.Health {
	if last == nil {
		return nil
	}
	return &container.Health{Status: container.Unhealthy, FailingStreak: last.FailingStreak, Log: last.Log}
}

// Next is the health after another result of a container that was started at
// the given time.
func Next(last *container.Health, c *container.HealthConfig, started time.Time, r *container.HealthcheckResult) *container.Health {
	h := &container.Health{Status: last.Status, FailingStreak: last.FailingStreak, Log: append(slices.Clone(last.Log), r)}
	if len(h.Log) > keptResults {
		h.Log = h.Log[len(h.Log)-keptResults:]
	}
	if r.ExitCode == 0 {
		h.Status, h.FailingStreak = container.Healthy, 0
		return h
	}
	if h.Status == container.Starting && r.Start.Sub(started) < c.StartPeriod {
		return h
	}
	retries := c.Retries
	fill(&retries, defaultRetries)
	if h.FailingStreak++; h.FailingStreak >= retries {
		h.Status = container.Unhealthy
	}
	return h
}

// Words is what ps says of a container's health.
func Words(h *container.Health) string {
	switch {
	case h == nil || h.Status == container.NoHealthcheck:
		return ""
	case h.Status == container.Starting:
		return "health: starting"
	}
	return string(h.Status)
}

// Output is as much of what a probe prints as is kept.
type Output struct{ kept bytes.Buffer }

// Write takes all, and keeps what is needed to know that there was more.
func (o *Output) Write(p []byte) (int, error) {
	room := keptOutput + 1 - o.kept.Len()
	o.kept.Write(p[:min(room, len(p))])
	return len(p), nil
}

func (o *Output) String() string { return o.kept.String() }

// Probed is one container that is watched.
type Probed struct {
	Config  *container.HealthConfig
	Started time.Time
	// Run runs the probe; an error is that it could not be run, or that ctx
	// ended first.
	Run func(ctx context.Context) (exit int, output string, err error)
	// Health is the last one; nil if nothing is to be asked now.
	Health func() *container.Health
	// Note is told each result.
	Note func(r *container.HealthcheckResult)
}

// Watch asks until ctx ends.
func Watch(ctx context.Context, p Probed) {
	for {
		timer := time.NewTimer(p.wait())
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return
		}
		if p.Health() == nil {
			continue
		}
		result := p.probe(ctx)
		if ctx.Err() != nil {
			return
		}
		p.Note(result)
	}
}

// wait is the time to the next probe: a shorter one while a container may still
// be starting.
func (p Probed) wait() time.Duration {
	wait := p.Config.Interval
	fill(&wait, defaultInterval)
	h := p.Health()
	if h != nil && h.Status == container.Starting && time.Since(p.Started) < p.Config.StartPeriod {
		wait = p.Config.StartInterval
		fill(&wait, defaultStartInterval)
	}
	return wait
}

func (p Probed) probe(ctx context.Context) *container.HealthcheckResult {
	timeout := p.Config.Timeout
	fill(&timeout, defaultTimeout)
	limited, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	r := &container.HealthcheckResult{Start: time.Now()}
	var err error
	r.ExitCode, r.Output, err = p.Run(limited)
	r.End = time.Now()
	if len(r.Output) > keptOutput {
		r.Output = r.Output[:keptOutput] + "..."
	}
	switch {
	case limited.Err() != nil:
		r.ExitCode = -1
		r.Output = "Health check exceeded timeout (" + timeout.String() + ")" + colon(r.Output)
	case err != nil:
		r.ExitCode, r.Output = -1, err.Error()
	}
	return r
}

func colon(text string) string {
	if text == "" {
		return ""
	}
	return ": " + text
}
