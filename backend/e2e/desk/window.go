//go:build linux

package desk

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

const (
	windowProgram = "lanyard-desktop"
	mostTabs      = 60 // more than any view has
)

// Window is the person at Lanyard's window: with the keyboard alone, and with
// what a screen reader says of it.
type Window struct {
	screen *Screen
	said   bytes.Buffer
	ended  chan struct{}
	failed error
}

// Open starts the window's program, as it is released, and waits until it
// shows something.
func (s *Screen) Open(ctx context.Context) (*Window, error) {
	w := &Window{screen: s, ended: make(chan struct{})}
	cmd := s.desk.Program(ctx, filepath.Join(s.desk.Programs, windowProgram))
	cmd.Stdout, cmd.Stderr, cmd.WaitDelay = &w.said, &w.said, 5*time.Second
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		defer close(w.ended)
		w.failed = cmd.Wait()
	}()
	return w, nil
}

// Wait waits, for half a minute, until the window says all of the words.
func (w *Window) Wait(ctx context.Context, words ...string) error {
	_, err := w.until(ctx, fmt.Sprintf("say %q", words), func(things []Thing) bool {
		for _, one := range words {
			if !says(things, one) {
				return false
			}
		}
		return true
	})
	return err
}

// WaitGone waits until the window says the words no more. They are not
// repeated in the error: they may be a secret.
func (w *Window) WaitGone(ctx context.Context, words string) error {
	_, err := w.until(ctx, "stop saying what it should not", func(things []Thing) bool {
		return len(things) > 0 && !says(things, words)
	})
	return err
}

// Hear waits until a screen reader is told each of the words as the whole of
// something of that kind: more than that they are in some text around it.
func (w *Window) Hear(ctx context.Context, as Role, words ...string) error {
	_, err := w.until(ctx, fmt.Sprintf("have %vs that are %q", as, words), func(things []Thing) bool {
		for _, one := range words {
			if !slices.ContainsFunc(things, func(t Thing) bool { return t.Role == as && (t.Name == one || t.Text == one) }) {
				return false
			}
		}
		return true
	})
	return err
}

// Height waits until the thing of that name is drawn, as high as fits, in pixels.
func (w *Window) Height(ctx context.Context, role Role, name string, fits func(pixels int) bool) (pixels int, err error) {
	_, err = w.until(ctx, fmt.Sprintf("draw %v %q in another size", role, name), func(things []Thing) bool {
		for _, t := range things {
			if t.Role == role && t.Name == name {
				pixels = w.screen.height(ctx, t)
			}
		}
		return pixels > 0 && fits(pixels)
	})
	return pixels, err
}

func says(things []Thing, words string) bool {
	for _, t := range things {
		if strings.Contains(t.Name, words) || strings.Contains(t.Text, words) {
			return true
		}
	}
	return false
}

// Text waits for the thing of that name, and is what stands in it.
func (w *Window) Text(ctx context.Context, name string) (text string, err error) {
	_, err = w.until(ctx, fmt.Sprintf("have a text in %q", name), func(things []Thing) bool {
		for _, t := range things {
			if t.Name == name && t.Text != "" && t.Text != name {
				text = t.Text
			}
		}
		return text != ""
	})
	return text, err
}

func (w *Window) until(ctx context.Context, what string, done func([]Thing) bool) ([]Thing, error) {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	var last []Thing // that were read to their end
	for {
		things, err := w.screen.Look(ctx, windowProgram)
		if err == nil && done(things) {
			return things, nil
		}
		if err == nil {
			last = things
		}
		select {
		case <-w.ended:
			return nil, w.words()
		default:
		}
		if err := pause(ctx); err != nil {
			return nil, fmt.Errorf("the window does not %s. It shows\n%s", what, listed(last))
		}
	}
}

func listed(things []Thing) string {
	var b strings.Builder
	for _, t := range things {
		if t.Name+t.Text != "" {
			focus := ""
			if t.Focused() {
				focus = " <- the keyboard"
			}
			fmt.Fprintf(&b, "%*s%v%s\n", max(0, t.Depth-7), "", t, focus)
		}
	}
	return b.String()
}

// focus is where the keyboard is: the innermost thing of those that say so.
// It is waited for, since a page may be about to place it; false: nowhere.
func (w *Window) focus(ctx context.Context, patience time.Duration) (here Thing, somewhere bool, err error) {
	for end := time.Now().Add(patience); !somewhere; {
		things, err := w.screen.Look(ctx, windowProgram)
		if err != nil {
			return here, false, err
		}
		for _, t := range things {
			if t.Focused() && t.Role != document && t.Role != scrollPane {
				here, somewhere = t, true
			}
		}
		if time.Now().After(end) {
			break
		}
	}
	return here, somewhere, nil
}

// move presses a key and waits until the keyboard is elsewhere.
func (w *Window) move(ctx context.Context, from Thing, key string) (now Thing, somewhere bool, err error) {
	if err := w.screen.Key(ctx, key); err != nil {
		return now, false, err
	}
	for end := time.Now().Add(5 * time.Second); ; {
		now, somewhere, err = w.focus(ctx, time.Second)
		if err != nil || now.Role != from.Role || now.Name != from.Name || now.Depth != from.Depth {
			return now, somewhere, err
		}
		if time.Now().After(end) {
			return now, somewhere, fmt.Errorf("the keyboard stays at %v when %s is pressed", now, key)
		}
	}
}

// To presses Tab until the keyboard is at the thing whose name begins so.
// Each place on the way has to have a name.
func (w *Window) To(ctx context.Context, role Role, name string) error {
	return w.walk(ctx, "Tab", role, name)
}

