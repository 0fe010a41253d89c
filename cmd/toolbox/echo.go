package main

import (
	"io"
	"strings"
)

// echo writes its arguments: echo [-n] [ARGUMENT...]
func echo(args []string, s streams) error {
	end := "\n"
	if len(args) > 0 && args[0] == "-n" {
		args, end = args[1:], ""
	}
	_, err := io.WriteString(s.out, strings.Join(args, " ")+end)
	return err
}
