package diagnosis

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"lanyard/backend/ledger"
	"lanyard/backend/signin"
)

// String is the report for people. It is for a file: nothing is cut.
func (d Report) String() string {
	var out strings.Builder
	fmt.Fprintf(&out, "lanyard %s, %s, %s, at %s\n", d.Version, d.System, d.Go, d.At.Format(time.RFC3339))
	section := func(title string, n int, rows func(b *table)) {
		if n == 0 {
			fmt.Fprintf(&out, "\n%s: none\n", title)
			return
		}
		fmt.Fprintf(&out, "\n%s:\n", title)
		b := &table{}
		rows(b)
		b.print(&out)
	}
	section("keychain", 1, func(b *table) {
		k := d.Keychain
		if k == nil {
			b.row("  not known, see below")
			return
		}
		b.row("  store", fmt.Sprintf("%s (%s), %s", k.Name, k.Store, k.Why))
		b.row("  state", strings.TrimSpace(k.State+" "+k.Detail))
		if k.Entries != nil {
			b.row("  entries", fmt.Sprint(*k.Entries))
		}
		b.row("  policy", map[bool]string{true: "fail_closed", false: "a file may take its place"}[k.FailClosed])
	})
	section("accounts", len(d.Accounts), func(b *table) {
		for _, a := range d.Accounts {
			b.row("  "+a.Ref, a.Kind, a.State, or("…"+a.LastFour, a.LastFour != ""), "ends "+when(a.Ends), a.Detail)
		}
	})
	section("ended", len(d.Ended), func(b *table) {
		for _, e := range d.Ended {
			b.row("  "+e.Account+"@"+e.Server, e.Reason, signin.Day(e.At))
		}
	})
	section("sign-outs pending", len(d.Pending), func(b *table) {
		for _, e := range d.Pending {
			b.row("  "+e.Account+"@"+e.Server, "since "+signin.Day(e.Since))
		}
	})
	section("last uses", len(d.Uses), func(b *table) {
		for _, u := range d.Uses {
			b.row("  "+u.At.UTC().Format(time.RFC3339), or(u.Tool, u.Tool != "" && u.Tool != "."), u.Host, or(u.Account, u.Account != ""), Given(ledger.Use(u)))
		}
	})
	section("own service", 1, func(b *table) { b.row("  "+d.Service.State, d.Service.Version, d.Service.URL) })
	section("tools", len(d.Tools), func(b *table) {
		for _, one := range d.Tools {
			b.row("  "+string(one.Name), one.Version, one.Path)
		}
	})
	section("findings", len(d.Findings), func(b *table) {
		for _, f := range d.Findings {
			b.row("  "+string(f.Weight), f.ID, f.What)
		}
	})
	section("files", len(d.Files), func(b *table) {
		for _, f := range d.Files {
			b.row("  "+f.Mode, fmt.Sprint(f.Size), f.Path)
		}
	})
	section("variables that are set", len(d.Variables), func(b *table) { b.row("  " + strings.Join(d.Variables, " ")) })
	section("what could not be learned", len(d.Problems), func(b *table) {
		for _, one := range d.Problems {
			b.row("  " + one)
		}
	})
	return out.String()
}

// table is rows of text in columns.
type table struct{ rows [][]string }

func (b *table) row(cells ...string) { b.rows = append(b.rows, cells) }

func (b *table) print(out *strings.Builder) {
	var widths []int
	for _, row := range b.rows {
		for i, cell := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	for _, row := range b.rows {
		var line strings.Builder
		for i, cell := range row {
			line.WriteString(cell + strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell)+2))
		}
		out.WriteString(strings.TrimRight(line.String(), " ") + "\n")
	}
}

func or(s string, known bool) string {
	if !known {
		return "-"
	}
	return s
}

func when(at *time.Time) string {
	if at == nil || at.IsZero() {
		return "never"
	}
	return at.Local().Format("2006-01-02 15:04")
}
