// Command callroute-graphviz makes a picture of a graph: it reads DOT from
// standard input and writes SVG or PNG, as its argument says, to standard
// output. callroute starts it. It is a program of its own because Graphviz as a
// library costs every start of the program that it is part of.
//
// The library keeps compiled code in a folder under TMPDIR, so whoever starts
// this program should name one there that nobody else can write.
package main

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/callroute/callroute/analyzer/draw"
)

func main() {
	if err := run(os.Args[1:], os.Stdin, os.Stdout); err != nil {
		fmt.Fprintf(os.Stderr, "callroute-graphviz: %v\n", err)
		os.Exit(2)
	}
}

func run(args []string, in io.Reader, out io.Writer) error {
	if len(args) != 1 {
		return fmt.Errorf("usage: callroute-graphviz svg|png < graph.dot > picture")
	}
	dot, err := io.ReadAll(in)
	if err != nil {
		return err
	}
	picture, err := draw.Draw(context.Background(), dot, draw.Format(args[0]))
	if err != nil {
		return err
	}
	_, err = out.Write(picture)
	return err
}
