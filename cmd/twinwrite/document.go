package main

import (
	"fmt"
	"io"
	"strings"
)

// document sets results side by side, in all forms that are printed.
type document interface {
	WriteText(w io.Writer) error
	WriteJSON(w io.Writer) error
	WriteMarkdown(w io.Writer) error
}

// printDocument prints a document in the form that is asked for; as text with
// its folder and the line that makes it again.
func (f *runFlags) printDocument(w io.Writer, d document, dir, command string) error {
	switch f.format {
	case "json":
		return d.WriteJSON(w)
	case "markdown":
		return d.WriteMarkdown(w)
	}
	if err := d.WriteText(w); err != nil {
		return err
	}
	_, err := fmt.Fprintf(w, "\nfolder     %s\nreproduce  %s\n", dir, command)
	return err
}

// line is a command, word by word, as a shell reads it.
type line []string

// lineOf begins the line of one of this program's verbs.
func lineOf(verb string, arguments ...string) line {
	l := line{"twinwrite", verb}
	for _, a := range arguments {
		l = append(l, quote(a))
	}
	return l
}

// with adds a flag once for each of its values.
func (l line) with(flag string, values ...string) line {
	for _, v := range values {
		l = append(l, flag, quote(v))
	}
	return l
}

func (l line) String() string { return strings.Join(l, " ") }
