//go:build linux

package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// screen is a display that nobody sees, without a window manager, and a
// connection to it that is told of each window as it is shown. Asking again and
// again would take more time than there is between two windows.
type screen struct {
	server  *exec.Cmd
	display string
	conn    net.Conn
	alone   time.Duration // that may still be waited for other programs' WebKit to end
}

// alone is how long a run waits in all for other programs' WebKit to end: on a
// person's own computer it may stay.
const alone = time.Minute

func startScreen(ctx context.Context) (_ *screen, err error) {
	out, in, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer out.Close()
	s := &screen{alone: alone, server: exec.CommandContext(ctx, "Xvfb", "-displayfd", "3", "-screen", "0", "1280x800x24", "-nolisten", "tcp", "-noreset")}
	s.server.ExtraFiles = []*os.File{in}
	s.server.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	err = s.server.Start()
	in.Close()
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			s.close()
		}
	}()
	number, err := bufio.NewReader(out).ReadString('\n') // once it listens
	if err != nil {
		return nil, fmt.Errorf("the display did not start: %w", err)
	}
	number = strings.TrimSpace(number)
	s.display = ":" + number
	if s.conn, err = (&net.Dialer{}).DialContext(ctx, "unix", "/tmp/.X11-unix/X"+number); err != nil {
		return nil, err
	}
	return s, s.listen()
}

func (s *screen) close() {
	if s.conn != nil {
		_ = s.conn.Close()
	}
	_ = s.server.Process.Signal(syscall.SIGTERM) // it may have ended
	_ = s.server.Wait()
}

// What of the X protocol is needed (X Window System Protocol, X11R7, app. B).
const (
	changeAttributes = 2
	getGeometry      = 14
	getInputFocus    = 43 // has an answer, and changes nothing

	eventMask     = 1 << 11 // of the attributes
	substructure  = 1 << 19 // SubstructureNotify, of the events
	anError       = 0
	anAnswer      = 1
	mapNotify     = 19
	packet        = 32
	leastOfWindow = 100 // pixels; toolkits have windows of one that nobody sees
)

// listen asks to be told of all that happens to the windows on the screen.
func (s *screen) listen() error {
	if err := s.conn.SetDeadline(time.Now().Add(patience)); err != nil {
		return err
	}
	// Little-endian, version 11.0, no authorization.
	if _, err := s.conn.Write([]byte{'l', 0, 11, 0, 0, 0, 0, 0, 0, 0, 0, 0}); err != nil {
		return err
	}
	head := make([]byte, 8)
	if _, err := io.ReadFull(s.conn, head); err != nil {
		return err
	}
	rest := make([]byte, 4*int(binary.LittleEndian.Uint16(head[6:])))
	if _, err := io.ReadFull(s.conn, rest); err != nil {
		return err
	}
	if head[0] != 1 {
		return errors.New("the display refuses: " + string(bytes.Trim(rest, "\x00")))
	}
	root, err := rootWindow(rest)
	if err != nil {
		return err
	}
	if err := s.send(changeAttributes, root, eventMask, substructure); err != nil {
		return err
	}
	if err := s.send(getInputFocus); err != nil {
		return err
	}
	_, err = s.await(anAnswer) // all before it is done
	return err
}

// rootWindow finds the first screen's in what a display says of itself.
func rootWindow(setup []byte) (uint32, error) {
	if len(setup) < 32 {
		return 0, io.ErrUnexpectedEOF
	}
	vendor, formats := int(binary.LittleEndian.Uint16(setup[16:])), int(setup[21])
	at := 32 + (vendor+3)/4*4 + 8*formats
	if len(setup) < at+4 {
		return 0, io.ErrUnexpectedEOF
	}
	return binary.LittleEndian.Uint32(setup[at:]), nil
}

// shown waits until a window is, and says when.
func (s *screen) shown(deadline time.Time) (time.Time, error) {
	if err := s.conn.SetDeadline(deadline); err != nil {
		return time.Time{}, err
	}
	for {
		event, err := s.await(mapNotify)
		at := time.Now()
		if err != nil {
			return at, err
		}
		if err := s.send(getGeometry, binary.LittleEndian.Uint32(event[8:])); err != nil {
			return at, err
		}
		size, err := s.await(anAnswer)
		if err != nil {
			return at, err
		}
		if binary.LittleEndian.Uint16(size[16:]) >= leastOfWindow && binary.LittleEndian.Uint16(size[18:]) >= leastOfWindow {
			return at, nil
		}
	}
}

func (s *screen) send(request byte, words ...uint32) error {
	b := []byte{request, 0}
	b = binary.LittleEndian.AppendUint16(b, uint16(1+len(words)))
	for _, w := range words {
		b = binary.LittleEndian.AppendUint32(b, w)
	}
	_, err := s.conn.Write(b)
	return err
}

// await reads until something of a kind comes. All that is asked for here, and
// all that happens, is one packet long.
func (s *screen) await(kind byte) ([]byte, error) {
	p := make([]byte, packet)
	for {
		if _, err := io.ReadFull(s.conn, p); err != nil {
			return nil, err
		}
		switch p[0] & 0x7f { // the highest bit: sent by another program
		case kind:
			return p, nil
		case anError:
			return nil, fmt.Errorf("the display refuses request %d: error %d", p[10], p[1])
		}
	}
}
