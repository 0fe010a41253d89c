package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"time"
)

// counter counts, a number at each interval: counter [--interval TIME]
// [--from N] [--file FILE]. With a file it has the newest number alone, and the
// file stays open, as a checkpoint must be able to deal with.
func counter(args []string, s streams) error {
	flags := newFlags("counter", s)
	interval := flags.String("interval", "1", "`TIME` between two numbers")
	from := flags.Int64("from", 0, "`NUMBER` to begin with")
	file := flags.String("file", "", "`FILE` to write to instead of the output")
	if err := flags.Parse(args); err != nil {
		return flagError(err)
	}
	every, err := parseTime(*interval)
	if err != nil {
		return err
	}
	write := func(n int64) error {
		_, err := fmt.Fprintln(s.out, n)
		return err
	}
	if *file != "" {
		f, err := os.OpenFile(*file, os.O_CREATE|os.O_RDWR, 0o644)
		if err != nil {
			return err
		}
		defer f.Close()
		write = func(n int64) error { return rewrite(f, fmt.Sprintln(n)) }
	}
	for n := *from; ; n++ {
		if err := write(n); err != nil {
			return err
		}
		time.Sleep(every)
	}
}

// rewrite replaces a file's text. Numbers grow, so that no reader finds the rest
// of an older one behind a newer.
func rewrite(f *os.File, text string) error {
	if _, err := f.WriteAt([]byte(text), 0); err != nil {
		return err
	}
	return f.Truncate(int64(len(text)))
}

// newFlags reads arguments and says on the error stream what is wrong with them.
func newFlags(name string, s streams) *flag.FlagSet {
	flags := flag.NewFlagSet(name, flag.ContinueOnError)
	flags.SetOutput(s.err)
	return flags
}

// flagError is the error of a program whose arguments were wrong, which has been
// said, or that was asked for help, which is none.
func flagError(err error) error {
	if errors.Is(err, flag.ErrHelp) {
		return nil
	}
	return errSaid
}
