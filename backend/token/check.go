package token

import (
	"fmt"
	"regexp"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// expiryForm is RFC 3339 to the letter: time.Parse forgives (go.dev/issue/54580),
// but what is echoed must be readable to everybody.
var expiryForm = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$`)

// parseExpiry reads an expiry as clients send it: at most a year ahead.
func parseExpiry(text string, now time.Time) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	at, err := time.Parse(time.RFC3339Nano, text)
	switch {
	case err != nil || !expiryForm.MatchString(text):
		return time.Time{}, fmt.Errorf("%w: expires_at must be a date and time such as 2027-01-31T12:00:00Z", ErrInvalid)
	case !at.After(now):
		return time.Time{}, fmt.Errorf("%w: expires_at lies in the past", ErrInvalid)
	case at.After(now.AddDate(1, 0, 1)):
		return time.Time{}, fmt.Errorf("%w: expires_at may lie at most a year ahead", ErrInvalid)
	}
	return stamp(at), nil
}

func checkDescription(text string) error {
	if strings.TrimSpace(text) == "" {
		return fmt.Errorf("%w: a description is needed (1 to 100 characters)", ErrInvalid)
	}
	return checkText(text, 100)
}

func checkText(text string, most int) error {
	if !utf8.ValidString(text) || strings.ContainsFunc(text, unicode.IsControl) {
		return fmt.Errorf("%w: text holds control characters", ErrInvalid)
	}
	if utf8.RuneCountInString(text) > most {
		return fmt.Errorf("%w: text is longer than %d characters", ErrInvalid, most)
	}
	return nil
}

func clip(text string, most int) string {
	if utf8.RuneCountInString(text) <= most {
		return text
	}
	return string([]rune(text)[:most])
}
