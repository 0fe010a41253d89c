// Command scribe writes letters into files and erases them.
package main

import (
	"bytes"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

var folder = flag.String("folder", ".", "where the files are")

func main() {
	flag.Parse()
	var err error
	switch action := flag.Arg(0); action {
	case "write":
		err = write(flag.Arg(1))
	case "erase":
		err = erase(flag.Arg(1))
	default:
		err = fmt.Errorf("unknown action %q", action)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "scribe:", err)
		os.Exit(1)
	}
}

func write(name string) error {
	text, err := io.ReadAll(os.Stdin)
	if err != nil {
		return err
	}
	old, err := os.ReadFile(file(name))
	if err != nil && !os.IsNotExist(err) {
		return err
	}
	return save(name, append(append(old, text...), '\n'))
}

// erase drops the last line.
func erase(name string) error {
	text, err := os.ReadFile(file(name))
	if err != nil {
		return err
	}
	end := bytes.LastIndexByte(bytes.TrimRight(text, "\n"), '\n')
	return save(name, text[:end+1])
}

func save(name string, text []byte) error {
	if err := os.MkdirAll(*folder, 0o755); err != nil {
		return err
	}
	return os.WriteFile(file(name), text, 0o600)
}

func file(name string) string { return filepath.Join(*folder, filepath.Base(name)+".txt") }
