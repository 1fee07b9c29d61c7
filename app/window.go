package app

import (
	"context"
	"errors"
	"strings"
	"sync"

	"github.com/wailsapp/wails/v2/pkg/runtime"

	"lanyard/backend/client"
	"lanyard/backend/signin"
)

const maxCopied = 16 << 10 // bytes; the longest line to be copied is an address

const closeWords = "Only the window closes. Tools that are signed in stay so, and this computer's own service goes on.\n\n" +
	"To end that, open Lanyard again: sign out, or stop the service on its page."

var (
	errTooLong       = errors.New("too long to be copied")
	errNothingToOpen = errors.New("there is no page to open at this moment")
)

// screen is what the services do to the window.
type screen interface {
	enter(ctx context.Context)
	Emit(event string, view any)
	Raise()
	Close()
	Theme(chosen string) // of the window's own parts; "": the desktop's
	Zoom(percent int)    // of the page
	Copy(text string) error
	CopySecret(secret string) (take func() bool, err error)
	// SaveAs asks for the file that something is to be written to; "" if the
	// person thought better of it.
	SaveAs(title, name string) (file string, err error)
	Tell(title, text string) // returns when the person has read it
}

// Window is bound: the window itself.
type Window struct {
	core *core
	mu   sync.Mutex
	lies *lying // nil: no secret of ours is on the clipboard
	only bool   // the page shows a new secret that is nowhere else
}

// Close closes the window, as its frame does.
func (w *Window) Close() { w.core.screen.Close() }

// Holds is whether the page shows a new secret that nobody has copied: closing
// the window then asks first.
func (w *Window) Holds(secret bool) {
	w.mu.Lock()
	w.only = secret
	w.mu.Unlock()
}

// asks says whether closing is to be asked about, once: a page that does not
// answer can be closed all the same.
func (w *Window) asks() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	asks := w.only
	w.only = false
	return asks
}

// Copy puts text onto the clipboard.
func (w *Window) Copy(text string) error {
	if len(text) > maxCopied {
		return errTooLong
	}
	return w.core.screen.Copy(text)
}

// CloseNotice is true once in the life of an installation: the page then says
// that closing the window leaves service and helper at work.
func (w *Window) CloseNotice() (bool, error) { return w.first(), nil }

// first says whether it is to be said now. What cannot be kept is said again.
func (w *Window) first() (first bool) {
	w.core.memory.update(func(r *remembered) bool {
		first = !r.Closing
		r.Closing = true
		return first
	})
	return first
}

// OpenTokenPage opens the page on which the account's tokens are managed, where
// Lanyard does not do it: at Docker Hub, or at a registry whose token was
// pasted.
func (w *Window) OpenTokenPage() error {
	all, err := w.core.Computer.Known()
	if err != nil {
		return err
	}
	for _, k := range all {
		page := signin.TokenPage(k.Server)
		if k.Server == client.HubURL {
			page = signin.HubPage
		}
		if page == "" {
			continue
		}
		scheme, rest, _ := strings.Cut(page, "://")
		host, _, _ := strings.Cut(rest, "/")
		return signin.OpenPage(page, scheme+"://"+host, w.core.Open)
	}
	return errNothingToOpen
}

// wailsScreen is the real window. Before it is entered there is none.
type wailsScreen struct {
	mu  sync.Mutex
	ctx context.Context // Wails wants its own with each call
}

func (s *wailsScreen) enter(ctx context.Context) {
	s.mu.Lock()
	first := s.ctx == nil
	s.ctx = ctx
	s.mu.Unlock()
	if first {
		followDesktop()
	}
}

func (s *wailsScreen) window() (context.Context, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ctx, s.ctx != nil
}

func (s *wailsScreen) Emit(event string, view any) {
	if ctx, ok := s.window(); ok {
		runtime.EventsEmit(ctx, event, view)
	}
}

// Raise brings the window before the others, also from the task bar.
func (s *wailsScreen) Raise() {
	if ctx, ok := s.window(); ok {
		runtime.WindowShow(ctx)
		runtime.WindowUnminimise(ctx)
	}
}

func (s *wailsScreen) Close() {
	if ctx, ok := s.window(); ok {
		runtime.Quit(ctx)
	}
}

// Theme is for what the page does not paint: frame, scroll bars, and what shows
// while the window is made larger.
func (s *wailsScreen) Theme(chosen string) {
	ctx, ok := s.window()
	if !ok {
		return
	}
	choose(chosen)
	if chosen != "" {
		c := Background(chosen, false)
		runtime.WindowSetBackgroundColour(ctx, c.R, c.G, c.B, 255)
	}
}

func (s *wailsScreen) Zoom(percent int) {
	if _, ok := s.window(); ok {
		zoom(percent)
	}
}

func (s *wailsScreen) Copy(text string) error {
	ctx, ok := s.window()
	if !ok {
		return nil
	}
	return runtime.ClipboardSetText(ctx, text)
}

func (s *wailsScreen) SaveAs(title, name string) (string, error) {
	ctx, ok := s.window()
	if !ok {
		return "", nil
	}
	return runtime.SaveFileDialog(ctx, runtime.SaveDialogOptions{Title: title, DefaultFilename: name, CanCreateDirectories: true})
}

func (s *wailsScreen) Tell(title, text string) {
	if ctx, ok := s.window(); ok {
		_, _ = runtime.MessageDialog(ctx, runtime.MessageDialogOptions{Type: runtime.InfoDialog, Title: title, Message: text})
	}
}