// Down is To with the arrow, in a menu or among radio buttons.
func (w *Window) Down(ctx context.Context, role Role, name string) error {
	return w.walk(ctx, "Down", role, name)
}

func (w *Window) walk(ctx context.Context, key string, role Role, name string) error {
	here, somewhere, err := w.focus(ctx, 5*time.Second)
	if err != nil {
		return err
	}
	if !somewhere {
		return fmt.Errorf("the keyboard is nowhere in the window, on the way to %v %q", role, name)
	}
	var way []string
	outside := 0
	for range mostTabs {
		if here.Role == role && strings.HasPrefix(here.Name, name) {
			return nil
		}
		if here, somewhere, err = w.move(ctx, here, key); err != nil {
			return err
		}
		switch {
		case !somewhere && outside == 0:
			outside++ // between the page's end and its beginning, once
		case here.Name == "":
			return fmt.Errorf("the keyboard is at something without a name: %v, after\n%s", here, strings.Join(way, "\n"))
		}
		way = append(way, here.String())
	}
	return fmt.Errorf("the keyboard does not come to %v %q by %s, only to\n%s", role, name, key, strings.Join(way, "\n"))
}

// Press goes to a button and presses it.
func (w *Window) Press(ctx context.Context, name string) error {
	if err := w.To(ctx, Button, name); err != nil {
		return err
	}
	return w.screen.Key(ctx, "Return")
}

// Unfold presses a button that opens a menu or a panel beside it.
func (w *Window) Unfold(ctx context.Context, name string) error {
	if err := w.To(ctx, menuButton, name); err != nil {
		return err
	}
	return w.screen.Key(ctx, "Return")
}

// Pick opens a menu by its button, and takes what begins so.
func (w *Window) Pick(ctx context.Context, menu, item string) error {
	if err := w.Unfold(ctx, menu); err != nil {
		return err
	}
	if err := w.Wait(ctx, item); err != nil {
		return err
	}
	if err := w.Down(ctx, MenuItem, item); err != nil {
		return err
	}
	return w.screen.Key(ctx, "Return")
}

// Choose goes to a list of which one is shown, and takes the one that begins so.
func (w *Window) Choose(ctx context.Context, name, item string) error {
	if err := w.To(ctx, menuButton, name); err != nil {
		return err
	}
	return w.screen.Type(ctx, item)
}

// Check goes to a box and makes a tick in it.
func (w *Window) Check(ctx context.Context, name string) error {
	if err := w.To(ctx, CheckBox, name); err != nil {
		return err
	}
	if err := w.screen.Key(ctx, "space"); err != nil {
		return err
	}
	_, err := w.until(ctx, fmt.Sprintf("have a tick at %q", name), func(things []Thing) bool {
		for _, t := range things {
			if t.Role == CheckBox && strings.HasPrefix(t.Name, name) && t.Checked() {
				return true
			}
		}
		return false
	})
	return err
}

// Fill goes to a field and types.
func (w *Window) Fill(ctx context.Context, name, text string) error {
	if err := w.To(ctx, Entry, name); err != nil {
		return err
	}
	return w.screen.Type(ctx, text)
}

// Key presses keys wherever the keyboard is.
func (w *Window) Key(ctx context.Context, keys ...string) error { return w.screen.Key(ctx, keys...) }

// Hide takes the window off the screen, as another one before it does.
func (w *Window) Hide(ctx context.Context) error {
	for _, id := range w.visible(ctx) {
		if _, err := Must(w.screen.desk.Program(ctx, "xdotool", "windowunmap", "--sync", id)); err != nil {
			return err
		}
	}
	if left := w.visible(ctx); len(left) > 0 {
		return fmt.Errorf("it is still on the screen: window %s", strings.Join(left, ", "))
	}
	return nil
}

// Raised waits until the window is on the screen.
func (w *Window) Raised(ctx context.Context) error {
	for end := time.Now().Add(10 * time.Second); len(w.visible(ctx)) == 0; {
		if time.Now().After(end) {
			return errors.New("the window is not on the screen")
		}
		if err := pause(ctx); err != nil {
			return err
		}
	}
	return nil
}

// visible are the windows of its program that are on the screen.
func (w *Window) visible(ctx context.Context) []string {
	o, err := Run(w.screen.desk.Program(ctx, "xdotool", "search", "--onlyvisible", "--class", windowProgram))
	if err != nil {
		return nil
	}
	return strings.Fields(o.Out) // none: exit status 1
}

// OpenSecond starts the program once more, and waits until that has ended.
func (s *Screen) OpenSecond(ctx context.Context) (Output, error) {
	return Must(s.desk.Program(ctx, filepath.Join(s.desk.Programs, windowProgram)))
}

// Close closes the window as a person does, and waits until its program has
// ended well.
func (w *Window) Close(ctx context.Context) error {
	if err := w.AskToClose(ctx); err != nil {
		return err
	}
	return w.Ended(ctx)
}

// AskToClose presses what window managers close a window with.
func (w *Window) AskToClose(ctx context.Context) error { return w.screen.Key(ctx, "alt+F4") }

// Ended waits until its program has ended well.
func (w *Window) Ended(ctx context.Context) error {
	select {
	case <-w.ended:
	case <-time.After(20 * time.Second):
		return fmt.Errorf("the window does not close")
	case <-ctx.Done():
		return ctx.Err()
	}
	if w.failed != nil {
		return w.words()
	}
	return nil
}

// words is what its program said, once it has ended.
func (w *Window) words() error {
	how := "ended"
	if w.failed != nil {
		how = w.failed.Error()
	}
	return fmt.Errorf("%s: %s\n%s", windowProgram, how, w.said.String())
}
