//go:build unix

package main

import (
	"os/exec"
	"syscall"
)

// detach lets cmd go on when the shell that waits for us does not.
func detach(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} }
