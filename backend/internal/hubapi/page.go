package hubapi

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

const (
	pageSize    = 10 // the Hub's default
	maxPageSize = 1000
	maxPage     = 1_000_000
)

// window is which part of a list is asked for, by number.
type window struct{ page, size int }

func windowOf(r *http.Request, otherwise int) (window, error) {
	page, err := number(r, "page", 1, maxPage)
	if err != nil {
		return window{}, err
	}
	size, err := number(r, "page_size", otherwise, 0)
	return window{page, min(size, maxPageSize)}, err
}

// envelope is the Hub's of a list.
type envelope[T any] struct {
	Count    int     `json:"count"`
	Next     *string `json:"next"`
	Previous *string `json:"previous"`
	Results  []T     `json:"results"`
}

// paged is one page of a list that is held whole.
func paged[T any](h *Handler, r *http.Request, all []T) (envelope[T], error) {
	at, err := windowOf(r, pageSize)
	if err != nil {
		return envelope[T]{}, err
	}
	from, to := min(len(all), (at.page-1)*at.size), min(len(all), at.page*at.size)
	out := envelope[T]{Count: len(all), Results: append([]T{}, all[from:to]...)}
	if to < len(all) {
		out.Next = h.page(r, at.page+1, at.size, nil)
	}
	if at.page > 1 {
		out.Previous = h.page(r, at.page-1, at.size, nil)
	}
	return out, nil
}

// page is the address of another page: the same question, with other numbers.
// Terraform's provider follows it only if it begins as the client began.
func (h *Handler) page(r *http.Request, page, size int, more url.Values) *string {
	q := r.URL.Query()
	for name := range q { // the first counts, and is all that is repeated
		q.Set(name, q.Get(name))
	}
	q.Del("after")
	q.Set("page", strconv.Itoa(page))
	q.Set("page_size", strconv.Itoa(size))
	for name := range more {
		q.Set(name, more.Get(name))
	}
	return h.address(r, q)
}

// following is the address of what comes after a place in a list.
func (h *Handler) following(r *http.Request, name, place string) *string {
	q := r.URL.Query()
	for name := range q {
		q.Set(name, q.Get(name))
	}
	q.Set(name, place)
	return h.address(r, q)
}

func (h *Handler) address(r *http.Request, q url.Values) *string {
	address := h.PublicURL + strings.TrimSuffix(r.URL.EscapedPath(), "/") + "?" + q.Encode()
	return &address
}

// number reads a positive number of the query, at most most (0: any).
func number(r *http.Request, name string, otherwise, most int) (int, error) {
	text := r.URL.Query().Get(name)
	if text == "" {
		return otherwise, nil
	}
	n, err := strconv.ParseInt(text, 10, 32)
	if err != nil || n < 1 || most > 0 && int(n) > most {
		return 0, errFields{name: "must be a number from 1"}
	}
	return int(n), nil
}
