package report

// paint colours text by its role, or leaves it alone.
type paint struct{ on bool }

func (p paint) in(code, s string) string {
	if !p.on || s == "" {
		return s
	}
	return "\x1b[" + code + "m" + s + "\x1b[0m"
}

func (p paint) title(s string) string    { return p.in("1", s) }
func (p paint) program(s string) string  { return p.in("1;32", s) }
func (p paint) crossing(s string) string { return p.in("1;35", s) }
func (p paint) gap(s string) string      { return p.in("1;31", s) }
func (p paint) place(s string) string    { return p.in("36", s) }
func (p paint) aside(s string) string    { return p.in("2", s) }
