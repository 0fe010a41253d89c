package container

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"strconv"
	"strings"
)

// Processes are the ids of the container's processes, as the host sees them.
func (r *Runtime) Processes(id string) ([]int, error) {
	c, err := r.load(id)
	if err != nil {
		return nil, err
	}
	return c.Processes()
}

// Top is the output of the host's ps, cut down to the container's processes.
// args are arguments of ps; without any it is -ef.
func (r *Runtime) Top(ctx context.Context, id string, args []string) (string, error) {
	pids, err := r.Processes(id)
	if err != nil {
		return "", err
	}
	if len(args) == 0 {
		args = []string{"-ef"}
	}
	out, err := exec.CommandContext(ctx, "ps", args...).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("ps: %w: %s", err, bytes.TrimSpace(out))
	}
	return onlyPIDs(string(out), pids)
}

// onlyPIDs keeps the title and the lines whose PID is among pids.
func onlyPIDs(table string, pids []int) (string, error) {
	title, rows, _ := strings.Cut(table, "\n")
	column := slices.Index(strings.Fields(title), "PID")
	if column < 0 {
		return "", errors.New("couldn't find PID field in ps output")
	}
	var kept strings.Builder
	kept.WriteString(title + "\n")
	for row := range strings.Lines(rows) {
		fields := strings.Fields(row)
		if len(fields) <= column {
			continue
		}
		pid, err := strconv.Atoi(fields[column])
		if err != nil {
			return "", fmt.Errorf("unable to parse pid: %w", err)
		}
		if slices.Contains(pids, pid) {
			kept.WriteString(row)
		}
	}
	return kept.String(), nil
}
