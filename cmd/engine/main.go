// Command engine is the container engine's command line: docker's commands,
// asked of engined, or of any daemon that serves docker's API. It has docker's
// place.
package main

import (
	"context"
	"os"

	"github.com/callroute/callroute/engine/cli"
)

// release is the engine's version.
const release = "0.1.0"

func main() {
	ctx, stop := cli.WithSignals(context.Background())
	code := cli.Execute(ctx, cli.Config{
		Streams: cli.Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr},
		Host:    os.Getenv("ENGINE_HOST"),
		Version: release,
	}, os.Args[1:])
	stop()
	os.Exit(code)
}
