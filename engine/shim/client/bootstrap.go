package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	bootstrap "github.com/containerd/containerd/api/runtime/bootstrap/v1"
	task "github.com/containerd/containerd/api/runtime/task/v3"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/callroute/callroute/engine/errdefs"
	"github.com/callroute/callroute/engine/shim/bundle"
)

// StartConfig says which shim to launch, for what, and how it finds us.
type StartConfig struct {
	Binary        string // the shim's program; DeleteAfterDeath may leave it to the bundle
	Namespace     string
	ID            string // of the container
	Bundle        string // the container's folder, where the shim works; absolute
	Address       string // containerd's gRPC address
	TTRPCAddress  string // where the shim sends events
	PublishBinary string // containerd's program, for shims that send events through it
	SocketDir     string // where the shim puts its socket; empty leaves it to the shim
	Options       *anypb.Any
	Debug         bool
	Log           io.Writer // gets what the shim logs; nil drops it
	OnClose       func()    // called once when the connection ends, whoever ended it
}

// Start launches the shim of cfg and connects to it. After an error a shim may
// have been launched all the same; DeleteAfterDeath cleans up in any case.
func Start(ctx context.Context, cfg StartConfig) (*Shim, error) {
	shimLog, err := openLog(cfg)
	if err != nil {
		return nil, err
	}
	a, err := bootstrapShim(ctx, cfg)
	if err != nil {
		shimLog.Close()
		return nil, err
	}
	return connect(ctx, cfg, a, shimLog, probeNothing)
}

// bootstrapShim launches the shim and keeps its answer in the bundle.
func bootstrapShim(ctx context.Context, cfg StartConfig) (answer, error) {
	out, err := launch(ctx, cfg)
	if err != nil {
		return answer{}, err
	}
	a, err := parseAnswer(out)
	if err != nil {
		return answer{}, errdefs.Internal("shim of %s: %w", cfg.ID, err)
	}
	// The files come before the connection: a shim is running by now, and who
	// starts after a crash must find it.
	return a, remember(cfg, a)
}

// answerTimeout is how long a shim may take to answer when it is loaded: one
// that does not is gone.
const answerTimeout = 5 * time.Second

// Load connects to the shim that Start launched for the same bundle. If the
// shim is gone the error is of the class NotFound or Unavailable, and
// DeleteAfterDeath is due. It is NotFound too if who launched the shim was
// killed before it had the answer; whatever the start action does has been
// done by then.
func Load(ctx context.Context, cfg StartConfig) (*Shim, error) {
	data, err := os.ReadFile(filepath.Join(cfg.Bundle, bundle.Bootstrap))
	if errors.Is(err, os.ErrNotExist) {
		if err := awaitLaunch(ctx, cfg.Bundle); err != nil {
			return nil, err
		}
		return nil, errdefs.NotFound("no shim was started for %s: %w", cfg.ID, err)
	}
	if err != nil {
		return nil, err
	}
	a, err := parseAnswer(data)
	if err != nil {
		return nil, errdefs.Unavailable("shim of %s: %s: %w", cfg.ID, bundle.Bootstrap, err)
	}
	shimLog, err := openLog(cfg)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	return connect(ctx, cfg, a, shimLog, probeAnswer)
}

// Exit is how a container's first process ended.
type Exit struct {
	Pid    uint32
	Status uint32 // exit code, or 128 plus the signal
	At     time.Time
}

// DeleteAfterDeath cleans up what a shim that is gone has left: processes,
// mounts, the runtime's state. The bundle itself stays.
func DeleteAfterDeath(ctx context.Context, cfg StartConfig) (Exit, error) {
	if cfg.Binary == "" {
		binary, err := os.ReadFile(filepath.Join(cfg.Bundle, bundle.ShimBinary))
		if err != nil {
			return Exit{}, errdefs.NotFound("no shim is known for %s: %w", cfg.ID, err)
		}
		cfg.Binary = string(binary)
	}
	out, err := cleanUp(ctx, cfg)
	if err != nil {
		return Exit{}, err
	}
	var resp task.DeleteResponse
	if err := proto.Unmarshal(out, &resp); err != nil {
		return Exit{}, errdefs.Internal("answer of the shim of %s: %w", cfg.ID, err)
	}
	return Exit{Pid: resp.Pid, Status: resp.ExitStatus, At: resp.ExitedAt.AsTime()}, nil
}

func startParams(cfg StartConfig) *bootstrap.BootstrapParams {
	params := &bootstrap.BootstrapParams{
		InstanceID:             cfg.ID,
		Namespace:              cfg.Namespace,
		ContainerdGrpcAddress:  cfg.Address,
		ContainerdTtrpcAddress: cfg.TTRPCAddress,
		ContainerdBinary:       cfg.PublishBinary,
	}
	if cfg.Debug {
		params.LogLevel = bootstrap.LogLevel_LOG_LEVEL_DEBUG
	}
	if cfg.SocketDir != "" {
		params.SocketDir = &cfg.SocketDir
	}
	if cfg.Options != nil {
		params.Extensions = append(params.Extensions, &bootstrap.Extension{Value: cfg.Options})
	}
	return params
}

