// Engine is the container engine's command line. It asks the daemon, engined,
// over a socket and does nothing itself.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/callroute/callroute/engine/cli"
)

// version is set when the program is built.
var version = "0.1.0"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// Whoever asks twice means it.
	context.AfterFunc(ctx, stop)
	code := cli.Execute(ctx, cli.Config{
		Streams: cli.Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr},
		Host:    os.Getenv("ENGINE_HOST"),
		Version: version,
	}, os.Args[1:])
	stop()
	os.Exit(code)
}
