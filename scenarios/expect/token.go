package expect

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Error is a fault in an expression.
type Error struct {
	Offset int // in characters from its beginning
	Msg    string
	Hint   string // what to do
}

func (e *Error) Error() string {
	return fmt.Sprintf("at character %d: %s (%s)", e.Offset+1, e.Msg, e.Hint)
}

func fault(at int, hint, format string, args ...any) *Error {
	return &Error{Offset: at, Msg: fmt.Sprintf(format, args...), Hint: hint}
}

// textRunesMax bounds an expression.
const textRunesMax = 1000

// kind is what a token is.
type kind uint8

const (
	end    kind = iota
	word        // a name, a path, a number with its unit
	quoted      // 'a text'
	sign        // an operator or a bracket
)

// token is a piece of an expression.
type token struct {
	kind kind
	text string // without quotes
	at   int    // in characters
}

// String shows the token in a message.
func (t token) String() string {
	switch t.kind {
	case end:
		return "the end"
	case quoted:
		return "'" + t.text + "'"
	default:
		return fmt.Sprintf("%q", t.text)
	}
}

// signs are the operators and brackets, longer ones first.
var signs = []string{"<=", ">=", "==", "!=", "&&", "||", "<", ">", "!", "(", ")", "{", "}", ",", "="}

// tokenize splits an expression.
func tokenize(text string) ([]token, *Error) {
	if n := utf8.RuneCountInString(text); n > textRunesMax {
		return nil, fault(0, "shorten it", "an expression of %d characters; it may have %d", n, textRunesMax)
	}
	var all []token
	at := 0
next:
	for text != "" {
		r, size := utf8.DecodeRuneInString(text)
		switch {
		case unicode.IsSpace(r):
			text, at = text[size:], at+1
			continue
		case r == '\'':
			inside, rest, closed := strings.Cut(text[1:], "'")
			if !closed {
				return nil, fault(at, "close it with '", "a text without its closing quote")
			}
			all = append(all, token{quoted, inside, at})
			text, at = rest, at+2+utf8.RuneCountInString(inside)
			continue
		}
		for _, s := range signs {
			if rest, found := strings.CutPrefix(text, s); found {
				all = append(all, token{sign, s, at})
				text, at = rest, at+len(s)
				continue next
			}
		}
		n := strings.IndexFunc(text, func(r rune) bool { return !inWord(r) })
		if n < 0 {
			n = len(text)
		}
		// The arrow of a link's name is part of a path.
		if before, arrow := strings.CutSuffix(text[:n], "-"); arrow && strings.HasPrefix(text[n:], ">") && before != "" {
			m := strings.IndexFunc(text[n+1:], func(r rune) bool { return !inWord(r) })
			if m < 0 {
				m = len(text) - n - 1
			}
			n += 1 + m
		}
		if n == 0 {
			return nil, fault(at, "remove it", "unexpected %q", string(r))
		}
		all = append(all, token{word, text[:n], at})
		text, at = text[n:], at+utf8.RuneCountInString(text[:n])
	}
	return append(all, token{end, "", at}), nil
}

func inWord(r rune) bool {
	return unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune("._-+/%", r)
}

// parser goes along the tokens of an expression.
type parser struct {
	tokens []token
	next   int
}

func (p *parser) peek() token { return p.tokens[p.next] }

// take moves on; the end is never passed.
func (p *parser) take() token {
	t := p.tokens[p.next]
	if t.kind != end {
		p.next++
	}
	return t
}

// skip takes a sign if it comes next.
func (p *parser) skip(s string) bool {
	if t := p.peek(); t.kind != sign || t.text != s {
		return false
	}
	p.take()
	return true
}

// demand takes a sign, which must come next.
func (p *parser) demand(s, hint string) *Error {
	if p.skip(s) {
		return nil
	}
	t := p.peek()
	return fault(t.at, hint, "%s where %q is needed", t, s)
}

// finish demands that nothing follows.
func (p *parser) finish(hint string) *Error {
	if t := p.peek(); t.kind != end {
		return fault(t.at, hint, "%s after the end of the expression", t)
	}
	return nil
}
