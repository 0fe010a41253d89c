//go:build !unix

package main

import "os/exec"

// detach lets cmd go on when the shell that waits for us does not.
func detach(*exec.Cmd) {}
