package main

import (
	"io"
	"os"
	"strings"
	"unicode/utf8"

	"github.com/mattn/go-isatty"
	"golang.org/x/term"
)

// table is rows of text in columns. On a terminal its widest cells give way,
// with …, until a row fits; in a pipe or a file nothing is cut.
type table struct {
	out   io.Writer
	width int // of the terminal; 0: no terminal
	rows  [][]string
}

const (
	gap       = 2 // spaces between two columns
	narrowest = 8 // a column is not cut to less
)

func (t terminal) table(head ...string) *table {
	b := &table{out: t.Out, width: columns(t.Out)}
	if len(head) > 0 {
		b.row(head...)
	}
	return b
}

// columns is the width of the terminal that w is; 0: it is none.
func columns(w io.Writer) int {
	f, ok := w.(*os.File)
	if !ok || !isatty.IsTerminal(f.Fd()) {
		return 0
	}
	width, _, err := term.GetSize(int(f.Fd()))
	if err != nil {
		return 0
	}
	return width
}

func (b *table) row(cells ...string) { b.rows = append(b.rows, cells) }

func (b *table) print() error {
	var text strings.Builder
	widths := fit(b.widths(), b.width)
	for _, row := range b.rows {
		var line strings.Builder
		for i, cell := range row {
			cell = cut(cell, widths[i])
			line.WriteString(cell)
			line.WriteString(strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell)+gap))
		}
		text.WriteString(strings.TrimRight(line.String(), " ") + "\n")
	}
	_, err := io.WriteString(b.out, text.String())
	return err
}

func (b *table) widths() []int {
	var widths []int
	for _, row := range b.rows {
		for i, cell := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	return widths
}

// fit takes from the widest column, again and again, until all of them fit
// into total, or none is left that may give way. total 0: as they are.
func fit(widths []int, total int) []int {
	if total == 0 {
		return widths
	}
	sum := gap * (len(widths) - 1)
	for _, w := range widths {
		sum += w
	}
	for ; sum > total; sum-- {
		widest := 0
		for i, w := range widths {
			if w > widths[widest] {
				widest = i
			}
		}
		if widths[widest] <= narrowest {
			break
		}
		widths[widest]--
	}
	return widths
}

// cut makes a text at most width characters long.
func cut(text string, width int) string {
	if utf8.RuneCountInString(text) <= width {
		return text
	}
	return string([]rune(text)[:width-1]) + "…"
}
