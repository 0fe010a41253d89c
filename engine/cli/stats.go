package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/docker/go-units"
	"github.com/moby/moby/api/types/container"
	"github.com/morikuni/aec"
	"github.com/spf13/cobra"

	"github.com/callroute/callroute/engine/api/client"
	"github.com/callroute/callroute/engine/api/types"
)

type statsOptions struct {
	all, noStream, noTrunc bool

	format string
}

func newStats(cli *Program) *cobra.Command {
	var opts statsOptions
	cmd := &cobra.Command{
		Use:   "stats [OPTIONS] [CONTAINER...]",
		Short: "Display a live stream of container(s) resource usage statistics",
		Example: `  engine stats
  engine stats --no-stream --format "{{.Name}}: {{.MemUsage}}" web`,
		ValidArgsFunction: completeContainers(cli, isRunning),
		RunE: func(cmd *cobra.Command, args []string) error {
			return runStats(cmd.Context(), cli, opts, args)
		},
	}
	flags := cmd.Flags()
	flags.BoolVarP(&opts.all, "all", "a", false, "Show all containers (default shows just running)")
	flags.BoolVar(&opts.noStream, "no-stream", false, "Disable streaming stats and only pull the first result")
	flags.BoolVar(&opts.noTrunc, "no-trunc", false, "Do not truncate output")
	flags.StringVar(&opts.format, "format", "", formatFlag)
	return cmd
}

// refresh is how often the picture is drawn again.
const refresh = 500 * time.Millisecond

func runStats(ctx context.Context, cli *Program, opts statsOptions, names []string) error {
	ctx, end := context.WithCancel(ctx)
	defer end()
	board := &statsBoard{Program: cli, opts: opts}
	if len(names) > 0 {
		for _, name := range names {
			board.watch(ctx, name)
		}
	} else if err := board.watchAll(ctx); err != nil {
		return err
	}
	board.first.Wait()
	if err := board.failure(); err != nil {
		return err
	}
	if opts.noStream {
		return board.draw(cli.Out)
	}
	return board.follow(ctx, len(names) > 0)
}

// statsBoard holds the last reading of each container.
type statsBoard struct {
	*Program
	opts  statsOptions
	first sync.WaitGroup // until each has one reading

	mu       sync.Mutex
	readings []*reading
}

// reading is what is known of one container.
type reading struct {
	row  statsRow
	err  error
	over bool
}

// watchAll watches the containers there are, and those that start.
func (b *statsBoard) watchAll(ctx context.Context) error {
	if !b.opts.noStream {
		filters := types.Filters{"type": {"container"}, "event": {"start"}}
		events, err := b.System.Events(ctx, types.EventsOptions{Filters: filters})
		if err != nil {
			return err
		}
		go func() {
			defer events.Close()
			for {
				event, err := events.Next()
				if err != nil {
					return // with the daemon or ctx
				}
				b.watch(ctx, event.Actor.ID)
			}
		}()
	}
	containers, err := b.Containers.List(ctx, types.ListOptions{All: b.opts.all})
	if err != nil {
		return err
	}
	for _, c := range containers {
		b.watch(ctx, c.ID)
	}
	return nil
}

// watch reads a container's use of resources until it ends, or once.
func (b *statsBoard) watch(ctx context.Context, name string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, r := range b.readings {
		if r.row.Container == name && !r.over {
			return
		}
	}
	r := &reading{row: statsRow{
		Container: name, ID: name, Name: "--", CPUPerc: "--", MemUsage: "-- / --", MemPerc: "--",
		NetIO: "--", BlockIO: "--", PIDs: "--",
	}}
	b.readings = append(b.readings, r)
	mode := client.StatsStream
	if b.opts.noStream {
		mode = client.StatsOnce
	}
	b.first.Add(1)
	go func() {
		first := sync.OnceFunc(b.first.Done)
		defer first()
		err := b.read(ctx, r, mode, first)
		b.mu.Lock()
		defer b.mu.Unlock()
		r.over = true
		if !errors.Is(err, io.EOF) && ctx.Err() == nil {
			r.err = err
		}
	}()
}

func (b *statsBoard) read(ctx context.Context, r *reading, mode client.StatsMode, first func()) error {
	stats, err := b.Containers.Stats(ctx, r.row.Container, mode)
	if err != nil {
		return err
	}
	defer stats.Close()
	for {
		s, err := stats.Next()
		if err != nil {
			return err
		}
		b.mu.Lock()
		r.row = newStatsRow(r.row.Container, s, b.opts.noTrunc)
		b.mu.Unlock()
		first()
	}
}

// failure is why containers could not be read at all.
func (b *statsBoard) failure() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	var failed []error
	for _, r := range b.readings {
		if r.err != nil {
			failed = append(failed, r.err)
		}
	}
	return errors.Join(failed...)
}

