package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"runtime/debug"
	"sync"
	"syscall"
	"time"

	"github.com/containerd/go-runc"
	"github.com/containerd/ttrpc"

	"github.com/callroute/callroute/engine/shim/bundle"
	"github.com/callroute/callroute/engine/shim/events"
	"github.com/callroute/callroute/engine/shim/process"
	"github.com/callroute/callroute/engine/shim/server"
	"github.com/callroute/callroute/engine/shim/types"
)

const (
	// inheritedSocket is the descriptor that start hands over.
	inheritedSocket = 3
	// flushTimeout is how long the last events may take to be sent.
	flushTimeout = 5 * time.Second
	// gcPercent keeps the heap small: a machine runs as many shims as
	// containers, and a shim rarely works.
	gcPercent = 50
)

// serve puts the parts together and serves until containerd asks for the end.
func serve(inv invocation) error {
	debug.SetGCPercent(gcPercent)
	// The container would be left without anybody to tell of its end. The
	// signals that are sent to stop programs are not for the shim. They are
	// received and dropped: an ignored signal would be ignored by the container
	// too, which inherits that.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGHUP, syscall.SIGINT, syscall.SIGTERM, syscall.SIGPIPE)

	log := newLog(inv)
	listener, err := serverSocket(inv)
	if err != nil {
		return err
	}
	socket := listener.Addr().String()
	defer os.Remove(socket)

	reaper := process.NewReaper()
	if err := reaper.Run(context.Background()); err != nil {
		return err
	}
	runc.Monitor = reaper // go-runc's own would wait for children that the reaper takes

	publisher := events.NewPublisher(os.Getenv("TTRPC_ADDRESS"), inv.namespace, log)
	done := make(chan struct{})
	task := process.New(process.Config{
		Reaper: reaper,
		Events: publisher,
		Log:    log,
		NewRuntime: func(req types.Create) (process.Runtime, error) {
			return process.NewRunc(process.RuncConfig{
				Namespace: inv.namespace,
				Bundle:    req.Bundle,
				Options:   req.Options,
				Reaper:    reaper,
			})
		},
		Shutdown: sync.OnceFunc(func() { close(done) }),
	})

	srv, err := ttrpc.NewServer()
	if err != nil {
		return err
	}
	server.Register(srv, task)
	failed := make(chan error, 1)
	go func() { failed <- srv.Serve(context.Background(), listener) }()
	log.Debug("serving", "id", inv.id, "pid", os.Getpid())

	select {
	case err := <-failed:
		return fmt.Errorf("serve: %w", err)
	case <-done:
	}
	ctx, cancel := context.WithTimeout(context.Background(), flushTimeout)
	defer cancel()
	if err := publisher.Close(ctx); err != nil {
		log.Warn("shutdown", "error", err)
	}
	return srv.Close()
}

// serverSocket is the socket that start has made, or one at -socket.
func serverSocket(inv invocation) (net.Listener, error) {
	if inv.socket != "" {
		return listen(inv.socket)
	}
	f := os.NewFile(inheritedSocket, "socket")
	defer f.Close()
	listener, err := net.FileListener(f)
	if err != nil {
		return nil, errors.New("no socket was inherited: use start, or -socket")
	}
	return listener, nil
}

// newLog logs to the fifo that containerd reads, in the bundle. Without one
// nobody reads, and the log is dropped.
func newLog(inv invocation) *slog.Logger {
	level := slog.LevelInfo
	if inv.debug {
		level = slog.LevelDebug
	}
	to := io.Discard
	// For reading too: else opening would fail while containerd is away, and
	// writing would end the shim when it goes.
	fifo, err := os.OpenFile(filepath.Join(inv.bundle, bundle.ShimLog), os.O_RDWR|syscall.O_NONBLOCK, 0)
	if err == nil {
		to = impatient{fifo}
	}
	return slog.New(slog.NewTextHandler(to, &slog.HandlerOptions{Level: level})).With("shim", inv.id)
}

// impatient writes to a fifo that may be full because nobody reads it. The
// shim must not hang for that; the line is dropped.
type impatient struct{ fifo *os.File }

func (w impatient) Write(line []byte) (int, error) {
	const patience = 100 * time.Millisecond
	if err := w.fifo.SetWriteDeadline(time.Now().Add(patience)); err != nil {
		return 0, err
	}
	return w.fifo.Write(line)
}
