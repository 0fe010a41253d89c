package cli

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/docker/go-units"
	"github.com/moby/moby/api/types/blkiodev"
	"github.com/spf13/pflag"
)

// weights is a flag of devices with their weight: PATH:WEIGHT.
type weights []*blkiodev.WeightDevice

func (w *weights) Set(value string) error {
	path, text, ok := strings.Cut(value, ":")
	if !ok || !strings.HasPrefix(path, "/dev/") {
		return fmt.Errorf("bad format: %s", value)
	}
	weight, err := strconv.ParseUint(text, 10, 16)
	if err != nil || weight > 0 && (weight < 10 || weight > 1000) {
		return fmt.Errorf("invalid weight for device: %s", value)
	}
	*w = append(*w, &blkiodev.WeightDevice{Path: path, Weight: uint16(weight)})
	return nil
}

func (*weights) Type() string   { return "list" }
func (*weights) String() string { return "" }

// throttles is a flag of devices with a rate: PATH:RATE.
type throttles struct {
	list  []*blkiodev.ThrottleDevice
	parse func(string) (int64, error)
	form  string
}

func (t *throttles) Set(value string) error {
	path, text, ok := strings.Cut(value, ":")
	if !ok || !strings.HasPrefix(path, "/dev/") {
		return fmt.Errorf("bad format: %s", value)
	}
	rate, err := t.parse(text)
	if err != nil || rate < 0 {
		return fmt.Errorf("invalid rate for device: %s. The correct format is <device-path>:%s", value, t.form)
	}
	t.list = append(t.list, &blkiodev.ThrottleDevice{Path: path, Rate: uint64(rate)})
	return nil
}

func (*throttles) Type() string   { return "list" }
func (*throttles) String() string { return "" }

// blockFlags limit what a container may do with block devices.
type blockFlags struct {
	weights             weights
	readBps, writeBps   throttles
	readIOps, writeIOps throttles
}

func (b *blockFlags) addTo(flags *pflag.FlagSet) {
	flags.Var(&b.weights, "blkio-weight-device", "Block IO weight (relative device weight)")
	count := func(text string) (int64, error) {
		n, err := strconv.ParseUint(text, 10, 63)
		return int64(n), err
	}
	for _, t := range []struct {
		flag *throttles
		name string
		help string
	}{
		{&b.readBps, "device-read-bps", "Limit read rate (bytes per second) from a device"},
		{&b.writeBps, "device-write-bps", "Limit write rate (bytes per second) to a device"},
		{&b.readIOps, "device-read-iops", "Limit read rate (IO per second) from a device"},
		{&b.writeIOps, "device-write-iops", "Limit write rate (IO per second) to a device"},
	} {
		t.flag.parse, t.flag.form = count, "<number>. Number must be a positive integer"
		if strings.HasSuffix(t.name, "bps") {
			t.flag.parse, t.flag.form = units.RAMInBytes, "<number>[<unit>]. Number must be a positive integer. Unit is optional and can be kb, mb, or gb"
		}
		flags.Var(t.flag, t.name, t.help)
	}
}
