package pages

import (
	"context"
	"crypto/rand"
	"errors"
	"net/http"
	"strconv"

	"lanyard/backend/account"
	"lanyard/backend/grant"
)

// What is wrong with a request as such.
var (
	errElsewhere = errors.New("form sent by another site")
	errStale     = errors.New("form not given to this browser")
	errType      = errors.New("not a form")
	errMethod    = errors.New("method not allowed")
	errMissing   = errors.New("no such page")
	errGuesses   = errors.New("too many wrong codes")
)

// message is a page that only says something.
type message struct {
	Title, Text, Next string
	Tone              string // "good", "bad" or ""
	Reference         string // in the log too
	Link, LinkText    string
	Refresh           string // a path of ours to go on to
}

// fail answers with the page of err. Anything unknown is ours to find in the log.
func (h *Handler) fail(w http.ResponseWriter, r *http.Request, err error) {
	const startAgain = "Go back to your program and start signing in again from there."
	var large *http.MaxBytesError
	status := http.StatusInternalServerError
	var m message
	switch {
	case r.Context().Err() != nil && errors.Is(err, context.Canceled):
		return // the browser has gone
	case errors.Is(err, errMissing):
		status, m = http.StatusNotFound, message{Title: "There is no such page", Text: "The address may be mistyped or out of date.", Link: "/account/", LinkText: "Your account"}
	case errors.Is(err, errMethod):
		status, m = http.StatusMethodNotAllowed, message{Title: "This page does not work that way", Text: "It was asked for with a method that it does not have."}
	case errors.Is(err, errElsewhere):
		status, m = http.StatusForbidden, message{Title: "Stopped for your safety", Text: "Another site tried to send a form here in your name. Nothing was done."}
	case errors.Is(err, errStale):
		status, m = http.StatusForbidden, message{Title: "Please try that once more", Text: "The form was not made for this browser, or the browser does not keep cookies for this service. Nothing was done.", Next: "Allow cookies for this address, open the page again and send it anew."}
	case errors.Is(err, errType):
		status, m = http.StatusUnsupportedMediaType, message{Title: "That was not a form", Text: "The service could not read what was sent. Nothing was done."}
	case errors.As(err, &large):
		status, m = http.StatusRequestEntityTooLarge, message{Title: "That was too much", Text: "The form is larger than this service reads. Nothing was done."}
	case errors.Is(err, grant.ErrNotFound):
		status, m = http.StatusNotFound, message{Title: "This sign-in is not known here", Text: "The link is incomplete, or the sign-in was finished long ago.", Next: startAgain}
	case errors.Is(err, grant.ErrDenied):
		status, m = http.StatusForbidden, message{Title: "This sign-in began in another browser", Text: "For your safety it can only be finished in the browser in which it began. If it did begin here, this browser does not keep cookies for this service.", Next: startAgain}
	case errors.Is(err, grant.ErrExpired):
		status, m = http.StatusGone, message{Title: "This sign-in took too long", Text: "It has expired, and nothing was changed.", Next: startAgain}
	case errors.Is(err, grant.ErrUsed):
		status, m = http.StatusConflict, message{Title: "This was answered already", Text: "An answer counts once. If it was not yours, or you want to change it, start again.", Next: startAgain}
	case errors.Is(err, errGuesses):
		w.Header().Set("Retry-After", strconv.Itoa(int(guessWindow.Seconds())))
		status, m = http.StatusTooManyRequests, message{Title: "Too many wrong codes", Text: "To keep others from guessing, no more codes are tried for a while.", Next: "Wait a quarter of an hour, then ask your program for a new code."}
	case errors.Is(err, account.ErrBusy):
		w.Header().Set("Retry-After", retryBusy)
		status, m = http.StatusServiceUnavailable, message{Title: "Busy at this moment", Text: "Too many people are signing in at once.", Next: "Try again in a few seconds."}
	default:
		m = message{Title: "Something went wrong here", Text: "The service could not do this. It is not your doing.", Next: "Try again in a moment. If it stays so, give the reference to whoever runs the service.", Reference: rand.Text()[:10]}
		h.log().ErrorContext(r.Context(), "page failed", "path", r.URL.Path, "reference", m.Reference, "err", err)
	}
	m.Tone = "bad"
	h.show(w, r, status, "message", m.Title, m)
}

func (h *Handler) missing(http.ResponseWriter, *http.Request) error { return errMissing }
