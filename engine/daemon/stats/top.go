package stats

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/moby/moby/api/types/container"

	"github.com/callroute/callroute/engine/errdefs"
)

// defaultPsArgs are docker's.
const defaultPsArgs = "-ef"

// Top lists the processes of a container as ps does with these arguments;
// empty is -ef. pids are those of the container.
//
// It asks ps for all processes of the machine and keeps the container's, as
// docker does: ps understands many ways to name columns, and few of them can
// be combined with a list of processes.
func Top(ctx context.Context, psArgs string, pids []int) (container.TopResponse, error) {
	if psArgs == "" {
		psArgs = defaultPsArgs
	}
	if err := checkPsArgs(psArgs); err != nil {
		return container.TopResponse{}, err
	}
	ps, err := exec.LookPath("ps")
	if err != nil {
		if psArgs != defaultPsArgs {
			return container.TopResponse{}, errdefs.NotImplemented("ps is not installed on this machine: only its columns of %s can be shown", defaultPsArgs)
		}
		return listProc("/proc", pids)
	}
	args := strings.Fields(psArgs)
	output, err := exec.CommandContext(ctx, ps, args...).Output()
	if err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) && len(exit.Stderr) > 0 {
			first, _, _ := bytes.Cut(exit.Stderr, []byte("\n"))
			return container.TopResponse{}, errdefs.Invalid("ps: %s", first)
		}
		return container.TopResponse{}, errdefs.Internal("ps: %w", err)
	}
	return parsePs(output, pids)
}

// renamedPid finds arguments that give the name PID to some other column,
// which would then be taken for the process IDs.
var renamedPid = regexp.MustCompile(`\s+(\S*)=\s*(PID\S*)`)

func checkPsArgs(args string) error {
	if strings.ContainsRune(args, 0) {
		return errdefs.Invalid("invalid ps arguments")
	}
	for _, match := range renamedPid.FindAllStringSubmatch(args, -1) {
		if len(match) == 3 && match[1] != "pid" {
			return errdefs.Invalid("specifying \"%s=%s\" is not allowed", match[1], match[2])
		}
	}
	return nil
}

// parsePs keeps the lines of ps's table that are about pids.
func parsePs(output []byte, pids []int) (container.TopResponse, error) {
	lines := strings.Split(strings.TrimRight(string(output), "\n"), "\n")
	top := container.TopResponse{Titles: strings.Fields(lines[0]), Processes: [][]string{}}
	column := slices.Index(top.Titles, "PID")
	if column < 0 {
		return container.TopResponse{}, errdefs.Invalid("Couldn't find PID field in ps output")
	}
	kept := false // the last process was the container's
	for _, line := range lines[1:] {
		fields := strings.Fields(line)
		if len(fields) == 0 {
			continue
		}
		var pid string
		if column < len(fields) {
			pid = fields[column]
		}
		if pid == "-" { // a thread of the process above, with ps -m
			if kept {
				top.Processes = append(top.Processes, row(fields, len(top.Titles)))
			}
			continue
		}
		n, err := strconv.Atoi(pid)
		if err != nil {
			return container.TopResponse{}, errdefs.Internal("Unexpected pid '%s': %w", pid, err)
		}
		if kept = slices.Contains(pids, n); kept {
			top.Processes = append(top.Processes, row(fields, len(top.Titles)))
		}
	}
	return top, nil
}

// row has one cell for each title; the last holds what is left, which is a
// command with its arguments.
func row(fields []string, columns int) []string {
	if len(fields) <= columns {
		return fields
	}
	last := columns - 1
	return append(slices.Clone(fields[:last]), strings.Join(fields[last:], " "))
}

// procTitles are the columns of ps -ef.
func procTitles() []string {
	return []string{"UID", "PID", "PPID", "C", "STIME", "TTY", "TIME", "CMD"}
}

func listProc(proc string, pids []int) (container.TopResponse, error) {
	top := container.TopResponse{Titles: procTitles(), Processes: [][]string{}}
	boot, err := bootTime(proc)
	if err != nil {
		return top, fmt.Errorf("top: %w", err)
	}
	for _, pid := range slices.Sorted(slices.Values(pids)) {
		// One that is not there any more has ended meanwhile.
		if p, err := readProcess(proc, pid); err == nil {
			top.Processes = append(top.Processes, p.row(boot))
		}
	}
	return top, nil
}
