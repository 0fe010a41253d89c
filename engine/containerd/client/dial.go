package client

import (
	"context"
	"net"
	"path"
	"time"

	"github.com/containerd/containerd/v2/pkg/namespaces"
	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"

	"github.com/callroute/callroute/engine/errdefs"
)

const (
	// maxMessage is containerd's.
	maxMessage = 16 << 20
	// readyTime is how long a request waits for a containerd that does not
	// answer, as while it is restarted.
	readyTime = 20 * time.Second
	// lastDelay is the longest pause between two attempts to connect. gRPC's own
	// is two minutes, as for a server that many wait for.
	lastDelay = 500 * time.Millisecond
)

// dial makes a connection, which is not opened before it is needed. Each request
// over it carries the namespace.
func dial(c Config) (*grpc.ClientConn, error) {
	pauses := backoff.Config{BaseDelay: 20 * time.Millisecond, Multiplier: 1.6, Jitter: 0.2, MaxDelay: lastDelay}
	// The path is handed to the dialer as it is: in a target of the scheme unix
	// some characters would mean something.
	return grpc.NewClient("passthrough:///containerd",
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "unix", c.Address)
		}),
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithConnectParams(grpc.ConnectParams{Backoff: pauses, MinConnectTimeout: readyTime}),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(maxMessage), grpc.MaxCallSendMsgSize(maxMessage)),
		grpc.WithUnaryInterceptor(func(ctx context.Context, method string, req, reply any, conn *grpc.ClientConn, invoke grpc.UnaryInvoker, opts ...grpc.CallOption) error {
			ctx = namespaces.WithNamespace(ctx, c.Namespace)
			for attempt := 1; ; attempt++ {
				if err := ready(ctx, conn, c.Address); err != nil {
					return err
				}
				err := invoke(ctx, method, req, reply, conn, opts...)
				if status.Code(err) != codes.Unavailable || !reads(method) || attempt == mostReads {
					return err
				}
			}
		}),
		grpc.WithStreamInterceptor(func(ctx context.Context, desc *grpc.StreamDesc, conn *grpc.ClientConn, method string, open grpc.Streamer, opts ...grpc.CallOption) (grpc.ClientStream, error) {
			if err := ready(ctx, conn, c.Address); err != nil {
				return nil, err
			}
			return open(namespaces.WithNamespace(ctx, c.Namespace), desc, conn, method, opts...)
		}),
	)
}

// mostReads is how often a request that only reads is sent: the connection may
// be found to be gone only when it is used, or go while the answer is awaited.
const mostReads = 3

// reads reports whether a method changes nothing and answers at once, so that it
// can be asked again.
func reads(method string) bool {
	switch path.Base(method) {
	case "Get", "List", "ListPids", "ListResources", "ListStatuses", "Status", "Stat", "Info", "Usage", "Mounts", "Metrics", "Version", "Server", "Plugins", "PluginInfo":
		return true
	}
	return false
}

// ready waits until there is a connection.
func ready(ctx context.Context, conn *grpc.ClientConn, address string) error {
	state := conn.GetState()
	if state == connectivity.Ready {
		return nil
	}
	limited, cancel := context.WithTimeout(ctx, readyTime)
	defer cancel()
	for ; state != connectivity.Ready; state = conn.GetState() {
		if state == connectivity.Shutdown {
			return errdefs.Unavailable("the connection to containerd is closed")
		}
		conn.Connect()
		if conn.WaitForStateChange(limited, state) {
			continue
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		return errdefs.Unavailable("containerd does not answer on %s", address)
	}
	return nil
}
