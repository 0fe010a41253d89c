package cli

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"math/big"
	"os"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/docker/go-units"
	"github.com/moby/moby/api/types/container"

	"github.com/callroute/callroute/engine/api/types"
)

// The values of flags, read as docker reads them. Each is a pflag.Value.

// list is a flag that may be given many times.
type list []string

func (l *list) Set(value string) error { *l = append(*l, value); return nil }
func (*list) Type() string             { return "list" }
func (l *list) String() string         { return strings.Join(*l, ", ") }

// checkedList is a list whose values are checked, or brought into their usual
// form, one by one.
type checkedList struct {
	list
	check func(value string) (string, error)
}

func (l *checkedList) Set(value string) error {
	value, err := l.check(value)
	if err != nil {
		return err
	}
	return l.list.Set(value)
}

// maybe is a switch of which it counts whether it was given.
type maybe struct{ given *bool }

func (m *maybe) Set(value string) error {
	on, err := strconv.ParseBool(value)
	m.given = &on
	return err
}

func (*maybe) Type() string   { return "bool" }
func (*maybe) String() string { return "" }

// filter is --filter NAME=VALUE.
type filter types.Filters

func (f *filter) Set(value string) error {
	if value == "" {
		return nil
	}
	name, value, ok := strings.Cut(value, "=")
	if !ok {
		return errors.New("bad format of filter (expected name=value)")
	}
	if *f == nil {
		*f = filter{}
	}
	name = strings.ToLower(strings.TrimSpace(name))
	if value = strings.TrimSpace(value); !slices.Contains((*f)[name], value) {
		(*f)[name] = append((*f)[name], value)
	}
	return nil
}

func (*filter) Type() string   { return "filter" }
func (*filter) String() string { return "" }

// memory is a size such as 64m.
type memory int64

func (m *memory) Set(value string) error {
	n, err := units.RAMInBytes(value)
	*m = memory(n)
	return err
}

func (*memory) Type() string { return "bytes" }

func (m *memory) String() string {
	if *m == 0 {
		return ""
	}
	return units.BytesSize(float64(*m))
}

// memorySwap is a size, or -1 for no limit.
type memorySwap int64

func (m *memorySwap) Set(value string) error {
	if value == "-1" {
		*m = -1
		return nil
	}
	return (*memory)(m).Set(value)
}

func (*memorySwap) Type() string     { return "bytes" }
func (m *memorySwap) String() string { return (*memory)(m).String() }

// cpus is a number of processors such as 1.5, in billionths.
type cpus int64

func (c *cpus) Set(value string) error {
	number, ok := new(big.Rat).SetString(value)
	if !ok {
		return fmt.Errorf("failed to parse %v as a rational number", value)
	}
	billionths := number.Mul(number, big.NewRat(1e9, 1))
	if !billionths.IsInt() {
		return errors.New("value is too precise")
	}
	*c = cpus(billionths.Num().Int64())
	return nil
}

func (*cpus) Type() string { return "decimal" }

func (c *cpus) String() string {
	if *c == 0 {
		return ""
	}
	return big.NewRat(int64(*c), 1e9).FloatString(3)
}

// ulimits are limits such as nofile=1024:2048, by name; the last one of a name
// counts.
type ulimits map[string]*container.Ulimit

func (u *ulimits) Set(value string) error {
	limit, err := units.ParseUlimit(value)
	if err != nil {
		return err
	}
	if *u == nil {
		*u = ulimits{}
	}
	(*u)[limit.Name] = limit
	return nil
}

func (*ulimits) Type() string   { return "ulimit" }
func (*ulimits) String() string { return "[]" }

func (u ulimits) sorted() []*container.Ulimit {
	sorted := make([]*container.Ulimit, 0, len(u))
	for _, limit := range u {
		sorted = append(sorted, limit)
	}
	slices.SortFunc(sorted, func(a, b *container.Ulimit) int { return strings.Compare(a.Name, b.Name) })
	return sorted
}

// pairs makes a map of values NAME=VALUE. A name alone has an empty value.
func pairs(values []string) map[string]string {
	m := make(map[string]string, len(values))
	for _, value := range values {
		name, value, _ := strings.Cut(value, "=")
		m[name] = value
	}
	return m
}

