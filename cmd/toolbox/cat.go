package main

import (
	"errors"
	"fmt"
	"io"
	"os"
)

// cat writes what is in files, or in its input: cat [FILE|-...]
func cat(args []string, s streams) error {
	if len(args) == 0 {
		args = []string{"-"}
	}
	var failed error
	for _, name := range args {
		switch err := catOne(name, s); {
		case errors.Is(err, errWrite):
			return err
		case err != nil:
			fmt.Fprintf(s.err, "cat: %v\n", err)
			failed = errSaid
		}
	}
	return failed
}

func catOne(name string, s streams) error {
	in := s.in
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return err
		}
		defer f.Close()
		in = f
	}
	_, err := io.Copy(writer{s.out}, in)
	return err
}

// errWrite says that it is the output that failed.
var errWrite = errors.New("write error")

type writer struct{ io.Writer }

func (w writer) Write(p []byte) (int, error) {
	n, err := w.Writer.Write(p)
	if err != nil {
		err = fmt.Errorf("%w: %w", errWrite, err)
	}
	return n, err
}
