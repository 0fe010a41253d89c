package load

import "bytes"

// blankBodies overwrites, in place, the bodies of the top-level functions of a
// file with blanks. Newlines and the length stay, so positions do. It reads the
// text only so far that it can tell braces in code from those in comments and
// literals; what it cannot follow it leaves as it is.
func blankBodies(src []byte) {
	depth := 0 // of (, [ and {
	inFunc := false
	for i := 0; i < len(src); {
		switch c := src[i]; c {
		case '"', '\'', '`':
			i = afterLiteral(src, i)
			continue
		case '/':
			if end := afterComment(src, i); end > i {
				i = end
				continue
			}
		case '\n':
			if depth == 0 {
				inFunc = false // a declaration without a body
			}
		case '(', '[':
			depth++
		case ')', ']', '}':
			depth--
		case '{':
			if inFunc && depth == 0 && !typeBefore(src[:i]) {
				end := afterBlock(src, i)
				if end < 0 {
					return
				}
				blank(src[i:end])
				inFunc, i = false, end
				continue
			}
			depth++
		case 'f':
			if depth == 0 && (i == 0 || src[i-1] == '\n') && bytes.HasPrefix(src[i:], []byte("func")) && len(src) > i+4 && !isWord(src[i+4]) {
				inFunc = true
			}
		}
		i++
	}
}

// typeBefore reports whether the text ends in the keyword struct or interface:
// the brace that follows then opens a result type, not the body.
func typeBefore(src []byte) bool {
	src = bytes.TrimRight(src, " \t")
	for _, word := range []string{"struct", "interface"} {
		if head, ok := bytes.CutSuffix(src, []byte(word)); ok && (len(head) == 0 || !isWord(head[len(head)-1])) {
			return true
		}
	}
	return false
}

// afterBlock returns the index after the brace that closes the one at i, -1 if
// there is none.
func afterBlock(src []byte, i int) int {
	depth := 0
	for i < len(src) {
		switch src[i] {
		case '"', '\'', '`':
			i = afterLiteral(src, i)
			continue
		case '/':
			if end := afterComment(src, i); end > i {
				i = end
				continue
			}
		case '{':
			depth++
		case '}':
			if depth--; depth == 0 {
				return i + 1
			}
		}
		i++
	}
	return -1
}

// afterLiteral returns the index after the string or rune literal at i.
func afterLiteral(src []byte, i int) int {
	quote := src[i]
	for i++; i < len(src); i++ {
		switch {
		case src[i] == quote:
			return i + 1
		case src[i] == '\\' && quote != '`':
			i++
		case src[i] == '\n' && quote != '`':
			return i // not terminated; the parser will say so
		}
	}
	return len(src)
}

// afterComment returns the index after the comment at i, i if there is none.
func afterComment(src []byte, i int) int {
	rest := src[i:]
	switch {
	case bytes.HasPrefix(rest, []byte("//")):
		if n := bytes.IndexByte(rest, '\n'); n >= 0 {
			return i + n
		}
		return len(src)
	case bytes.HasPrefix(rest, []byte("/*")):
		if n := bytes.Index(rest[2:], []byte("*/")); n >= 0 {
			return i + n + 4
		}
		return len(src)
	}
	return i
}

func blank(src []byte) {
	for i, c := range src {
		if c != '\n' {
			src[i] = ' '
		}
	}
}

func isWord(c byte) bool {
	return c == '_' || c >= 0x80 || '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}
