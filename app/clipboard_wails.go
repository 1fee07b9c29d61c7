//go:build !linux || !cgo || !webkit2_41

package app

import "github.com/wailsapp/wails/v2/pkg/runtime"

// CopySecret has no mark here, and knows by reading whether it is still there.
func (s *wailsScreen) CopySecret(secret string) (take func() bool, err error) {
	take = func() bool {
		ctx, ok := s.window()
		if !ok {
			return false
		}
		if now, err := runtime.ClipboardGetText(ctx); err != nil || now != secret {
			return false
		}
		return runtime.ClipboardSetText(ctx, "") == nil
	}
	return take, s.Copy(secret)
}
