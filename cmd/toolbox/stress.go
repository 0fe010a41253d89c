package main

import (
	"errors"
	"fmt"
	"math"
	"os"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// stress uses processors and memory: stress [--cpu N] [--vm BYTES]
// [--timeout TIME]. Bytes may end in k, m or g.
func stress(args []string, s streams) error {
	flags := newFlags("stress", s)
	cpu := flags.Int("cpu", 0, "`NUMBER` of processors to keep busy")
	vm := flags.String("vm", "", "`BYTES` of memory to keep in use")
	timeout := flags.String("timeout", "infinity", "`TIME` to go on for")
	if err := flags.Parse(args); err != nil {
		return flagError(err)
	}
	limit, err := parseTime(*timeout)
	if err != nil {
		return err
	}
	bytes, err := parseBytes(*vm)
	if err != nil {
		return err
	}
	if *cpu <= 0 && bytes == 0 {
		return errors.New("nothing to do: say --cpu or --vm")
	}
	// A limit of the cgroup on processors lowers it, and is what is to be felt.
	runtime.GOMAXPROCS(max(runtime.GOMAXPROCS(0), *cpu+1))
	for range *cpu {
		go func() {
			for n := 0; ; n++ {
				spin(n)
			}
		}()
	}
	if bytes > 0 {
		go keep(make([]byte, bytes))
	}
	time.Sleep(limit)
	return nil
}

// spin is work that is not left out.
//
//go:noinline
func spin(int) {}

// keep uses all pages of some memory, again and again, so that none is swapped
// out or shared.
func keep(memory []byte) {
	page := os.Getpagesize()
	for turn := byte(1); ; turn++ {
		for i := 0; i < len(memory); i += page {
			memory[i] = turn
		}
		time.Sleep(100 * time.Millisecond)
	}
}

func parseBytes(text string) (int, error) {
	if text == "" {
		return 0, nil
	}
	number, shift := strings.ToLower(strings.TrimSuffix(strings.ToLower(text), "b")), 0
	if n := len(number) - 1; n > 0 {
		if i := strings.IndexByte("kmg", number[n]); i >= 0 {
			number, shift = number[:n], 10*(i+1)
		}
	}
	value, err := strconv.ParseInt(number, 10, 64)
	if err != nil || value < 0 || value > math.MaxInt64>>shift {
		return 0, fmt.Errorf("invalid size %q", text)
	}
	return int(value << shift), nil
}
