//go:build unix

// Measure runs commands by turns and compares the cpu time and the peak memory they
// take, children included.
//
//	measure [-n RUNS] [-dir DIR] NAME COMMAND... :: NAME COMMAND... [:: ...]
//
// With -table it prints the medians alone, as a table of Markdown.
//
// One round of runs goes first and is not counted: it fills the caches of the
// file system and of the go command, from which both sides profit. Taking
// turns keeps a slow spell of the machine from hitting one side only.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"syscall"
	"text/tabwriter"
	"time"
)

func main() {
	runs := flag.Int("n", 3, "counted `RUNS` of each command")
	dir := flag.String("dir", ".", "`DIR` to run in")
	table := flag.Bool("table", false, "print the medians, as a table of Markdown")
	flag.Parse()
	show := compare
	if *table {
		show = markdown
	}
	if err := measure(*dir, *runs, flag.Args(), func(sides []*side) error { return show(os.Stdout, sides) }); err != nil {
		fmt.Fprintln(os.Stderr, "measure:", err)
		os.Exit(2)
	}
}

// measure runs the commands and has their uses printed.
func measure(dir string, runs int, args []string, show func([]*side) error) error {
	var sides []*side
	for len(args) > 0 {
		end := slices.Index(args, "::")
		if end < 0 {
			end = len(args)
		}
		if end < 2 {
			return errUsage
		}
		sides = append(sides, &side{name: args[0], command: args[1:end]})
		args = args[min(end+1, len(args)):]
	}
	if len(sides) < 2 || runs < 1 {
		return errUsage
	}
	for i := range runs + 1 {
		for _, s := range sides {
			u, err := s.run(dir)
			if err != nil {
				return err
			}
			if i > 0 {
				s.uses = append(s.uses, u)
			}
		}
	}
	return show(sides)
}

var errUsage = errors.New("want NAME COMMAND... :: NAME COMMAND... and at least one run")

// side is one of the commands that are compared.
type side struct {
	name    string
	command []string
	uses    []usage
}

// usage is what one run took.
type usage struct {
	cpu, wall time.Duration
	peak      int64 // bytes
}

func (s *side) run(dir string) (usage, error) {
	cmd := exec.Command(s.command[0], s.command[1:]...)
	cmd.Dir, cmd.Stderr = dir, os.Stderr
	start := time.Now()
	if err := cmd.Run(); err != nil {
		return usage{}, fmt.Errorf("%s: %w", s.name, err)
	}
	u := usage{
		cpu:  cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(),
		wall: time.Since(start),
	}
	if r, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		u.peak = int64(r.Maxrss) << 10 //nolint:unconvert // int32 on 32-bit systems
		if runtime.GOOS == "darwin" {
			u.peak = int64(r.Maxrss) //nolint:unconvert // bytes there, kilobytes elsewhere
		}
	}
	return u, nil
}

func compare(w io.Writer, sides []*side) error {
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(tw, "\tcpu s\twall s\tpeak MB\t\n")
	for i := range sides[0].uses {
		for _, s := range sides {
			fmt.Fprintf(tw, "%s %d\t%s\n", s.name, i+1, s.uses[i])
		}
	}
	for _, s := range sides {
		fmt.Fprintf(tw, "%s median\t%s\n", s.name, s.median())
	}
	a := sides[0].median()
	for _, s := range sides[1:] {
		b := s.median()
		fmt.Fprintf(tw, "%s / %s\t%.2f\t%.2f\t%.2f\t\n", s.name, sides[0].name,
			ratio(b.cpu, a.cpu), ratio(b.wall, a.wall), ratio(b.peak, a.peak))
	}
	return tw.Flush()
}

func markdown(w io.Writer, sides []*side) error {
	out := "| | cpu s | wall s | peak MB |\n|---|---:|---:|---:|\n"
	for _, s := range sides {
		u := s.median()
		out += fmt.Sprintf("| %s | %.2f | %.2f | %.1f |\n", s.name, u.cpu.Seconds(), u.wall.Seconds(), float64(u.peak)/(1<<20))
	}
	_, err := io.WriteString(w, out)
	return err
}

func (u usage) String() string {
	return fmt.Sprintf("%.2f\t%.2f\t%.1f\t", u.cpu.Seconds(), u.wall.Seconds(), float64(u.peak)/(1<<20))
}

// median takes the median of each figure by itself.
func (s *side) median() usage {
	return usage{
		cpu:  middle(s.uses, func(u usage) time.Duration { return u.cpu }),
		wall: middle(s.uses, func(u usage) time.Duration { return u.wall }),
		peak: middle(s.uses, func(u usage) int64 { return u.peak }),
	}
}

func middle[T ~int64](uses []usage, figure func(usage) T) T {
	all := make([]T, len(uses))
	for i, u := range uses {
		all[i] = figure(u)
	}
	slices.Sort(all)
	n := len(all)
	return (all[(n-1)/2] + all[n/2]) / 2
}

func ratio[T ~int64](a, b T) float64 { return float64(a) / float64(b) }
