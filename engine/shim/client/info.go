package client

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"strings"

	"github.com/containerd/containerd/api/types"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
)

// Info runs a shim's program to ask what it is and what the runtime that the
// options choose can do.
func Info(ctx context.Context, binary string, options *anypb.Any) (*types.RuntimeInfo, error) {
	var input []byte
	if options != nil {
		var err error
		if input, err = proto.Marshal(options); err != nil {
			return nil, err
		}
	}
	var answer, said bytes.Buffer
	cmd := exec.CommandContext(ctx, binary, "-info")
	cmd.Stdin = bytes.NewReader(input)
	cmd.Stdout, cmd.Stderr = &answer, &said
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("%s -info: %w: %s", binary, err, strings.TrimSpace(said.String()))
	}
	info := new(types.RuntimeInfo)
	if err := proto.Unmarshal(answer.Bytes(), info); err != nil {
		return nil, fmt.Errorf("%s -info: %w", binary, err)
	}
	return info, nil
}
