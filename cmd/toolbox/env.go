package main

import (
	"errors"
	"fmt"
	"os"
)

// env writes the environment, a variable a line.
func env(args []string, s streams) error {
	if len(args) > 0 {
		return errors.New("it takes no arguments")
	}
	for _, variable := range os.Environ() {
		if _, err := fmt.Fprintln(s.out, variable); err != nil {
			return err
		}
	}
	return nil
}