// launch runs the shim's start action, which leaves the serving process
// behind and prints its address.
//
// Shims before containerd 2.3 do not know the bootstrap parameters. They
// expect their options on stdin, take the parameters for such, and some refuse
// them; those are asked again in their own way.
func launch(ctx context.Context, cfg StartConfig) ([]byte, error) {
	params, err := proto.Marshal(startParams(cfg))
	if err != nil {
		return nil, fmt.Errorf("parameters of the shim of %s: %w", cfg.ID, err)
	}
	out, err := start(ctx, cfg, params)
	if err == nil || ctx.Err() != nil {
		return out, err
	}
	opts, optsErr := proto.Marshal(cfg.Options)
	if optsErr != nil {
		return nil, err
	}
	if out, againErr := start(ctx, cfg, opts); againErr == nil {
		return out, nil
	}
	return nil, err
}

func start(ctx context.Context, cfg StartConfig, stdin []byte) ([]byte, error) {
	launching, err := lockLaunch(cfg.Bundle)
	if err != nil {
		return nil, err
	}
	defer launching.Close()
	cmd := exec.CommandContext(ctx, cfg.Binary, append(flags(cfg), "start")...)
	cmd.Stdin = bytes.NewReader(stdin)
	cmd.ExtraFiles = []*os.File{launching}
	return run(ctx, cmd, cfg)
}

// cleanUp runs the shim's delete action, which prints how the container ended.
func cleanUp(ctx context.Context, cfg StartConfig) ([]byte, error) {
	cmd := exec.CommandContext(ctx, cfg.Binary, append(flags(cfg), "-bundle", cfg.Bundle, "delete")...)
	return run(ctx, cmd, cfg)
}

func flags(cfg StartConfig) []string {
	args := []string{
		"-namespace", cfg.Namespace,
		"-address", cfg.Address,
		"-publish-binary", cfg.PublishBinary,
		"-id", cfg.ID,
	}
	if cfg.Debug {
		args = append(args, "-debug")
	}
	return args
}

func run(ctx context.Context, cmd *exec.Cmd, cfg StartConfig) ([]byte, error) {
	var stdout, stderr bytes.Buffer
	cmd.Dir = cfg.Bundle
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	// Shims older than the bootstrap parameters look here.
	cmd.Env = append(os.Environ(),
		"TTRPC_ADDRESS="+cfg.TTRPCAddress,
		"GRPC_ADDRESS="+cfg.Address,
		"NAMESPACE="+cfg.Namespace,
		"MAX_SHIM_VERSION=2",
	)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Run(); err != nil {
		if ctxErr := ctx.Err(); ctxErr != nil {
			err = ctxErr // says more than "signal: killed"
		}
		if said := bytes.TrimSpace(stderr.Bytes()); len(said) > 0 {
			return nil, errdefs.Internal("shim of %s: %s: %w", cfg.ID, said, err)
		}
		return nil, errdefs.Internal("shim of %s: %w", cfg.ID, err)
	}
	return stdout.Bytes(), nil
}

// answer is what the start action printed, and what the bundle keeps of it.
type answer struct {
	Version  int    `json:"version"`
	Address  string `json:"address"`
	Protocol string `json:"protocol"`
}

// parseAnswer reads the three forms there are: a protobuf message, JSON, and
// from shims of containerd 1.6 the bare address. Neither of the latter two is
// a valid message, as their first bytes ask for fields that cannot be.
func parseAnswer(out []byte) (answer, error) {
	var result bootstrap.BootstrapResult
	if err := proto.Unmarshal(out, &result); err == nil && result.Address != "" {
		return answer{Version: int(result.Version), Address: result.Address, Protocol: result.Protocol}, nil
	}
	out = bytes.TrimSpace(out)
	if len(out) == 0 {
		return answer{}, errors.New("start printed no address")
	}
	if out[0] != '{' {
		return answer{Version: 2, Address: string(out), Protocol: "ttrpc"}, nil
	}
	var a answer
	if err := json.Unmarshal(out, &a); err != nil {
		return answer{}, fmt.Errorf("answer %q: %w", out, err)
	}
	if a.Address == "" {
		return answer{}, fmt.Errorf("answer %q has no address", out)
	}
	return a, nil
}

func remember(cfg StartConfig, a answer) error {
	data, err := json.Marshal(a)
	if err != nil {
		return err
	}
	if err := bundle.Write(cfg.Bundle, bundle.Bootstrap, data); err != nil {
		return err
	}
	return bundle.Write(cfg.Bundle, bundle.ShimBinary, []byte(cfg.Binary))
}
