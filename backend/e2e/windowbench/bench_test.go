//go:build linux

package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestSeries(t *testing.T) {
	for name, c := range map[string]struct {
		all              []float64
		least, mid, most float64
	}{
		"one":  {[]float64{4}, 4, 4, 4},
		"odd":  {[]float64{9, 1, 2}, 1, 2, 9},
		"even": {[]float64{8, 1, 2, 4}, 1, 3, 8},
	} {
		t.Run(name, func(t *testing.T) {
			s := series{All: c.all}
			s.sum()
			if s.Min != c.least || s.Median != c.mid || s.Max != c.most {
				t.Errorf("%+v", s)
			}
		})
	}
}

func TestReport(t *testing.T) {
	r := report{Rounds: 1, JavaScript: scripts{Gzip: 130_000, Aim: aimScript}}
	r.Window.add(measured{shown: 260 * time.Millisecond, memory: 230e6})
	r.Empty.add(measured{shown: 200 * time.Millisecond, memory: 200e6})
	dir := t.TempDir()
	var said bytes.Buffer
	if err := r.write(dir, &said); err != nil {
		t.Fatal(err)
	}
	var got report
	data, err := os.ReadFile(filepath.Join(dir, "window.json"))
	if err == nil {
		err = json.Unmarshal(data, &got)
	}
	if err != nil {
		t.Fatal(err)
	}
	if got.Shown != (ratio{1.3, aimRatio, false}) || got.Memory != (ratio{1.15, aimRatio, true}) {
		t.Errorf("shown %+v, memory %+v", got.Shown, got.Memory)
	}
	if n := strings.Count(said.String(), "MISSED"); n != 2 {
		t.Errorf("%d aims are said to be missed, not 2:\n%s", n, said.String())
	}
}

// What another program's WebKit bore a part of would make one of the two look small.
func TestSharedMemoryCountsLast(t *testing.T) {
	var r report
	r.Window.add(measured{memory: 220e6})
	r.Window.add(measured{memory: 110e6, shared: true})
	r.Empty.add(measured{memory: 90e6, shared: true})
	if ours, empty := r.memory(); ours.Min != 110 || ours.Max != 220 || empty.Median != 90 {
		t.Errorf("with none alone of the empty window: %v beside %v", ours.All, empty.All)
	}
	r.Empty.add(measured{memory: 200e6})
	if ours, empty := r.memory(); len(ours.All) != 1 || ours.All[0] != 220 || len(empty.All) != 1 || empty.All[0] != 200 {
		t.Errorf("with one alone of each: %v beside %v", ours.All, empty.All)
	}
}

func TestMemory(t *testing.T) {
	u, err := memory(os.Getpid())
	if err != nil || u.processes != 1 || u.sum < 1<<20 {
		t.Errorf("this process: %+v, %v", u, err)
	}
	if _, err := memory(1 << 30); err == nil {
		t.Error("a process that is not there has memory")
	}
}

func TestSteady(t *testing.T) {
	if !steady([]int64{1000, 1009, 1000, 1005}) || steady([]int64{1000, 1011, 1000, 1005}) {
		t.Error("a hundredth is the measure")
	}
}

func TestScriptSize(t *testing.T) {
	dir := t.TempDir()
	if _, err := scriptSize(dir); err == nil {
		t.Error("an empty folder has a size")
	}
	if err := os.WriteFile(filepath.Join(dir, "a.js"), bytes.Repeat([]byte("a"), 10_000), 0o600); err != nil {
		t.Fatal(err)
	}
	if s, err := scriptSize(dir); err != nil || s.Bytes != 10_000 || s.Gzip > 100 || s.Gzip == 0 || !s.Met {
		t.Errorf("%+v, %v", s, err)
	}
}
