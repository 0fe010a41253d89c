package command

import (
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/callroute/callroute/engine/runc/container"
)

func checkpointCommand(a *app) *cobra.Command {
	var o container.CheckpointOptions
	cmd := &cobra.Command{
		Use:   "checkpoint [flags] <container-id>",
		Short: "Write the processes of a container to files",
		Long: `Have criu write the processes of a container to files, from which "restore"
brings them back. The container is removed unless it is left running.`,
		Args: exactly(1),
		RunE: func(_ *cobra.Command, args []string) error { return a.runtime.Checkpoint(args[0], o) },
	}
	f := cmd.Flags()
	criuFlags(f, &o.CriuOptions)
	f.StringVar(&o.ParentPath, "parent-path", "", "folder of an earlier --pre-dump, relative to --image-path")
	f.BoolVar(&o.LeaveRunning, "leave-running", false, "leave the container running")
	f.BoolVar(&o.PreDump, "pre-dump", false, "write the memory only and leave the container running")
	f.StringVar(&o.PageServer, "page-server", "", "ADDRESS:PORT of the page server")
	f.IntVar(&o.StatusFD, "status-fd", container.NoStatusFD, "file descriptor that is written a zero byte once the lazy pages are ready")
	f.BoolVar(&o.TCPSkipInFlight, "tcp-skip-in-flight", false, "skip TCP connections that are being opened")
	f.BoolVar(&o.LinkRemap, "link-remap", false, "link files back that were unlinked")
	return cmd
}

// criuFlags are the flags that checkpoint and restore share.
func criuFlags(f *pflag.FlagSet, o *container.CriuOptions) {
	f.StringVar(&o.ImagePath, "image-path", "", `folder of the checkpoint (default "checkpoint" in the working folder)`)
	f.StringVar(&o.WorkPath, "work-path", "", "folder of criu's logs (default that of the checkpoint)")
	f.BoolVar(&o.TCPEstablished, "tcp-established", false, "allow open TCP connections")
	f.BoolVar(&o.ExternalSockets, "ext-unix-sk", false, "allow unix sockets with an end outside")
	f.BoolVar(&o.ShellJob, "shell-job", false, "allow a terminal from outside")
	f.BoolVar(&o.FileLocks, "file-locks", false, "handle file locks")
	f.BoolVar(&o.LazyPages, "lazy-pages", false, "bring memory over on demand")
	f.BoolVar(&o.AutoDedup, "auto-dedup", false, "drop memory that a later image has again")
	f.StringVar(&o.ManageCgroupsMode, "manage-cgroups-mode", "", "soft, full, strict or ignore (default soft)")
	f.StringArrayVar(&o.EmptyNamespaces, "empty-ns", nil, "make this namespace new rather than bring it back")
}
