//go:build ignore

// appicon paints the mark (backend/internal/pages/static/mark.svg, the one source)
// as programs wear it: the PNG sizes of Linux, an .ico for Windows, an .icns for macOS.
// It knows as much of SVG as the mark has: rect, circle, straight paths, fill, stroke.
//
//	go run build/appicon.go
package main

import (
	"bytes"
	"encoding/binary"
	"encoding/xml"
	"image"
	"image/color"
	"image/png"
	"log"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"unicode"
)

const source = "backend/internal/pages/static/mark.svg"

func main() {
	mark, err := read(source)
	if err != nil {
		log.Fatal(err)
	}
	files := map[string][]byte{
		"build/appicon.png":          mark.png(512),
		"build/windowicon.png":       mark.png(128), // a window hands every pixel to the display before it is shown
		"build/windows/icon.ico":     mark.ico(256, 64, 48, 32, 16),
		"build/darwin/iconfile.icns": mark.icns(),
	}
	for _, size := range []int{16, 24, 32, 48, 64, 128, 256} {
		n := strconv.Itoa(size)
		files["build/linux/hicolor/"+n+"x"+n+".png"] = mark.png(size)
	}
	for name, data := range files {
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			log.Fatal(err)
		}
		if err := os.WriteFile(name, data, 0o644); err != nil {
			log.Fatal(err)
		}
	}
}

// A shape says whether a point of the 32 by 32 drawing is in it.
type shape struct {
	in     func(x, y float64) bool
	colour color.NRGBA
}

type drawing []shape

func read(name string) (drawing, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	var out drawing
	d := xml.NewDecoder(bytes.NewReader(text))
	for {
		token, err := d.Token()
		if token == nil {
			return out, nil
		} else if err != nil {
			return nil, err
		}
		element, ok := token.(xml.StartElement)
		if !ok {
			continue
		}
		at := func(name string) string {
			for _, a := range element.Attr {
				if a.Name.Local == name {
					return a.Value
				}
			}
			return ""
		}
		n := func(name string) float64 { return number(at(name)) }
		switch element.Name.Local {
		case "rect":
			out = append(out, shape{rect(n("x"), n("y"), n("width"), n("height"), n("rx")), colour(at("fill"))})
		case "circle":
			r := n("r")
			out = append(out, shape{rect(n("cx")-r, n("cy")-r, 2*r, 2*r, r), colour(at("fill"))})
		case "path":
			for _, line := range path(at("d")) {
				if stroke := at("stroke"); stroke != "" {
					out = append(out, shape{stroked(line, n("stroke-width")/2), colour(stroke)})
				} else {
					out = append(out, shape{polygon(line), colour(at("fill"))})
				}
			}
		}
	}
}

type point struct{ x, y float64 }

// path reads the corners of each part of d; its commands are M m L l H h V v Z z.
func path(d string) (parts [][]point) {
	fields := strings.FieldsFunc(spaced(d), func(r rune) bool { return r == ' ' || r == ',' })
	var at point
	for i, command := 0, "M"; i < len(fields); {
		if unicode.IsLetter(rune(fields[i][0])) {
			command = fields[i]
			i++
		}
		next := func() float64 { i++; return number(fields[i-1]) }
		switch command {
		case "M":
			at = point{next(), next()}
			parts, command = append(parts, nil), "L"
		case "m":
			at = point{at.x + next(), at.y + next()}
			parts, command = append(parts, nil), "l"
		case "L":
			at = point{next(), next()}
		case "l":
			at = point{at.x + next(), at.y + next()}
		case "H":
			at.x = next()
		case "h":
			at.x += next()
		case "V":
			at.y = next()
		case "v":
			at.y += next()
		case "Z", "z":
			continue
		default:
			log.Fatalf("%s: the mark has the path command %q, which appicon does not know", source, command)
		}
		parts[len(parts)-1] = append(parts[len(parts)-1], at)
	}
	return parts
}

// spaced sets letters and signs apart from what is before them.
func spaced(d string) string {
	var b strings.Builder
	for _, r := range d {
		if unicode.IsLetter(r) {
			b.WriteString(" " + string(r) + " ")
			continue
		}
		if r == '-' {
			b.WriteByte(' ')
		}
		b.WriteRune(r)
	}
	return b.String()
}

