// Package workflow is a stand-in for tests of Temporal's SDK: real names and
// signatures.
package workflow

type Context interface{ Done() Channel }

type Channel interface{ Name() string }

type Future interface {
	Get(ctx Context, valuePtr any) error
	IsReady() bool
}

func ExecuteActivity(ctx Context, activity any, args ...any) Future { return nil }
