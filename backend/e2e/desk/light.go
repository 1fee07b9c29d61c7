//go:build linux

package desk

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"
)

const (
	half     = 50                   // percent of white
	lookRows = 16                   // of the screen's, evenly
	lookGap  = 3 * time.Millisecond // far below the 16 for which a frame is there
)

// Dark says whether most of the screen is.
func (s *Screen) Dark() (bool, error) {
	light, err := s.light()
	return light < half, err
}

// Watch does not take its eyes off the screen until the returned function is
// called: that says how light it was at its lightest, in percent of white, and
// how often it was looked at.
func (s *Screen) Watch() (end func() (lightest float64, looks int, err error)) {
	var ended sync.WaitGroup
	var lightest float64
	var looks int
	var failed error
	stop := make(chan struct{})
	ended.Go(func() {
		tick := time.NewTicker(lookGap)
		defer tick.Stop()
		for failed == nil {
			var light float64
			if light, failed = s.light(); light > lightest {
				lightest = light
			}
			looks++
			select {
			case <-tick.C:
			case <-stop:
				return
			}
		}
	})
	return func() (float64, int, error) {
		close(stop)
		ended.Wait()
		return lightest, looks, failed
	}
}

// light is how light the screen is now, in percent of white: read from where
// Xvfb paints, a file in the form of xwd(1), since a picture takes too long to
// be one of a moment.
func (s *Screen) light() (float64, error) {
	screen, err := os.Open(filepath.Join(s.desk.Runtime, "Xvfb_screen0"))
	if err != nil {
		return 0, err
	}
	defer screen.Close()
	var head [20 * 4]byte
	if _, err := screen.ReadAt(head[:], 0); err != nil {
		return 0, fmt.Errorf("look at the screen: %w", err)
	}
	field := func(n int) int64 { return int64(binary.BigEndian.Uint32(head[4*n:])) }
	width, height, bits, line := field(4), field(5), field(11), field(12)
	if bits != 32 || line < 4*width || height < lookRows {
		return 0, errors.New("look at the screen: it is not painted as this expects")
	}
	const color = 12 // bytes
	from := field(0) + color*field(19)
	row, sum := make([]byte, line), int64(0)
	for i := range int64(lookRows) {
		if _, err := screen.ReadAt(row, from+line*(i*height/lookRows+height/(2*lookRows))); err != nil {
			return 0, fmt.Errorf("look at the screen: %w", err)
		}
		for at := int64(0); at < 4*width; at += 4 {
			sum += int64(row[at]) + int64(row[at+1]) + int64(row[at+2])
		}
	}
	return 100 * float64(sum) / float64(255*3*width*lookRows), nil
}