func number(text string) float64 {
	v, err := strconv.ParseFloat(text, 64)
	if err != nil {
		log.Fatalf("%s: %q is no number", source, text)
	}
	return v
}

func colour(hex string) color.NRGBA {
	digits := strings.TrimPrefix(hex, "#")
	if len(digits) == 3 {
		digits = string([]byte{digits[0], digits[0], digits[1], digits[1], digits[2], digits[2]})
	}
	v, err := strconv.ParseUint(digits, 16, 32)
	if err != nil {
		log.Fatalf("%s: %q is no colour", source, hex)
	}
	return color.NRGBA{uint8(v >> 16), uint8(v >> 8), uint8(v), 0xff}
}

func rect(x, y, w, h, r float64) func(float64, float64) bool {
	return func(px, py float64) bool {
		dx := math.Max(math.Abs(px-x-w/2)-w/2+r, 0)
		dy := math.Max(math.Abs(py-y-h/2)-h/2+r, 0)
		return px >= x && px <= x+w && py >= y && py <= y+h && math.Hypot(dx, dy) <= r
	}
}

func polygon(p []point) func(float64, float64) bool {
	return func(x, y float64) bool {
		in := false
		for i, j := 0, len(p)-1; i < len(p); j, i = i, i+1 {
			if (p[i].y > y) != (p[j].y > y) && x < (p[j].x-p[i].x)*(y-p[i].y)/(p[j].y-p[i].y)+p[i].x {
				in = !in
			}
		}
		return in
	}
}

// stroked is a line with round ends.
func stroked(p []point, half float64) func(float64, float64) bool {
	return func(x, y float64) bool {
		for i := 1; i < len(p); i++ {
			dx, dy := p[i].x-p[i-1].x, p[i].y-p[i-1].y
			t := ((x-p[i-1].x)*dx + (y-p[i-1].y)*dy) / (dx*dx + dy*dy)
			t = math.Max(0, math.Min(1, t))
			if math.Hypot(x-p[i-1].x-t*dx, y-p[i-1].y-t*dy) <= half {
				return true
			}
		}
		return false
	}
}

// paint has a margin, and 8 by 8 samples a pixel.
func (d drawing) paint(size int) image.Image {
	const samples = 8
	m := image.NewNRGBA(image.Rect(0, 0, size, size))
	scale := 34 / float64(size)
	for py := range size {
		for px := range size {
			var r, g, b, hits float64
			for s := range samples * samples {
				x := (float64(px)+(float64(s%samples)+.5)/samples)*scale - 1
				y := (float64(py)+(float64(s/samples)+.5)/samples)*scale - 1
				for i := len(d) - 1; i >= 0; i-- {
					if d[i].in(x, y) {
						c := d[i].colour
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

func (d drawing) png(size int) []byte {
	var out bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&out, d.paint(size)); err != nil {
		log.Fatal(err)
	}
	return out.Bytes()
}

// ico holds PNGs, as Windows takes them since Vista.
func (d drawing) ico(sizes ...int) []byte {
	var head, body bytes.Buffer
	put := func(v ...any) {
		for _, one := range v {
			_ = binary.Write(&head, binary.LittleEndian, one)
		}
	}
	put(uint16(0), uint16(1), uint16(len(sizes)))
	for _, size := range sizes {
		data := d.png(size)
		put(uint8(size%256), uint8(size%256), uint8(0), uint8(0), uint16(1), uint16(32), uint32(len(data)), uint32(6+16*len(sizes)+body.Len()))
		body.Write(data)
	}
	return append(head.Bytes(), body.Bytes()...)
}

// icns holds PNGs, as macOS takes them since 10.7: each size, and twice it.
func (d drawing) icns() []byte {
	var body bytes.Buffer
	for _, one := range []struct {
		kind string
		size int
	}{{"ic11", 32}, {"ic12", 64}, {"ic07", 128}, {"ic13", 256}, {"ic08", 256}, {"ic14", 512}, {"ic09", 512}, {"ic10", 1024}} {
		data := d.png(one.size)
		body.WriteString(one.kind)
		_ = binary.Write(&body, binary.BigEndian, uint32(8+len(data)))
		body.Write(data)
	}
	head := append([]byte("icns"), binary.BigEndian.AppendUint32(nil, uint32(8+body.Len()))...)
	return append(head, body.Bytes()...)
}
