//go:build linux

package main

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

// The aims: at most so many times an empty window, at most so much JavaScript.
const (
	aimRatio  = 1.2
	aimScript = 120_000 // bytes, gzip
)

// report is what window.json holds.
type report struct {
	Rounds     int     `json:"rounds"`
	Computer   string  `json:"computer"`
	Window     figures `json:"lanyard-desktop"`
	Empty      figures `json:"empty"`
	Shown      ratio   `json:"shown_ratio"`
	Memory     ratio   `json:"memory_ratio"`
	Programs   []size  `json:"programs"`
	JavaScript scripts `json:"javascript"`
}

// figures are one window's, in the order in which they were measured.
type figures struct {
	Shown  series `json:"exec_to_shown_ms"`
	Memory series `json:"memory_pss_mb"`
	Beside series `json:"memory_pss_mb_beside_other_webkit"` // counts only where there is nothing else
}

type series struct {
	Min    float64   `json:"min"`
	Median float64   `json:"median"`
	Max    float64   `json:"max"`
	All    []float64 `json:"all"`
}

// ratio is of the medians.
type ratio struct {
	Ratio float64 `json:"ratio"`
	Aim   float64 `json:"aim"`
	Met   bool    `json:"met"`
}

type size struct {
	Name  string `json:"name"`
	Bytes int64  `json:"bytes"`
}

type scripts struct {
	Files []string `json:"files"`
	Bytes int64    `json:"bytes"`
	Gzip  int64    `json:"gzip"`
	Aim   int64    `json:"aim"`
	Met   bool     `json:"met"`
}

func (f *figures) add(m measured) {
	f.Shown.All = append(f.Shown.All, round(float64(m.shown.Microseconds())/1e3))
	to := &f.Memory
	if m.shared {
		to = &f.Beside
	}
	to.All = append(to.All, round(float64(m.memory)/1e6))
}

// all is the memory, however it was measured.
func (f *figures) all() series {
	s := series{All: slices.Concat(f.Memory.All, f.Beside.All)}
	s.sum()
	return s
}

func round(x float64) float64 { return math.Round(x*100) / 100 }

// sum finds least, middle and most.
func (s *series) sum() {
	if len(s.All) == 0 {
		return
	}
	sorted := slices.Sorted(slices.Values(s.All))
	n := len(sorted)
	s.Min, s.Median, s.Max = sorted[0], round((sorted[(n-1)/2]+sorted[n/2])/2), sorted[n-1]
}

func compare(ours, empty series) ratio {
	r := round(ours.Median / empty.Median)
	return ratio{Ratio: r, Aim: aimRatio, Met: r <= aimRatio}
}

// write puts the report into a folder, as text and as JSON, and the text to say.
func (r *report) write(dir string, say io.Writer) error {
	for _, f := range []*figures{&r.Window, &r.Empty} {
		f.Shown.sum()
		f.Memory.sum()
		f.Beside.sum()
	}
	ours, empty := r.memory()
	r.Shown, r.Memory = compare(r.Window.Shown, r.Empty.Shown), compare(ours, empty)
	r.Computer = fmt.Sprintf("%s/%s, %d cores%s", runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), load())
	data, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	text := r.text()
	_, said := io.WriteString(say, text)
	return errors.Join(said,
		os.WriteFile(filepath.Join(dir, "window.json"), append(data, '\n'), 0o644),
		os.WriteFile(filepath.Join(dir, "window.txt"), []byte(text), 0o644))
}

// load says how busy the computer was: times count only beside each other.
func load() string {
	text, err := os.ReadFile("/proc/loadavg")
	if fields := strings.Fields(string(text)); err == nil && len(fields) > 0 {
		return ", load " + fields[0]
	}
	return ""
}

// memory is what is compared. Other programs' WebKit bears a part of what ours
// takes: what was measured beside it counts only where one has nothing else.
func (r *report) memory() (ours, empty series) {
	if len(r.Window.Memory.All) == 0 || len(r.Empty.Memory.All) == 0 {
		return r.Window.all(), r.Empty.all()
	}
	return r.Window.Memory, r.Empty.Memory
}

func (r *report) text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "The window beside an empty one of Wails, %d times each, in turns (%s)\n\n", r.Rounds, r.Computer)
	fmt.Fprintf(&b, "%-30s %9s %9s %9s\n", "", "min", "median", "max")
	rows := func(what string, ours, empty series, to ratio) {
		fmt.Fprintf(&b, "%-30s %9.1f %9.1f %9.1f\n", what+", ours", ours.Min, ours.Median, ours.Max)
		fmt.Fprintf(&b, "%-30s %9.1f %9.1f %9.1f\n", what+", empty", empty.Min, empty.Median, empty.Max)
		fmt.Fprintf(&b, "%-30s %19.2f   aim ≤ %.1f: %s\n\n", "  ratio of the medians", to.Ratio, to.Aim, verdict(to.Met))
	}
	rows("exec to shown, ms", r.Window.Shown, r.Empty.Shown, r.Shown)
	ours, empty := r.memory()
	rows("memory (PSS), MB", ours, empty, r.Memory)
	if n := len(r.Window.Beside.All) + len(r.Empty.Beside.All); n > 0 {
		fmt.Fprintf(&b, "%d of %d times another program ran WebKit, which shares memory with ours.\n\n", n, 2*r.Rounds)
	}
	for _, p := range r.Programs {
		fmt.Fprintf(&b, "%-30s %9.1f MB\n", p.Name, float64(p.Bytes)/1e6)
	}
	fmt.Fprintf(&b, "%-30s %9.1f kB gzip (%.1f kB)   aim ≤ %d kB: %s\n", "the window's JavaScript",
		float64(r.JavaScript.Gzip)/1e3, float64(r.JavaScript.Bytes)/1e3, r.JavaScript.Aim/1000, verdict(r.JavaScript.Met))
	return b.String()
}

func verdict(met bool) string {
	if met {
		return "met"
	}
	return "MISSED"
}

func programSizes(dir string) ([]size, error) {
	var all []size
	for _, name := range []string{"lanyard", "docker-credential-lanyard", "lanyard-desktop"} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil {
			return nil, fmt.Errorf("%w (make build builds it)", err)
		}
		all = append(all, size{name, info.Size()})
	}
	return all, nil
}

// scriptSize adds up what JavaScript the pages hold, each file compressed by
// itself as a server would.
func scriptSize(dir string) (scripts, error) {
	s := scripts{Aim: aimScript}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".js" {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		var packed bytes.Buffer
		w, err := gzip.NewWriterLevel(&packed, gzip.BestCompression)
		if err != nil {
			return err
		}
		_, err = w.Write(text)
		s.Files = append(s.Files, d.Name())
		s.Bytes += int64(len(text))
		err = errors.Join(err, w.Close())
		s.Gzip += int64(packed.Len())
		return err
	})
	if err == nil && len(s.Files) == 0 {
		err = fmt.Errorf("no JavaScript in %s (make build builds it)", dir)
	}
	s.Met = s.Gzip <= s.Aim
	return s, err
}
