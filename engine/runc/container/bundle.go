package container

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/opencontainers/runtime-spec/specs-go"
	"github.com/opencontainers/selinux/go-selinux"
)

// specFile is the spec's name inside a bundle.
const specFile = "config.json"

// enterBundle makes the bundle the working folder and reads its spec.
// libcontainer resolves a relative root filesystem from the working folder,
// and remembers that folder as the container's bundle.
func enterBundle(bundle string) (*specs.Spec, error) {
	if bundle != "" {
		if err := os.Chdir(bundle); err != nil {
			return nil, err
		}
	}
	return readSpec(".")
}

// readSpec reads and checks the spec of a bundle.
func readSpec(bundle string) (*specs.Spec, error) {
	f, err := os.Open(filepath.Join(bundle, specFile))
	if err != nil {
		if errors.Is(err, os.ErrNotExist) {
			return nil, fmt.Errorf("JSON specification file %s not found", specFile)
		}
		return nil, err
	}
	defer f.Close()

	var spec *specs.Spec
	if err := json.NewDecoder(f).Decode(&spec); err != nil {
		return nil, fmt.Errorf("%s: %w", specFile, err)
	}
	if spec == nil {
		return nil, fmt.Errorf("%s cannot be null", specFile)
	}
	if spec.Root == nil {
		return nil, fmt.Errorf("%s: root must be specified", specFile)
	}
	if spec.Linux == nil {
		return nil, fmt.Errorf("%s: linux must be specified", specFile)
	}
	return spec, checkProcess(spec.Process)
}

// readProcess reads and checks a process that stands in a file of its own.
func readProcess(file string) (*specs.Process, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()

	var process specs.Process
	if err := json.NewDecoder(f).Decode(&process); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return &process, checkProcess(&process)
}

func checkProcess(p *specs.Process) error {
	switch {
	case p == nil:
		return errors.New("process property must not be empty")
	case p.Cwd == "":
		return errors.New("Cwd property must not be empty") //nolint:staticcheck // runc's words
	case !filepath.IsAbs(p.Cwd):
		return errors.New("Cwd must be an absolute path") //nolint:staticcheck // runc's words
	case len(p.Args) == 0:
		return errors.New("args must not be empty")
	case p.SelinuxLabel != "" && !selinux.GetEnabled():
		return errors.New("selinux label is specified in config, but selinux is disabled or not supported")
	}
	return nil
}
