// Command relay sends letters and reads them.
package main

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"example.com/relay/client"
)

func main() {
	relayd := client.New("127.0.0.1:7373")
	root := &cobra.Command{Use: "relay", Short: "Send letters by relay"}
	root.AddCommand(
		newSendCommand(relayd),
		newReadCommand(relayd),
		newRecallCommand(relayd),
	)
	if err := root.Execute(); err != nil {
		fmt.Fprintln(os.Stderr, "relay:", err)
		os.Exit(1)
	}
}