// settings is a flag of NAME=VALUE that may be given many times.
type settings map[string]string

func (s *settings) Set(value string) error {
	name, value, _ := strings.Cut(value, "=")
	if *s == nil {
		*s = settings{}
	}
	(*s)[name] = value
	return nil
}

func (*settings) Type() string   { return "map" }
func (*settings) String() string { return "map[]" }

// sysctls are settings of the kernel's that a container may have for itself.
type sysctls settings

func (s *sysctls) Set(value string) error {
	name, _, ok := strings.Cut(value, "=")
	if !ok || !isNamespaced(name) {
		return fmt.Errorf("sysctl '%s' is not allowed", value)
	}
	return (*settings)(s).Set(value)
}

func (*sysctls) Type() string   { return "map" }
func (*sysctls) String() string { return "map[]" }

func isNamespaced(name string) bool {
	switch name {
	case "kernel.msgmax", "kernel.msgmnb", "kernel.msgmni", "kernel.sem",
		"kernel.shmall", "kernel.shmmax", "kernel.shmmni", "kernel.shm_rmid_forced":
		return true
	}
	return strings.HasPrefix(name, "net.") || strings.HasPrefix(name, "fs.mqueue.")
}

// environment is a flag NAME=VALUE, or NAME for the value that it has here. A
// name without one takes the image's variable away.
type environment []string

func (e *environment) Set(value string) error {
	name, _, given := strings.Cut(value, "=")
	if name == "" {
		return fmt.Errorf("invalid environment variable: %s", value)
	}
	if !given {
		here, ok := os.LookupEnv(name)
		if !ok {
			*e = append(*e, name)
			return nil
		}
		value = name + "=" + here
	}
	*e = append(*e, value)
	return nil
}

func (*environment) Type() string   { return "list" }
func (*environment) String() string { return "" }

// readPairs reads files of lines NAME=VALUE, and after them what the command
// line has. Lookup finds the value of a name that stands alone; one that it
// does not find is left out.
func readPairs(files, given []string, lookup func(name string) (string, bool)) ([]string, error) {
	var all []string
	for _, file := range files {
		read, err := readPairFile(file, lookup)
		if err != nil {
			return nil, err
		}
		all = append(all, read...)
	}
	return append(all, given...), nil
}

func readPairFile(file string, lookup func(name string) (string, bool)) ([]string, error) {
	content, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	content = bytes.TrimPrefix(content, []byte("\xef\xbb\xbf"))
	var all []string
	lines := bufio.NewScanner(bytes.NewReader(content))
	lines.Buffer(nil, len(content)+1)
	for number := 1; lines.Scan(); number++ {
		if !utf8.Valid(lines.Bytes()) {
			return nil, fmt.Errorf("invalid env file (%s): invalid utf8 bytes at line %d: %v", file, number, lines.Bytes())
		}
		line := strings.TrimLeft(lines.Text(), " \t")
		if line == "" || line[0] == '#' {
			continue
		}
		name, _, hasValue := strings.Cut(line, "=")
		if name == "" {
			return nil, fmt.Errorf("invalid env file (%s): no variable name on line '%s'", file, line)
		}
		if strings.ContainsAny(name, " \t") {
			return nil, fmt.Errorf("invalid env file (%s): variable '%s' contains whitespaces", file, name)
		}
		if hasValue {
			all = append(all, line)
		} else if value, ok := lookup(name); ok {
			all = append(all, strings.TrimSpace(line)+"="+value)
		}
	}
	return all, lines.Err()
}

// parseRestartPolicy reads no, always, unless-stopped and on-failure[:N].
func parseRestartPolicy(value string) (container.RestartPolicy, error) {
	if value == "" {
		return container.RestartPolicy{}, nil
	}
	name, count, hasCount := strings.Cut(value, ":")
	policy := container.RestartPolicy{Name: container.RestartPolicyMode(name)}
	if name == "" {
		return policy, errors.New("invalid restart policy format: no policy provided before colon")
	}
	if hasCount && count != "" {
		retries, err := strconv.Atoi(count)
		if err != nil {
			return container.RestartPolicy{}, errors.New("invalid restart policy format: maximum retry count must be an integer")
		}
		policy.MaximumRetryCount = retries
	}
	return policy, nil
}
