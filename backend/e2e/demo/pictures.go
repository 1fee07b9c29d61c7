//go:build linux

package main

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/png"
	"os"
	"path/filepath"
)

// seen is what a picture can be taken of: the screen, or the browser's page.
type seen interface {
	Picture(path string) error
}

// pictures are in the order in which a person sees them.
type pictures struct {
	dir   string
	count int
	last  image.Image
}

// What there was to be seen when a step failed.
const (
	failedPage   = "failed-page.png"
	failedScreen = "failed-screen.png"
)

func (p *pictures) open(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	p.dir = dir
	old, err := filepath.Glob(filepath.Join(dir, "[0-9][0-9]-*.png"))
	failed, _ := filepath.Glob(filepath.Join(dir, "failed-*.png")) // there or not
	for _, name := range append(old, failed...) {
		err = errors.Join(err, os.Remove(name))
	}
	return err
}

// take takes it as it is. What shows nothing, or what the picture before it
// showed, is an error.
func (p *pictures) take(b seen, name string) error {
	path := filepath.Join(p.dir, fmt.Sprintf("%02d-%s.png", p.count+1, name))
	if err := b.Picture(path); err != nil {
		return err
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	picture, err := png.Decode(bytes.NewReader(raw))
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	if blank(picture) {
		return fmt.Errorf("%s shows nothing", path)
	}
	if p.last != nil && equal(picture, p.last) {
		return fmt.Errorf("%s shows the same as the picture before it", path)
	}
	p.last = picture
	p.count++
	return nil
}

func blank(a image.Image) bool {
	first := a.At(a.Bounds().Min.X, a.Bounds().Min.Y)
	for y := a.Bounds().Min.Y; y < a.Bounds().Max.Y; y++ {
		for x := a.Bounds().Min.X; x < a.Bounds().Max.X; x++ {
			if a.At(x, y) != first {
				return false
			}
		}
	}
	return true
}

func equal(a, b image.Image) bool {
	if a.Bounds() != b.Bounds() {
		return false
	}
	for y := a.Bounds().Min.Y; y < a.Bounds().Max.Y; y++ {
		for x := a.Bounds().Min.X; x < a.Bounds().Max.X; x++ {
			if a.At(x, y) != b.At(x, y) {
				return false
			}
		}
	}
	return true
}
