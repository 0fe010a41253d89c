// Package logs keeps what a container has written, in docker's json-file
// format, one JSON object a line:
//
//	{"log":"hello\n","stream":"stdout","time":"2024-05-01T10:00:00.123456789Z"}
//
// # Words
//
// An entry is one such line. A part is an entry without a newline at its end:
// the beginning of a line longer than 16 KiB, or what a container wrote last.
// Rotation renames a full file to NAME.1, NAME.1 to NAME.2 and so on. A
// follower is a reader that waits for more.
//
// # Followers and rotation
//
// Writer and followers are in one process, so the writer tells each follower
// of each new entry and hands it each new file, opened, in order. A follower
// misses nothing and reads nothing twice. The writer waits for one that is
// many files behind, but not for long: then that one loses the oldest.
//
// # What a crash leaves
//
// An entry is written in one write, so kill -9 can tear at most the last one.
// A reader does not show it; Open cuts it off. A line whose end the container
// had not written yet is lost with the daemon up to there.
//
// # Drivers
//
// local is the same file with docker's bounds for it, 5 files of 20 MB. syslog
// sends each line to a server and keeps a local file, so that it can be read.
//
// # What it cannot see
//
// Bytes that are not UTF-8 become U+FFFD, as in docker: the format is JSON.
package logs

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/docker/go-units"

	"github.com/callroute/callroute/engine/errdefs"
)

// The log drivers of the engine.
const (
	DriverJSONFile = "json-file"
	DriverLocal    = "local"
	DriverSyslog   = "syslog"
	DriverNone     = "none"
)

// Drivers are those that keep or send something, as docker lists them.
func Drivers() []string { return []string{DriverJSONFile, DriverLocal, DriverSyslog} }

// Config says how a container's log is kept.
type Config struct {
	Path    string            // of the current file: <container dir>/<id>-json.log
	Driver  string            // empty is DriverJSONFile
	Options map[string]string // docker's --log-opt
	// Labels and Env are the container's, of which Options choose those that
	// stand in each entry. Env is KEY=value.
	Labels   map[string]string
	Env      []string
	ID, Name string // for the option tag
}

// Check says what is wrong with a driver and its options, in docker's words.
func Check(driver string, options map[string]string) error {
	_, err := parseOptions(Config{Driver: driver, Options: options})
	return err
}

// CheckRead says whether the log of a driver with these options can be read; docker's error
// if not. It is for a check before the answer's status is sent.
func CheckRead(driver string, options map[string]string) error {
	unkept, err := strconv.ParseBool(options["cache-disabled"])
	if driver == DriverNone || driver == DriverSyslog && err == nil && unkept {
		return errdefs.NotImplemented("configured logging driver does not support reading")
	}
	return nil
}

// Remove removes the current file and the rotated ones.
func Remove(path string) error {
	rotated, err := rotatedFiles(path)
	if err != nil {
		return err
	}
	for _, name := range append(rotated, path) {
		if err := os.Remove(name); err != nil && !os.IsNotExist(err) {
			return err
		}
	}
	return nil
}

