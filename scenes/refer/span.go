package refer

import "strings"

// A Span is a stretch of an instruction's text: where its words begin, where the head ends (of a noun phrase the bare noun, of a clause what comes
// before its first anchor), and where the words end; offsets in bytes. The zero Span is none.
type Span struct{ Start, Head, End int }

// While it puts things into words, a speaker that marks leaves these runes around what it says of a phrase, a clause, or the edge or corner
// of a table; spans takes them out. They are for private use, so no noun has them.
const (
	markFirst = '\uE000' // + i begins what is said of keys[i]
	markLast  = '\uF7FF'
	markHead  = '\uF8FE' // ends the head
	markEnd   = '\uF8FF'
)

// A tableKey marks the words for an edge or a corner of a table: those of a *Clause or an *Order.
type tableKey struct{ of any }

// marker collects what a speaker marks: *Phrase, *Clause or tableKey.
type marker struct{ keys []any }

func (s speaker) mark(key any, text string) string {
	if s.marks == nil || markFirst+rune(len(s.marks.keys)) > markLast {
		return text
	}
	s.marks.keys = append(s.marks.keys, key)
	return string(markFirst+rune(len(s.marks.keys)-1)) + text + string(markEnd)
}

// head ends the head of what is being marked.
func (s speaker) head() string {
	if s.marks == nil {
		return ""
	}
	return string(markHead)
}

// markTable marks the words for an edge or a corner of a table in a text that still has its signs.
func (s speaker) markTable(of any, text string) string {
	const table = " of the table"
	for _, words := range []string{"the @ edge", "the @ corner"} {
		if strings.Contains(text, words+table) {
			return strings.Replace(text, words+table, s.mark(tableKey{of}, words+s.head()+table), 1)
		}
	}
	return text
}

// spans takes the marks out of a text and says where what they marked is in it.
func (m *marker) spans(marked string) (text string, at map[any]Span) {
	at = map[any]Span{}
	var b strings.Builder
	type open struct {
		key  any
		span Span
	}
	var stack []open
	headed := func(at int) { // of the innermost that is open
		if n := len(stack); n > 0 && stack[n-1].span.Head < 0 {
			stack[n-1].span.Head = at
		}
	}
	for _, r := range marked {
		switch {
		case r >= markFirst && int(r-markFirst) < len(m.keys):
			if n := len(stack); n > 0 {
				if _, clause := stack[n-1].key.(*Clause); clause {
					headed(len(strings.TrimRight(b.String(), " ")))
				}
			}
			stack = append(stack, open{m.keys[r-markFirst], Span{b.Len(), -1, 0}})
		case r == markHead:
			headed(b.Len())
		case r == markEnd && len(stack) > 0:
			headed(b.Len())
			last := stack[len(stack)-1]
			stack = stack[:len(stack)-1]
			last.span.End = b.Len()
			at[last.key] = last.span
		default:
			b.WriteRune(r)
		}
	}
	return b.String(), at
}
