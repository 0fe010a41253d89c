package cli

import (
	"encoding/csv"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/docker/go-units"
	"github.com/moby/moby/api/types/mount"
)

// mounts is --mount type=bind,source=/a,target=/b and the like.
type mounts []mount.Mount

func (*mounts) Type() string   { return "mount" }
func (*mounts) String() string { return "" }

func (m *mounts) Set(value string) error {
	fields, err := csv.NewReader(strings.NewReader(strings.TrimSpace(value))).Read()
	if err != nil {
		return err
	}
	one := mount.Mount{Type: mount.TypeVolume}
	for _, field := range fields {
		if err := setMountField(&one, field); err != nil {
			return err
		}
	}
	if err := checkMount(one); err != nil {
		return err
	}
	*m = append(*m, one)
	return nil
}

// setMountField reads one KEY=VALUE. Switches may stand alone.
func setMountField(m *mount.Mount, field string) error {
	key, value, hasValue := strings.Cut(field, "=")
	key = strings.ToLower(key)
	if !hasValue && !slices.Contains([]string{"readonly", "ro", "volume-nocopy", "bind-nonrecursive"}, key) {
		return fmt.Errorf("invalid field '%s' must be a key=value pair", field)
	}
	switch key {
	case "type":
		m.Type = mount.Type(strings.ToLower(value))
	case "source", "src":
		m.Source = value
		if strings.HasPrefix(value, "."+string(filepath.Separator)) || value == "." {
			absolute, err := filepath.Abs(value)
			if err != nil {
				return err
			}
			m.Source = absolute
		}
	case "target", "dst", "destination":
		m.Target = value
	case "readonly", "ro":
		return setMountSwitch(&m.ReadOnly, key, value, hasValue)
	case "consistency":
		m.Consistency = mount.Consistency(strings.ToLower(value))
	case "bind-propagation":
		bindOptions(m).Propagation = mount.Propagation(strings.ToLower(value))
	case "bind-nonrecursive":
		return setMountSwitch(&bindOptions(m).NonRecursive, key, value, hasValue)
	case "bind-recursive":
		return setRecursion(m, value)
	case "volume-nocopy":
		return setMountSwitch(&volumeOptions(m).NoCopy, key, value, hasValue)
	case "volume-subpath":
		volumeOptions(m).Subpath = value
	case "volume-label":
		volume := volumeOptions(m)
		if volume.Labels == nil {
			volume.Labels = map[string]string{}
		}
		name, label, _ := strings.Cut(value, "=")
		volume.Labels[name] = label
	case "volume-driver":
		volumeDriver(m).Name = value
	case "volume-opt":
		driver := volumeDriver(m)
		if driver.Options == nil {
			driver.Options = map[string]string{}
		}
		name, option, _ := strings.Cut(value, "=")
		driver.Options[name] = option
	case "image-subpath":
		m.ImageOptions = &mount.ImageOptions{Subpath: value}
	case "tmpfs-size":
		size, err := units.RAMInBytes(value)
		if err != nil {
			return fmt.Errorf("invalid value for %s: %s", key, value)
		}
		tmpfsOptions(m).SizeBytes = size
	case "tmpfs-mode":
		mode, err := strconv.ParseUint(value, 8, 32)
		if err != nil {
			return fmt.Errorf("invalid value for %s: %s", key, value)
		}
		tmpfsOptions(m).Mode = os.FileMode(mode)
	default:
		return fmt.Errorf("unexpected key '%s' in '%s'", key, field)
	}
	return nil
}

func setMountSwitch(to *bool, key, value string, hasValue bool) error {
	*to = true
	if !hasValue {
		return nil
	}
	on, err := strconv.ParseBool(value)
	if err != nil {
		return fmt.Errorf("invalid value for %s: %s", key, value)
	}
	*to = on
	return nil
}

// setRecursion says what becomes of the mounts below a bind mount's source.
func setRecursion(m *mount.Mount, value string) error {
	bind := bindOptions(m)
	switch value {
	case "enabled":
	case "disabled":
		bind.NonRecursive = true
	case "writable":
		bind.ReadOnlyNonRecursive = true
	case "readonly":
		bind.ReadOnlyForceRecursive = true
	default:
		return fmt.Errorf(`invalid value for bind-recursive: %s (must be "enabled", "disabled", "writable", or "readonly")`, value)
	}
	return nil
}

func bindOptions(m *mount.Mount) *mount.BindOptions {
	if m.BindOptions == nil {
		m.BindOptions = &mount.BindOptions{}
	}
	return m.BindOptions
}

func volumeOptions(m *mount.Mount) *mount.VolumeOptions {
	if m.VolumeOptions == nil {
		m.VolumeOptions = &mount.VolumeOptions{}
	}
	return m.VolumeOptions
}

func volumeDriver(m *mount.Mount) *mount.Driver {
	volume := volumeOptions(m)
	if volume.DriverConfig == nil {
		volume.DriverConfig = &mount.Driver{}
	}
	return volume.DriverConfig
}

func tmpfsOptions(m *mount.Mount) *mount.TmpfsOptions {
	if m.TmpfsOptions == nil {
		m.TmpfsOptions = &mount.TmpfsOptions{}
	}
	return m.TmpfsOptions
}

// checkMount refuses options of one type with a mount of another.
func checkMount(m mount.Mount) error {
	switch {
	case m.Type == "":
		return errors.New("type is required")
	case m.Target == "":
		return errors.New("target is required")
	case m.VolumeOptions != nil && m.Type != mount.TypeVolume:
		return fmt.Errorf("cannot mix 'volume-*' options with mount type '%s'", m.Type)
	case m.BindOptions != nil && m.Type != mount.TypeBind:
		return fmt.Errorf("cannot mix 'bind-*' options with mount type '%s'", m.Type)
	case m.ImageOptions != nil && m.Type != mount.TypeImage:
		return fmt.Errorf("cannot mix 'image-*' options with mount type '%s'", m.Type)
	case m.TmpfsOptions != nil && m.Type != mount.TypeTmpfs:
		return fmt.Errorf("cannot mix 'tmpfs-*' options with mount type '%s'", m.Type)
	case m.BindOptions == nil:
		return nil
	case m.BindOptions.ReadOnlyNonRecursive && !m.ReadOnly:
		return errors.New("option 'bind-recursive=writable' requires 'readonly' to be specified in conjunction")
	case m.BindOptions.ReadOnlyForceRecursive && !m.ReadOnly:
		return errors.New("option 'bind-recursive=readonly' requires 'readonly' to be specified in conjunction")
	case m.BindOptions.ReadOnlyForceRecursive && m.BindOptions.Propagation != mount.PropagationRPrivate:
		return errors.New("option 'bind-recursive=readonly' requires 'bind-propagation=rprivate' to be specified in conjunction")
	}
	return nil
}
