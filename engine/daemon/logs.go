package daemon

import (
	"bufio"
	"context"
	"io"
	"time"

	"github.com/callroute/callroute/engine/api/types"
	"github.com/callroute/callroute/engine/daemon/logs"
	"github.com/callroute/callroute/engine/daemon/stream"
	"github.com/callroute/callroute/engine/errdefs"
)

// Logs writes what a container has written, and with Follow what it writes.
func (d *console) Logs(ctx context.Context, name string, o types.LogsOptions, open types.OpenWriter) error {
	c, err := d.containers.Get(name)
	if err != nil {
		return err
	}
	if !o.Stdout && !o.Stderr {
		return errdefs.Invalid("Bad parameters: you must choose at least one stream")
	}
	r := c.Snapshot()
	config, err := readConfig(o)
	if err != nil {
		return err
	}
	config.Path, config.Driver, config.Options = logPath(r, c.Dir), r.HostConfig.LogConfig.Type, r.HostConfig.LogConfig.Config
	if err := logs.CheckRead(config.Driver, config.Options); err != nil {
		return err
	}
	if run := running(c); run != nil {
		config.Log = run.log
	}
	kind := types.Multiplexed
	if r.Config.Tty {
		kind = types.Raw
	}
	// The answer is flushed at each write, which would be at each line.
	out := bufio.NewWriterSize(open(kind), bufferedLog)
	config.Flush = out.Flush
	var stdout, stderr io.Writer = out, out
	if kind == types.Multiplexed {
		frames := stream.NewFrames(out)
		stdout, stderr = frames.Stdout(), frames.Stderr()
	}
	return logs.Read(ctx, config, stdout, stderr)
}

// bufferedLog is how much of a log goes to the client at once.
const bufferedLog = 64 << 10

func readConfig(o types.LogsOptions) (logs.ReadConfig, error) {
	c := logs.ReadConfig{Stdout: o.Stdout, Stderr: o.Stderr, Follow: o.Follow, Timestamps: o.Timestamps, Details: o.Details}
	now := time.Now()
	var err error
	if c.Since, err = logs.ParseTime(o.Since, now); err != nil {
		return c, err
	}
	if c.Until, err = logs.ParseTime(o.Until, now); err != nil {
		return c, err
	}
	c.Tail = logs.ParseTail(o.Tail)
	return c, nil
}
