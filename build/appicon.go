//go:build ignore

// appicon draws build/appicon.png, build/windowicon.png and build/windows/icon.ico,
// the mark of the service's pages (backend/internal/pages/static/mark.svg) as
// programs wear it:
//
//	go run build/appicon.go
package main

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/color"
	"image/png"
	"log"
	"math"
	"os"
)

// A shape says whether a point of the 32 by 32 drawing is in it.
type shape struct {
	in     func(x, y float64) bool
	colour color.NRGBA
}

var (
	deep  = color.NRGBA{0x0a, 0x4f, 0x4b, 0xff}
	teal  = color.NRGBA{0x12, 0x93, 0x8a, 0xff}
	metal = color.NRGBA{0x8b, 0x97, 0xa3, 0xff}
	white = color.NRGBA{0xff, 0xff, 0xff, 0xff}
)

var mark = []shape{
	{polygon(5, 0, 11, 0, 18, 13, 14, 13), deep},
	{polygon(27, 0, 21, 0, 14, 13, 18, 13), teal},
	{rect(13.5, 11.5, 5, 5, 1.5), metal},
	{rect(5, 15, 22, 16, 3.5), teal},
	{rect(12.5, 17.5, 7, 2.4, 1.2), white},
	{rect(8.4, 22.4, 5.2, 5.2, 2.6), white},
	{rect(15.15, 22.75, 9.2, 1.7, .85), white},
	{rect(15.15, 25.95, 6.7, 1.7, .85), white},
}

func rect(x, y, w, h, r float64) func(float64, float64) bool {
	return func(px, py float64) bool {
		dx := math.Max(math.Abs(px-x-w/2)-w/2+r, 0)
		dy := math.Max(math.Abs(py-y-h/2)-h/2+r, 0)
		return px >= x && px <= x+w && py >= y && py <= y+h && math.Hypot(dx, dy) <= r
	}
}

func polygon(p ...float64) func(float64, float64) bool {
	return func(x, y float64) bool {
		in := false
		for i, j := 0, len(p)-2; i < len(p); j, i = i, i+2 {
			if (p[i+1] > y) != (p[j+1] > y) && x < (p[j]-p[i])*(y-p[i+1])/(p[j+1]-p[i+1])+p[i] {
				in = !in
			}
		}
		return in
	}
}

// draw paints the mark with a margin, 8 by 8 samples a pixel.
func draw(size int) image.Image {
	const samples = 8
	m := image.NewNRGBA(image.Rect(0, 0, size, size))
	scale := 34 / float64(size)
	for py := range size {
		for px := range size {
			var r, g, b, hits float64
			for s := range samples * samples {
				x := (float64(px)+(float64(s%samples)+.5)/samples)*scale - 1
				y := (float64(py)+(float64(s/samples)+.5)/samples)*scale - 1
				for i := len(mark) - 1; i >= 0; i-- {
					if mark[i].in(x, y) {
						c := mark[i].colour
						r, g, b, hits = r+float64(c.R), g+float64(c.G), b+float64(c.B), hits+1
						break
					}
				}
			}
			if hits > 0 {
				m.SetNRGBA(px, py, color.NRGBA{uint8(r / hits), uint8(g / hits), uint8(b / hits), uint8(255 * hits / (samples * samples))})
			}
		}
	}
	return m
}

func encoded(size int) []byte {
	var out bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&out, draw(size)); err != nil {
		log.Fatal(err)
	}
	return out.Bytes()
}

// ico holds PNGs, as Windows takes them since Vista.
func ico(sizes ...int) []byte {
	var head, body bytes.Buffer
	put := func(v ...any) {
		for _, one := range v {
			_ = binary.Write(&head, binary.LittleEndian, one)
		}
	}
	put(uint16(0), uint16(1), uint16(len(sizes)))
	for _, size := range sizes {
		data := encoded(size)
		put(uint8(size%256), uint8(size%256), uint8(0), uint8(0), uint16(1), uint16(32), uint32(len(data)), uint32(6+16*len(sizes)+body.Len()))
		body.Write(data)
	}
	return append(head.Bytes(), body.Bytes()...)
}

func main() {
	for name, data := range map[string][]byte{
		"build/appicon.png":      encoded(512),
		"build/windowicon.png":   encoded(128), // a window hands every pixel to the display before it is shown
		"build/windows/icon.ico": ico(256, 64, 48, 32, 16),
	} {
		if err := os.WriteFile(name, data, 0o644); err != nil {
			log.Fatal(err)
		}
	}
}
