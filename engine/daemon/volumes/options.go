package volumes

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/callroute/callroute/engine/errdefs"
)

// Options of the driver: what is mounted at a volume's folder while a container
// runs that uses it, as mount(8) has them.
const (
	optionType   = "type"
	optionDevice = "device"
	optionFlags  = "o"
	optionSize   = "size" // a quota, which needs a filesystem that has them
)

// requires is what an option needs beside it.
var requires = map[string][]string{
	optionDevice: {optionType},
	optionFlags:  {optionDevice, optionType},
	optionType:   {optionDevice},
}

// checkOptions says what is wrong with a volume's options.
func checkOptions(name string, options map[string]string) error {
	for _, option := range slices.Sorted(maps.Keys(options)) {
		if option == optionSize {
			return errdefs.Invalid("create %s: quota size requested but no quota support", name)
		}
		needed, known := requires[option]
		if !known {
			return errdefs.Invalid("create %s: invalid option: %q", name, option)
		}
		for _, other := range needed {
			if _, ok := options[other]; !ok {
				return errdefs.Invalid("create %s: missing required option: %q", name, other)
			}
		}
	}
	return nil
}

// source is what a record's options say is to be mounted. ok is false for a
// volume that is just its folder.
func (r record) source() (device, kind, flags string, ok bool) {
	if len(r.Options) == 0 {
		return "", "", "", false
	}
	return r.Options[optionDevice], r.Options[optionType], r.Options[optionFlags], true
}

// mountFailed is why a volume cannot be used, in docker's words.
func mountFailed(data string, err error) error {
	text := strings.TrimSuffix(err.Error(), "\n")
	return errdefs.Internal("error while mounting volume '%s': %w", data, fmt.Errorf("failed to mount local volume: %s", text))
}