// follow draws the board again and again. When it was asked for certain
// containers, it ends with the last of them.
func (b *statsBoard) follow(ctx context.Context, untilEnd bool) error {
	_, onTerminal := terminal(b.Out)
	tick := time.NewTicker(refresh)
	defer tick.Stop()
	for {
		var rows bytes.Buffer
		if err := b.draw(&rows); err != nil {
			return err
		}
		picture := rows.String()
		if onTerminal {
			picture = overdraw(picture)
		}
		if _, err := io.WriteString(b.Out, picture); err != nil {
			return err
		}
		if untilEnd && b.allOver() {
			return b.failure()
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

// overdraw puts a picture over the one before: what is left of that goes, and
// the terminal is never empty in between.
func overdraw(picture string) string {
	lines := strings.ReplaceAll(picture, "\n", aec.EraseLine(aec.EraseModes.Tail).String()+"\n")
	return aec.Position(1, 1).String() + lines + aec.EraseDisplay(aec.EraseModes.Tail).String()
}

func (b *statsBoard) allOver() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, r := range b.readings {
		if !r.over {
			return false
		}
	}
	return true
}

func (b *statsBoard) draw(w io.Writer) error {
	t := table[statsRow]{
		format: b.opts.format,
		usual:  "{{.ID}}\t{{.Name}}\t{{.CPUPerc}}\t{{.MemUsage}}\t{{.MemPerc}}\t{{.NetIO}}\t{{.BlockIO}}\t{{.PIDs}}",
		header: statsRow{
			BlockIO: "BLOCK I/O", CPUPerc: "CPU %", Container: "CONTAINER", ID: "CONTAINER ID",
			MemPerc: "MEM %", MemUsage: "MEM USAGE / LIMIT", Name: "NAME", NetIO: "NET I/O", PIDs: "PIDS",
		},
	}
	var rows []statsRow
	b.mu.Lock()
	for _, r := range b.readings {
		if !r.over || b.opts.noStream {
			rows = append(rows, r.row)
		}
	}
	b.mu.Unlock()
	return t.write(w, rows)
}

// statsRow is a line of stats.
type statsRow struct {
	BlockIO   string
	CPUPerc   string
	Container string
	ID        string
	MemPerc   string
	MemUsage  string
	Name      string
	NetIO     string
	PIDs      string
}

func newStatsRow(name string, s container.StatsResponse, noTrunc bool) statsRow {
	row := statsRow{
		Container: name, ID: s.ID, Name: s.Name,
		CPUPerc: fmt.Sprintf("%.2f%%", cpuPercent(s)),
		PIDs:    strconv.FormatUint(s.PidsStats.Current, 10),
	}
	if len(row.Name) > 1 && row.Name[0] == '/' {
		row.Name = row.Name[1:]
	}
	if !noTrunc {
		row.ID = shortID(s.ID)
		row.Container = name
		if name == s.ID {
			row.Container = row.ID
		}
	}
	used, limit := memoryUsed(s.MemoryStats), float64(s.MemoryStats.Limit)
	row.MemUsage = units.BytesSize(used) + " / " + units.BytesSize(limit)
	row.MemPerc = "0.00%"
	if limit != 0 {
		row.MemPerc = fmt.Sprintf("%.2f%%", used/limit*100)
	}
	var received, sent float64
	for _, n := range s.Networks {
		received += float64(n.RxBytes)
		sent += float64(n.TxBytes)
	}
	row.NetIO = units.HumanSizeWithPrecision(received, 3) + " / " + units.HumanSizeWithPrecision(sent, 3)
	var read, written float64
	for _, e := range s.BlkioStats.IoServiceBytesRecursive {
		switch e.Op {
		case "Read", "read":
			read += float64(e.Value)
		case "Write", "write":
			written += float64(e.Value)
		}
	}
	row.BlockIO = units.HumanSizeWithPrecision(read, 3) + " / " + units.HumanSizeWithPrecision(written, 3)
	return row
}

// cpuPercent is the share of one processor that was used between two readings:
// 200 is two processors.
func cpuPercent(s container.StatsResponse) float64 {
	used := float64(s.CPUStats.CPUUsage.TotalUsage) - float64(s.PreCPUStats.CPUUsage.TotalUsage)
	all := float64(s.CPUStats.SystemUsage) - float64(s.PreCPUStats.SystemUsage)
	online := float64(s.CPUStats.OnlineCPUs)
	if online == 0 {
		online = float64(len(s.CPUStats.CPUUsage.PercpuUsage))
	}
	if used <= 0 || all <= 0 {
		return 0
	}
	return used / all * online * 100
}

// memoryUsed leaves out the cache of files that nobody reads at the moment,
// under its name in cgroup v1 or v2: the kernel gives it back when it must.
func memoryUsed(m container.MemoryStats) float64 {
	for _, name := range []string{"total_inactive_file", "inactive_file"} {
		if cache, ok := m.Stats[name]; ok && cache < m.Usage {
			return float64(m.Usage - cache)
		}
	}
	return float64(m.Usage)
}
