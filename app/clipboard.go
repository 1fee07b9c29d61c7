package app

import "time"

// secretStays is how long a copied secret lies on the clipboard, where every
// program of the person can read it.
const secretStays = 30 * time.Second

// lying is a secret on the clipboard. take takes it away, and says whether it
// was still there.
type lying struct {
	take  func() bool
	timer *time.Timer
}

// CopySecret is Copy of what is to be there for a moment only: marked, so that
// the programs that keep what was copied do not keep it, where the system has
// such a mark; and taken away after half a minute, unless something else was
// copied meanwhile. The event "clipboard" says that it is over.
func (w *Window) CopySecret(secret string) (CopiedView, error) {
	if len(secret) > maxCopied {
		return CopiedView{}, errTooLong
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.lies != nil {
		w.lies.timer.Stop() // what comes now takes its place
		w.lies = nil
	}
	take, err := w.core.screen.CopySecret(secret)
	if err != nil {
		return CopiedView{}, err
	}
	l := &lying{take: take}
	l.timer = time.AfterFunc(secretStays, func() { w.takeAway(l) })
	w.lies = l
	return CopiedView{Clears: stamp(w.core.now().Add(secretStays))}, nil
}

func (w *Window) takeAway(l *lying) {
	w.mu.Lock()
	over := w.lies != l // another one took its place
	if !over {
		w.lies = nil
	}
	w.mu.Unlock()
	if !over {
		w.core.screen.Emit(eventClipboard, ClipboardView{Cleared: l.take()})
	}
}

// ClearClipboard takes a copied secret away now, if it still lies there.
func (w *Window) ClearClipboard() error {
	w.mu.Lock()
	l := w.lies
	w.mu.Unlock()
	if l != nil && l.timer.Stop() {
		w.takeAway(l)
	}
	return nil
}

// forget takes away what is there: the window closes.
func (w *Window) forget() {
	w.mu.Lock()
	l := w.lies
	w.lies = nil
	w.mu.Unlock()
	if l != nil {
		l.timer.Stop()
		l.take()
	}
}
