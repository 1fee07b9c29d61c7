package main

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/boombuler/barcode/qr"
)

func TestTableFits(t *testing.T) {
	rows := [][]string{
		{"DESCRIPTION", "SOURCE", "ID"},
		{"the build server in the cellar", "Auto-generated", "0a1b2c3d-0000-4000-8000-000000000000"},
		{"ü", "Manual", "ffffffff-0000-4000-8000-000000000000"},
	}
	for width, want := range map[int]string{
		0: "DESCRIPTION                     SOURCE          ID\n" +
			"the build server in the cellar  Auto-generated  0a1b2c3d-0000-4000-8000-000000000000\n" +
			"ü                               Manual          ffffffff-0000-4000-8000-000000000000\n",
		60: "DESCRIPTION            SOURCE          ID\n" +
			"the build server in …  Auto-generated  0a1b2c3d-0000-4000-8…\n" +
			"ü                      Manual          ffffffff-0000-4000-8…\n",
		// Narrower than can be: something of each is left.
		10: "DESCRIP…  SOURCE    ID\n" +
			"the bui…  Auto-ge…  0a1b2c3…\n" +
			"ü         Manual    fffffff…\n",
	} {
		var out bytes.Buffer
		b := &table{out: &out, width: width, rows: rows}
		if err := b.print(); err != nil {
			t.Fatal(err)
		}
		if out.String() != want {
			t.Errorf("width %d:\n%s", width, out.String())
		}
		for line := range strings.Lines(out.String()) {
			if n := utf8.RuneCountInString(strings.TrimRight(line, "\n")); width >= 60 && n > width {
				t.Errorf("%d characters in %d", n, width)
			}
		}
	}
}

// What is drawn is the code, module by module, with a white border.
func TestHalfBlocks(t *testing.T) {
	code, err := qr.Encode("https://registry.example/activate?user_code=ABCD-EFGH", qr.L, qr.Auto)
	if err != nil {
		t.Fatal(err)
	}
	lines := halfBlocks(code)
	side := code.Bounds().Dx()
	read := image.NewGray(image.Rect(0, 0, side+2*quiet, 2*len(lines)))
	for y, line := range lines {
		runes := []rune(line)
		if len(runes) != side+2*quiet {
			t.Fatalf("line %d has %d", y, len(runes))
		}
		for x, r := range runes {
			for half, dark := range map[int]bool{0: strings.ContainsRune("█▀", r), 1: strings.ContainsRune("█▄", r)} {
				if !dark {
					read.SetGray(x, 2*y+half, color.Gray{Y: 255})
				}
			}
		}
	}
	for y := range read.Bounds().Dy() {
		for x := range read.Bounds().Dx() {
			want := color.Gray{Y: 255}
			if in := image.Pt(x-quiet, y-quiet); in.In(code.Bounds()) {
				want = color.GrayModel.Convert(code.At(in.X, in.Y)).(color.Gray)
			}
			if read.GrayAt(x, y) != want {
				t.Fatalf("module %d, %d is wrong", x, y)
			}
		}
	}
}

// A report is named where nobody can know better, and nowhere else.
func TestReportIsNamed(t *testing.T) {
	for name, c := range map[string]struct {
		err  error
		want bool
	}{
		"unforeseen":   {fmt.Errorf("write: no space left on device"), true},
		"usage":        {usagef("no such flag"), false},
		"advice":       {fmt.Errorf("x: %w", errDeclined), false},
		"unwell":       {errUnwell, false},
		"escape in it": {fmt.Errorf("evil\x1b[2J\u202e"), true},
	} {
		t.Run(name, func(t *testing.T) {
			var said bytes.Buffer
			report(terminal{Err: &said}, c.err)
			if got := strings.Contains(said.String(), "lanyard report"); got != c.want {
				t.Errorf("%q", said.String())
			}
			if slices.ContainsFunc([]rune(said.String()), func(r rune) bool { return r == 0x1b || r == 0x202e }) {
				t.Errorf("%q reaches the terminal", said.String())
			}
		})
	}
}
