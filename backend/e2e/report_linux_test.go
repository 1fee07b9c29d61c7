package e2e_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
)

// report writes what was tried: who was allowed what with which tool, and what the tool
// printed where it was refused.
func (m *matrix) report(folder string) {
	m.Helper()
	if err := os.MkdirAll(folder, 0o700); err != nil {
		m.Fatal(err)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "# Container tools and token scopes\n\nWritten by make clients on %s. Who may do what with which tool, and how long it took, in the middle, in milliseconds. $OPEN is a repository that everybody may read.\n\n", time.Now().Format(time.DateOnly))
	m.table(&b)
	b.WriteString("\n## What is printed at a refusal\n")
	m.words(&b)
	m.put(filepath.Join(folder, "clients.md"), b.String(), 0o600)
}

// table has a row for each tool and act, and a column for each registry.
func (m *matrix) table(b *strings.Builder) {
	b.WriteString("| tool | act |")
	for _, r := range m.registries {
		b.WriteString(" " + r.name + " |")
	}
	b.WriteString("\n|" + strings.Repeat(" --- |", len(m.registries)+2) + "\n")
	for _, c := range clis {
		for _, a := range acts {
			if a.line(c) == "" {
				continue
			}
			fmt.Fprintf(b, "| %s | %s |", c.name, a.name)
			for _, r := range m.registries {
				fmt.Fprintf(b, " %s |", m.cell(r, c, a))
			}
			b.WriteString("\n")
		}
	}
}

func (m *matrix) cell(r registry, c cli, a act) string {
	var allowed []string
	var took []time.Duration
	for _, one := range m.results {
		if one.registry == r && one.cli == c && one.act.name == a.name && one.Code == 0 {
			allowed = append(allowed, one.scope.String())
			took = append(took, one.Took)
		}
	}
	if len(took) == 0 {
		return "none"
	}
	slices.Sort(took)
	return fmt.Sprintf("%s (%d)", strings.Join(allowed, ", "), took[len(took)/2].Milliseconds())
}

// passing are parts of what is printed that are others each time.
var passing = regexp.MustCompile(`time="?\S+ |sha256:[0-9a-f]{64}|\d{4}/\d\d/\d\d \d\d:\d\d:\d\d `)

// words are the last lines that the tools printed, each once with those to whom it was said.
func (m *matrix) words(b *strings.Builder) {
	for _, r := range m.registries {
		fmt.Fprintf(b, "\n### %s\n\n| tool | act | who | words |\n| --- | --- | --- | --- |\n", r.name)
		for _, one := range m.results {
			if one.registry != r || one.Code == 0 {
				continue
			}
			text := passing.ReplaceAllString(strings.TrimSpace(one.Out+one.Err), "")
			for _, other := range m.registries {
				text = strings.ReplaceAll(text, other.host, "HOST")
			}
			lines := slices.Compact(strings.Split(text, "\n")) // some say it twice
			if len(lines) > 3 {
				lines = lines[len(lines)-3:]
			}
			fmt.Fprintf(b, "| %s | %s | %s | %s |\n", one.cli.name, one.act.name, one.scope, strings.ReplaceAll(strings.Join(lines, "<br>"), "|", `\|`))
		}
	}
}
