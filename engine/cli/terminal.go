package cli

import (
	"errors"
	"io"
	"os"

	"github.com/moby/term"

	"github.com/callroute/callroute/engine/api/types"
)

// terminal is the descriptor of a stream that is a terminal.
func terminal(stream any) (fd uintptr, ok bool) {
	f, ok := stream.(*os.File)
	if !ok || !term.IsTerminal(f.Fd()) {
		return 0, false
	}
	return f.Fd(), true
}

// screen is the terminal of the person, if there is one.
type screen struct{ *Program }

// terminalSize is the size of the terminal that the output goes to; zero if it
// goes elsewhere.
func (cli screen) terminalSize() types.ResizeOptions {
	fd, ok := terminal(cli.Out)
	if !ok {
		return types.ResizeOptions{}
	}
	size, err := term.GetWinsize(fd)
	if err != nil {
		return types.ResizeOptions{}
	}
	return types.ResizeOptions{Height: size.Height, Width: size.Width}
}

// checkTerminal refuses to give a process a terminal that its input is not.
func (cli screen) checkTerminal(wantsInput, wantsTerminal bool) error {
	if _, ok := terminal(cli.In); ok || !wantsInput || !wantsTerminal {
		return nil
	}
	return errors.New("the input device is not a TTY")
}

// rawMode hands every key to the process as it is pressed, until restore is
// called, once.
func (cli screen) rawMode() (restore func(), err error) {
	restore = func() {}
	if fd, ok := terminal(cli.In); ok {
		before, err := term.SetRawTerminal(fd)
		if err != nil {
			return nil, err
		}
		restore = func() { _ = term.RestoreTerminal(fd, before) }
	}
	if fd, ok := terminal(cli.Out); ok {
		before, err := term.SetRawTerminalOutput(fd)
		if err != nil {
			restore()
			return nil, err
		}
		input := restore
		restore = func() {
			_ = term.RestoreTerminal(fd, before)
			input()
		}
	}
	return restore, nil
}

// defaultDetachKeys leave a process that has a terminal, and let it run.
const defaultDetachKeys = "ctrl-p,ctrl-q"

// detachable is an input that ends with term.EscapeError at the detach keys.
func detachable(input io.Reader, keys string) (io.Reader, error) {
	if keys == "" {
		keys = defaultDetachKeys
	}
	sequence, err := term.ToBytes(keys)
	if err != nil {
		return nil, errors.New("invalid detach keys (" + keys + ")")
	}
	return term.NewEscapeProxy(input, sequence), nil
}