// rotatedFiles are the paths of the rotated files that exist, oldest first.
// A crash in a rotation can leave a gap in their numbers.
func rotatedFiles(path string) ([]string, error) {
	entries, err := os.ReadDir(filepath.Dir(path))
	if os.IsNotExist(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var numbers []int
	for _, e := range entries {
		suffix, ok := strings.CutPrefix(e.Name(), filepath.Base(path)+".")
		if n, err := strconv.Atoi(suffix); ok && err == nil && n > 0 {
			numbers = append(numbers, n)
		}
	}
	slices.Sort(numbers)
	slices.Reverse(numbers)
	paths := make([]string, len(numbers))
	for i, n := range numbers {
		paths[i] = rotatedFile(path, n)
	}
	return paths, nil
}

func rotatedFile(path string, n int) string { return fmt.Sprintf("%s.%d", path, n) }

// options is Config.Options, read.
type options struct {
	discard  bool
	syslog   *syslogOptions // nil for the other drivers
	maxSize  int64          // bytes; 0 is no rotation
	maxFiles int
	attrs    []byte // `"attrs":{…},` or nothing
}

// Bounds of the driver local.
const (
	localSize  = 20 << 20
	localFiles = 5
)

func parseOptions(config Config) (options, error) {
	opts := options{maxFiles: 1}
	parse := opts.parse
	switch config.Driver {
	case "", DriverJSONFile:
	case DriverLocal:
		opts.maxSize, opts.maxFiles = localSize, localFiles
		parse = opts.parseLocal
	case DriverSyslog:
		opts.maxSize, opts.maxFiles = localSize, localFiles
		opts.syslog = newSyslogOptions(config)
		parse = opts.parseSyslog
	case DriverNone:
		opts.discard = true
		return opts, nil
	default:
		return opts, errdefs.Invalid("logger: no log driver named '%s' is registered", config.Driver)
	}
	attrs := map[string]string{}
	keys := slices.Sorted(maps.Keys(config.Options))
	for _, key := range keys {
		if err := parse(config, key, attrs); err != nil {
			return opts, err
		}
	}
	if opts.maxSize == 0 && opts.maxFiles > 1 {
		// As docker: the number of files says nothing without a size.
		opts.maxFiles = 1
	}
	if len(attrs) > 0 && opts.syslog == nil {
		encoded, err := json.Marshal(attrs)
		if err != nil {
			return opts, err
		}
		opts.attrs = slices.Concat([]byte(`"attrs":`), encoded, []byte(","))
	}
	return opts, nil
}

// parseLocal reads one option of the driver local.
func (opts *options) parseLocal(config Config, key string, attrs map[string]string) error {
	switch key {
	case "max-size", "max-file", "compress", "mode", "max-buffer-size":
		return opts.parse(config, key, attrs)
	}
	return errdefs.Invalid("unknown log opt '%s' for local log driver", key)
}

// parse reads one option into opts and attrs.
func (opts *options) parse(config Config, key string, attrs map[string]string) error {
	value := config.Options[key]
	switch key {
	case "max-size":
		size, err := units.FromHumanSize(value)
		if err != nil {
			return errdefs.Invalid("%w", err)
		}
		if size <= 0 {
			return errdefs.Invalid("max-size must be a positive number")
		}
		opts.maxSize = size
	case "max-file":
		n, err := strconv.Atoi(value)
		if err != nil {
			return errdefs.Invalid("invalid max-file %q: not a number", value)
		}
		if n < 1 {
			return errdefs.Invalid("max-file cannot be less than 1")
		}
		opts.maxFiles = n
	case "compress":
		if compress, err := strconv.ParseBool(value); err != nil || compress {
			return errdefs.Invalid("invalid compress %q: this engine does not compress logs", value)
		}
	case "mode":
		if !slices.Contains([]string{"", "blocking", "non-blocking"}, value) {
			return errdefs.Invalid("logger: logging mode not supported: %s", value)
		}
	case "max-buffer-size":
		if config.Options["mode"] != "non-blocking" {
			return errdefs.Invalid("logger: max-buffer-size option is only supported with 'mode=non-blocking'")
		}
	case "labels":
		for name := range strings.SplitSeq(value, ",") {
			if v, ok := config.Labels[name]; ok {
				attrs[name] = v
			}
		}
	case "env":
		env := environment(config.Env)
		for name := range strings.SplitSeq(value, ",") {
			if v, ok := env[name]; ok {
				attrs[name] = v
			}
		}
	case "labels-regex":
		return matching(config.Labels, value, attrs)
	case "env-regex":
		return matching(environment(config.Env), value, attrs)
	case "tag":
		tag, err := expandTag(config, value)
		if err != nil {
			return err
		}
		if tag != "" {
			attrs["tag"] = tag
		}
	default:
		return errdefs.Invalid("unknown log opt '%s' for json-file log driver", key)
	}
	return nil
}

func environment(env []string) map[string]string {
	m := make(map[string]string, len(env))
	for _, e := range env {
		if key, value, ok := strings.Cut(e, "="); ok {
			m[key] = value
		}
	}
	return m
}

func matching(from map[string]string, pattern string, to map[string]string) error {
	re, err := regexp.Compile(pattern)
	if err != nil {
		return errdefs.Invalid("%w", err)
	}
	for name, value := range from {
		if re.MatchString(name) {
			to[name] = value
		}
	}
	return nil
}

// expandTag fills docker's template in, of which the engine knows the fields
// that are about the container.
func expandTag(config Config, tag string) (string, error) {
	expanded := strings.NewReplacer(
		"{{.ID}}", config.ID[:min(12, len(config.ID))],
		"{{.FullID}}", config.ID,
		"{{.Name}}", config.Name,
	).Replace(tag)
	if strings.Contains(expanded, "{{") {
		return "", errdefs.Invalid("invalid tag %q: only {{.ID}}, {{.FullID}} and {{.Name}} can stand in it", tag)
	}
	return expanded, nil
}
