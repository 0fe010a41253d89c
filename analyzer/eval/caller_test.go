package eval

import (
	"testing"

	"golang.org/x/tools/go/ssa"
)

// TestOfCaller checks values that stand in no function.
func TestOfCaller(t *testing.T) {
	for _, v := range []ssa.Value{&ssa.Global{}, &ssa.Function{}, &ssa.Const{}} {
		if ofCaller(v) {
			t.Errorf("a caller decides %T", v)
		}
	}
}
