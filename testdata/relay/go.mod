module example.com/relay

go 1.24

require (
	github.com/containerd/ttrpc v1.2.7
	github.com/spf13/cobra v1.9.1
	github.com/spf13/pflag v1.0.6
	google.golang.org/grpc v1.72.0
)
