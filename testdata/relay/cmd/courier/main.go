// Command courier carries letters to the scribe.
package main

import (
	"context"
	"net"
	"os"

	"github.com/containerd/ttrpc"
	"github.com/spf13/cobra"

	"example.com/relay/api/rounds"
)

func main() {
	root := &cobra.Command{Use: "courier"}
	root.AddCommand(newServeCommand(), newRestCommand())
	if root.Execute() != nil {
		os.Exit(1)
	}
}

func newServeCommand() *cobra.Command {
	var socket, folder string
	cmd := &cobra.Command{
		Use: "serve",
		RunE: func(cmd *cobra.Command, args []string) error {
			return serve(socket, &service{folder})
		},
	}
	cmd.Flags().StringVar(&socket, "socket", "", "where to listen")
	cmd.Flags().StringVar(&folder, "folder", ".", "where letters are kept")
	return cmd
}

func newRestCommand() *cobra.Command {
	return &cobra.Command{Use: "rest", Run: func(cmd *cobra.Command, args []string) { select {} }}
}

func serve(socket string, s *service) error {
	l, err := net.Listen("unix", socket)
	if err != nil {
		return err
	}
	server, err := ttrpc.NewServer()
	if err != nil {
		return err
	}
	rounds.RegisterTTRPCCourierService(server, s)
	return server.Serve(context.Background(), l)
}
