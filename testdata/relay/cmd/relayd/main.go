// Command relayd is the HTTP API in front of the sorter.
package main

import (
	"log"
	"net/http"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"example.com/relay/gateway"
)

func main() {
	cc, err := grpc.NewClient("unix:///tmp/relay-sorter.sock", grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		log.Fatal(err)
	}
	g := gateway.New(gateway.Remote(cc))
	log.Fatal(http.ListenAndServe("127.0.0.1:7373", g.Handler()))
}
