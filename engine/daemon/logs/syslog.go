package logs

import (
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"time"

	syslog "github.com/RackSec/srslog"

	"github.com/callroute/callroute/engine/errdefs"
)

// syslogOptions say where lines are sent, and as what.
type syslogOptions struct {
	network, address string // both empty for this machine's own
	facility         syslog.Priority
	tag              string
	format           syslog.Formatter
	framer           syslog.Framer
}

func newSyslogOptions(config Config) *syslogOptions {
	return &syslogOptions{
		facility: syslog.LOG_DAEMON, tag: config.ID[:min(12, len(config.ID))],
		format: syslog.UnixFormatter, framer: syslog.DefaultFramer,
	}
}

// facilities are syslog's, by name.
var facilities = map[string]syslog.Priority{
	"kern": syslog.LOG_KERN, "user": syslog.LOG_USER, "mail": syslog.LOG_MAIL, "daemon": syslog.LOG_DAEMON,
	"auth": syslog.LOG_AUTH, "syslog": syslog.LOG_SYSLOG, "lpr": syslog.LOG_LPR, "news": syslog.LOG_NEWS,
	"uucp": syslog.LOG_UUCP, "cron": syslog.LOG_CRON, "authpriv": syslog.LOG_AUTHPRIV, "ftp": syslog.LOG_FTP,
	"local0": syslog.LOG_LOCAL0, "local1": syslog.LOG_LOCAL1, "local2": syslog.LOG_LOCAL2, "local3": syslog.LOG_LOCAL3,
	"local4": syslog.LOG_LOCAL4, "local5": syslog.LOG_LOCAL5, "local6": syslog.LOG_LOCAL6, "local7": syslog.LOG_LOCAL7,
}

// parseSyslog reads one option of the driver syslog.
func (opts *options) parseSyslog(config Config, key string, attrs map[string]string) (err error) {
	value, to := config.Options[key], opts.syslog
	switch key {
	case "syslog-address":
		to.network, to.address, err = parseSyslogAddress(value)
		return err
	case "syslog-facility":
		return to.setFacility(value)
	case "syslog-format":
		switch value {
		case "":
		case "rfc3164":
			to.format = syslog.RFC3164Formatter
		case "rfc5424":
			to.format, to.framer = rfc5424("2006-01-02T15:04:05Z07:00"), syslog.RFC5425MessageLengthFramer
		case "rfc5424micro":
			to.format, to.framer = rfc5424("2006-01-02T15:04:05.000000Z07:00"), syslog.RFC5425MessageLengthFramer
		default:
			return errdefs.Invalid("invalid syslog format: %q", value)
		}
		return nil
	case "tag":
		to.tag, err = expandTag(config, value)
		return err
	case "mode", "max-buffer-size", "labels", "labels-regex", "env", "env-regex":
		return opts.parse(config, key, attrs) // that they can be read; a line of syslog has no attributes
	case "cache-disabled":
		opts.discard, err = strconv.ParseBool(value)
	case "cache-max-size", "cache-max-file", "cache-compress":
		config.Options = map[string]string{key[len("cache-"):]: value}
		return opts.parse(config, key[len("cache-"):], attrs)
	default:
		return errdefs.Invalid("unknown log opt '%s' for syslog log driver", key)
	}
	if err != nil {
		return errdefs.Invalid("invalid %s %q: %w", key, value, err)
	}
	return nil
}

func (o *syslogOptions) setFacility(value string) error {
	if f, ok := facilities[value]; ok {
		o.facility = f
		return nil
	}
	const highest, shift = 23, 3
	n, err := strconv.Atoi(value)
	if err != nil || n < 0 || n > highest {
		return errdefs.Invalid("invalid syslog facility")
	}
	o.facility = syslog.Priority(n << shift)
	return nil
}

// parseSyslogAddress reads udp://HOST:PORT, tcp://HOST:PORT, unix://PATH and
// unixgram://PATH; the port is 514 if none is given.
func parseSyslogAddress(value string) (network, address string, err error) {
	if value == "" {
		return "", "", nil
	}
	u, err := url.Parse(value)
	if err != nil {
		return "", "", errdefs.Invalid("%w", err)
	}
	switch u.Scheme {
	case "unix", "unixgram":
		if _, err := os.Stat(u.Path); err != nil {
			return "", "", errdefs.Invalid("%w", err)
		}
		return u.Scheme, u.Path, nil
	case "udp", "tcp":
		if u.Port() == "" {
			return u.Scheme, net.JoinHostPort(u.Hostname(), "514"), nil
		}
		return u.Scheme, u.Host, nil
	case "tcp+tls":
		return "", "", errdefs.NotImplemented("this engine sends no logs by TLS: %s", value)
	}
	return "", "", errdefs.Invalid("unsupported scheme: '%s'", u.Scheme)
}

// rfc5424 is the format with a time of this layout. The process that it names is
// this one.
func rfc5424(layout string) syslog.Formatter {
	return func(p syslog.Priority, hostname, tag, content string) string {
		return "<" + strconv.Itoa(int(p)) + ">1 " + time.Now().Format(layout) + " " + hostname + " " + tag + " " +
			strconv.Itoa(os.Getpid()) + " " + tag + " - " + content
	}
}

// mirror is where each line goes besides the file.
type mirror struct{ *syslog.Writer }

func (o *syslogOptions) dial() (*mirror, error) {
	w, err := syslog.Dial(o.network, o.address, o.facility|syslog.LOG_INFO, filepath.Base(os.Args[0])+"/"+o.tag)
	if err != nil {
		return nil, errdefs.Internal("failed to initialize logging driver: %w", err)
	}
	w.SetFormatter(o.format)
	w.SetFramer(o.framer)
	return &mirror{w}, nil
}

// send sends a line, an error by what the container says for one. A server that
// does not take it costs that line.
func (m *mirror) send(stream string, line []byte) {
	severity := m.Info
	if stream == "stderr" {
		severity = m.Err
	}
	_ = severity(string(line))
}

func (m *mirror) close() error {
	if m == nil {
		return nil
	}
	return m.Close()
}
