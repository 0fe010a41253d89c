package main

import (
	"os"
	"path/filepath"

	"github.com/google/uuid"
	"github.com/moby/sys/atomicwriter"
)

// identity reads the name of this engine from its root, and makes one up at
// first.
func identity(root string) (string, error) {
	path := filepath.Join(root, "uuid")
	if data, err := os.ReadFile(path); err == nil {
		if id, err := uuid.ParseBytes(data); err == nil {
			return id.String(), nil
		}
	}
	id := uuid.NewString()
	return id, atomicwriter.WriteFile(path, []byte(id), 0o600)
}
