package images

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/docker/go-connections/nat"
	dockerspec "github.com/moby/docker-image-spec/specs-go/v1"
	"github.com/moby/sys/signal"
	"github.com/spf13/pflag"

	"github.com/callroute/callroute/engine/errdefs"
)

// change applies lines of a Dockerfile to an image's configuration. The ones
// that can stand there are those that run nothing.
func change(c *dockerspec.DockerOCIImageConfig, lines []string) error {
	for _, line := range lines {
		verb, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		verb, rest = strings.ToUpper(verb), strings.TrimSpace(rest)
		if verb == "" {
			continue
		}
		if rest == "" {
			return errdefs.Invalid("%s requires at least one argument", verb)
		}
		if err := changeOne(c, verb, rest); err != nil {
			return err
		}
	}
	return nil
}

func changeOne(c *dockerspec.DockerOCIImageConfig, verb, rest string) error {
	switch verb {
	case "CMD":
		c.Cmd = command(rest)
	case "ENTRYPOINT":
		c.Entrypoint = command(rest)
	case "USER":
		c.User = rest
	case "WORKDIR":
		c.WorkingDir = rest
		if !strings.HasPrefix(rest, "/") {
			c.WorkingDir = "/" + rest
		}
	case "STOPSIGNAL":
		if _, err := signal.ParseSignal(rest); err != nil {
			return errdefs.Invalid("invalid signal: %s", rest)
		}
		c.StopSignal = rest
	case "SHELL":
		shell, ok := jsonList(rest)
		if !ok {
			return errdefs.Invalid("SHELL requires the arguments to be in JSON form")
		}
		c.Shell = shell
	case "HEALTHCHECK":
		check, err := healthcheck(rest)
		if err != nil {
			return err
		}
		c.Healthcheck = check
	case "ONBUILD":
		c.OnBuild = append(c.OnBuild, rest)
	case "ENV", "LABEL":
		found, err := pairs(verb, rest)
		if err != nil {
			return err
		}
		for _, p := range found {
			if verb == "LABEL" {
				set(&c.Labels, p.key, p.value)
				continue
			}
			c.Env = slices.DeleteFunc(c.Env, func(have string) bool { return strings.HasPrefix(have, p.key+"=") })
			c.Env = append(c.Env, p.key+"="+p.value)
		}
	case "VOLUME":
		for _, path := range items(rest) {
			set(&c.Volumes, path, struct{}{})
		}
	case "EXPOSE":
		ports, _, err := nat.ParsePortSpecs(strings.Fields(rest))
		if err != nil {
			return errdefs.Invalid("EXPOSE %s: %w", rest, err)
		}
		for port := range ports {
			set(&c.ExposedPorts, string(port), struct{}{})
		}
	default:
		return errdefs.Invalid("%s is not a valid change command", strings.ToLower(verb))
	}
	return nil
}

// healthcheck reads NONE, or [OPTIONS] CMD and a command.
func healthcheck(rest string) (*dockerspec.HealthcheckConfig, error) {
	h := &dockerspec.HealthcheckConfig{}
	flags := pflag.NewFlagSet("HEALTHCHECK", pflag.ContinueOnError)
	flags.DurationVar(&h.Interval, "interval", 0, "")
	flags.DurationVar(&h.Timeout, "timeout", 0, "")
	flags.DurationVar(&h.StartPeriod, "start-period", 0, "")
	flags.DurationVar(&h.StartInterval, "start-interval", 0, "")
	flags.IntVar(&h.Retries, "retries", 0, "")
	var options []string
	for strings.HasPrefix(rest, "--") {
		var option string
		option, rest, _ = strings.Cut(rest, " ")
		options, rest = append(options, option), strings.TrimSpace(rest)
	}
	if err := flags.Parse(options); err != nil {
		return nil, errdefs.Invalid("HEALTHCHECK: %w", err)
	}
	kind, test, _ := strings.Cut(rest, " ")
	test = strings.TrimSpace(test)
	switch {
	case strings.EqualFold(kind, "NONE") && test == "" && len(options) == 0:
		h.Test = []string{"NONE"}
	case strings.EqualFold(kind, "CMD") && test != "":
		h.Test = []string{"CMD-SHELL", test}
		if args, ok := jsonList(test); ok {
			h.Test = append([]string{"CMD"}, args...)
		}
	default:
		return nil, errdefs.Invalid("HEALTHCHECK: unknown type %q in what is to be checked; it is NONE, or CMD and a command", kind)
	}
	return h, nil
}

// set is an assignment to a map that may not be there yet.
func set[V any](m *map[string]V, key string, value V) {
	if *m == nil {
		*m = map[string]V{}
	}
	(*m)[key] = value
}

// command is a JSON list of arguments, or a line for the shell.
func command(rest string) []string {
	if args, ok := jsonList(rest); ok {
		return args
	}
	return []string{"/bin/sh", "-c", rest}
}

// items is a JSON list, or words.
func items(rest string) []string {
	if all, ok := jsonList(rest); ok {
		return all
	}
	return strings.Fields(rest)
}

func jsonList(rest string) ([]string, bool) {
	var all []string
	return all, strings.HasPrefix(rest, "[") && json.Unmarshal([]byte(rest), &all) == nil
}

type pair struct{ key, value string }

// pairs reads "key=value key2='a value'", or "key value" as it was once written.
func pairs(verb, rest string) ([]pair, error) {
	fields, err := words(rest)
	if err != nil {
		return nil, errdefs.Invalid("%s %s: %w", verb, rest, err)
	}
	if len(fields) > 1 && !strings.Contains(fields[0], "=") {
		key, value, _ := strings.Cut(rest, " ")
		return []pair{{key, strings.TrimSpace(value)}}, nil
	}
	var all []pair
	for _, word := range fields {
		key, value, ok := strings.Cut(word, "=")
		if !ok || key == "" {
			return nil, errdefs.Invalid("syntax error: %s: %q must be of the form: name=value", verb, word)
		}
		all = append(all, pair{key, value})
	}
	return all, nil
}
