package main

import (
	"image"
	"image/color"
	"os"
	"strings"

	"github.com/boombuler/barcode/qr"
	"github.com/mattn/go-isatty"
	"golang.org/x/term"
)

// quiet is the white border that a QR code needs around it, in modules.
const quiet = 4

// showQR draws an address for the camera of a telephone, if somebody can see
// it: stderr is a terminal that is large enough.
func showQR(t terminal, address string) {
	f, ok := t.Err.(*os.File)
	if !ok || address == "" || !isatty.IsTerminal(f.Fd()) || t.Getenv("TERM") == "dumb" {
		return
	}
	width, height, err := term.GetSize(int(f.Fd()))
	if err != nil {
		return
	}
	code, err := qr.Encode(address, qr.L, qr.Auto)
	if err != nil {
		return // the address and the code are there to be typed
	}
	lines := halfBlocks(code)
	if side := code.Bounds().Dx() + 2*quiet; side > width || len(lines) > height-6 {
		return
	}
	before, after := "\x1b[30;107m", "\x1b[0m" // black on white, whatever the terminal's colours are
	if t.Getenv("NO_COLOR") != "" {
		before, after = "", ""
	}
	t.say("")
	for _, line := range lines {
		t.say("%s%s%s", before, line, after)
	}
	t.say("")
}

// halfBlocks draws two rows of a code as one line of text, with the quiet zone.
func halfBlocks(code image.Image) []string {
	side := code.Bounds().Dx()
	dark := func(x, y int) bool {
		x, y = x-quiet, y-quiet
		return x >= 0 && y >= 0 && x < side && y < side && color.GrayModel.Convert(code.At(x, y)) == color.Gray{Y: 0}
	}
	var lines []string
	for y := 0; y < side+2*quiet; y += 2 {
		var line strings.Builder
		for x := range side + 2*quiet {
			switch top, bottom := dark(x, y), dark(x, y+1); {
			case top && bottom:
				line.WriteRune('█')
			case top:
				line.WriteRune('▀')
			case bottom:
				line.WriteRune('▄')
			default:
				line.WriteRune(' ')
			}
		}
		lines = append(lines, line.String())
	}
	return lines
}
