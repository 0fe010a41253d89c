// Command sorter accepts letters and sends a courier with each.
package main

import (
	"context"
	"log"
	"net"
	"os"

	"google.golang.org/grpc"

	"example.com/relay/api/letters"
)

const socket = "/tmp/relay-sorter.sock"

func main() {
	_ = os.Remove(socket)
	l, err := net.Listen("unix", socket)
	if err != nil {
		log.Fatal(err)
	}
	s := grpc.NewServer(grpc.UnaryInterceptor(logCalls))
	letters.RegisterSorterServer(s, &sorter{folder: "/tmp/relay"})
	log.Fatal(s.Serve(l))
}

func logCalls(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	log.Print(info.FullMethod)
	return handler(ctx, req)
}
