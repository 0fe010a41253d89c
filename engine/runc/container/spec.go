package container

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/opencontainers/runc/libcontainer/specconv"
)

// SpecOptions are the options of WriteSpec.
type SpecOptions struct {
	// Bundle is the folder to write to; empty is the working folder.
	Bundle string
	// Rootless makes a spec that a user without rights can run.
	Rootless bool
}

// WriteSpec writes an example spec to a bundle that has none.
func WriteSpec(o SpecOptions) error {
	spec := specconv.Example()
	if o.Rootless {
		specconv.ToRootless(spec)
	}
	data, err := json.MarshalIndent(spec, "", "\t")
	if err != nil {
		return err
	}
	f, err := os.OpenFile(filepath.Join(o.Bundle, specFile), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("File %s exists. Remove it first", specFile) //nolint:staticcheck // runc's words
	}
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	return errors.Join(err, f.Close())
}
