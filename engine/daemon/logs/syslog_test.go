package logs

import (
	"bytes"
	"fmt"
	"net"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// received is what a server gets by UDP.
func received(t *testing.T) (address string, next func() string) {
	t.Helper()
	server, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close() })
	return "udp://" + server.LocalAddr().String(), func() string {
		server.SetReadDeadline(time.Now().Add(5 * time.Second))
		packet := make([]byte, 1000)
		n, _, err := server.ReadFrom(packet)
		if err != nil {
			t.Fatal(err)
		}
		return string(packet[:n])
	}
}

func TestSyslog(t *testing.T) {
	for format, want := range map[string]string{
		"":             `^<%d>\w+ +\d+ [\d:]+ .*/name\[\d+\]: %s\n$`,
		"rfc3164":      `^<%d>\w+ +\d+ [\d:]+ \S+ .*/name\[\d+\]: %s\n$`,
		"rfc5424":      `^\d+ <%d>1 [\dT:+Z-]+ \S+ \S+/name \d+ \S+/name - %s\n$`,
		"rfc5424micro": `^\d+ <%d>1 [\dT:+Z-]+\.\d{6}\S* \S+ \S+/name \d+ \S+/name - %s\n$`,
	} {
		t.Run(format, func(t *testing.T) {
			address, next := received(t)
			config := Config{Path: filepath.Join(t.TempDir(), "log"), Driver: DriverSyslog, Name: "name", ID: "id", Options: map[string]string{
				"syslog-address": address, "syslog-facility": "local3", "syslog-format": format, "tag": "{{.Name}}", "labels": "x",
			}}
			log, err := Open(config)
			if err != nil {
				t.Fatal(err)
			}
			fmt.Fprint(log.Stdout(), "one\ntwo")
			const local3, info, errors = 19 << 3, 6, 3
			if got := next(); !regexp.MustCompile(fmt.Sprintf(want, local3+info, "one")).MatchString(got) {
				t.Errorf("got %q", got)
			}
			fmt.Fprint(log.Stderr(), "bad\n")
			if got := next(); !regexp.MustCompile(fmt.Sprintf(want, local3+errors, "bad")).MatchString(got) {
				t.Errorf("got %q", got)
			}
			if err := log.Close(); err != nil {
				t.Error(err)
			}
			if got := next(); !strings.Contains(got, "two") {
				t.Errorf("the rest: %q", got)
			}
			var out bytes.Buffer
			read := ReadConfig{Path: config.Path, Driver: config.Driver, Options: config.Options, Stdout: true, Stderr: true, Tail: -1}
			if err := Read(t.Context(), read, &out, &out); err != nil || out.String() != "one\nbad\ntwo" {
				t.Errorf("what is kept: %q %v", out.String(), err)
			}
			read.Options = map[string]string{"cache-disabled": "true"}
			if err := Read(t.Context(), read, &out, &out); err == nil {
				t.Error("it is read although nothing is kept")
			}
		})
	}
}

func TestDriverOptions(t *testing.T) {
	for _, test := range []struct{ driver, key, value, want string }{
		{"local", "max-size", "1m", ""},
		{"local", "max-file", "2", ""},
		{"local", "tag", "x", "unknown log opt 'tag' for local log driver"},
		{"local", "max-file", "0", "max-file cannot be less than 1"},
		{"syslog", "syslog-address", "tcp://127.0.0.1", ""},
		{"syslog", "syslog-address", "http://x", "unsupported scheme: 'http'"},
		{"syslog", "syslog-address", "tcp+tls://x:1", "no logs by TLS"},
		{"syslog", "syslog-address", "unix:///does/not/exist", "no such file"},
		{"syslog", "syslog-facility", "local9", "invalid syslog facility"},
		{"syslog", "syslog-facility", "3", ""},
		{"syslog", "syslog-format", "x", "invalid syslog format"},
		{"syslog", "cache-max-size", "-1", "invalid size"},
		{"syslog", "cache-disabled", "x", "invalid cache-disabled"},
		{"syslog", "max-size", "1m", "unknown log opt 'max-size' for syslog log driver"},
	} {
		err := Check(test.driver, map[string]string{test.key: test.value})
		if (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s %s=%s: %v, want %q", test.driver, test.key, test.value, err, test.want)
		}
	}
}

// TestLocal: a log has bounds although nobody asked for them.
func TestLocal(t *testing.T) {
	config := Config{Path: filepath.Join(t.TempDir(), "log"), Driver: DriverLocal}
	log, err := Open(config)
	if err != nil {
		t.Fatal(err)
	}
	line := append(bytes.Repeat([]byte("x"), 10<<10), '\n')
	for range 25 << 20 / len(line) {
		log.Stdout().Write(line)
	}
	if err := log.Close(); err != nil {
		t.Error(err)
	}
	if rotated, err := rotatedFiles(config.Path); err != nil || len(rotated) != 1 {
		t.Errorf("25 MB are in %v and the last, %v", rotated, err)
	}
}
