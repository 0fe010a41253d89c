package command

import (
	"fmt"
	"os"

	"github.com/sirupsen/logrus"
)

// openLog sends the log where the global flags say. It is logrus's one logger,
// because libcontainer writes to that as well, and passes on what the init
// process logs.
func (a *app) openLog() error {
	logrus.SetOutput(a.stdio.Err)
	if a.global.debug {
		logrus.SetLevel(logrus.DebugLevel)
	}
	switch a.global.logFormat {
	case "text", "":
	case "json":
		logrus.SetFormatter(new(logrus.JSONFormatter))
	default:
		return fmt.Errorf("invalid log-format: %s", a.global.logFormat)
	}
	if a.global.log == "" {
		return nil
	}
	f, err := os.OpenFile(a.global.log, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		return err
	}
	a.logFile = f
	logrus.SetOutput(f)
	return nil
}
