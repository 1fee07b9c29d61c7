package registryauth

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// An Answer is yes, no, or that only a try would tell.
type Answer string

// The answers.
const (
	Yes     Answer = "yes"
	No      Answer = "no"
	Unknown Answer = "unknown"
)

// Verdict is what a registry decides about an image.
type Verdict struct {
	Pull, Push Answer
	// Login: the name and secret were taken; No: they were refused. Unknown:
	// nobody was named, or the registry asks nobody.
	Login Answer
	// Found: the image is there; Unknown where it may not be read.
	Found Answer
	// Words are the registry's own, of a refusal.
	Words string
}

// manifests are the kinds that a tool would take.
var manifests = strings.Join([]string{
	"application/vnd.oci.image.index.v1+json", "application/vnd.docker.distribution.manifest.list.v2+json",
	"application/vnd.oci.image.manifest.v1+json", "application/vnd.docker.distribution.manifest.v2+json", "*/*;q=0.1",
}, ", ")

// Ask finds out what login may do with an image, without pulling or pushing:
// it takes a token as for a push, reads what that grants, and asks for the
// manifest's head, which counts for no limit of pulls.
func (r Registry) Ask(ctx context.Context, repository, reference string, login Login) (Verdict, error) {
	v := Verdict{Pull: Unknown, Push: Unknown, Login: Unknown, Found: Unknown}
	c, err := r.Challenge(ctx)
	if err != nil {
		return v, err
	}
	asks := login != Login{} && c.Scheme != ""
	header, token, err := r.authorize(ctx, c, login, "repository:"+repository+":pull,push")
	if errors.Is(err, ErrRefused) {
		return r.whyRefused(ctx, c, repository, login, v, err)
	}
	if err != nil {
		return v, err
	}
	if asks && c.Scheme == "bearer" {
		v.Login = Yes
	}
	if granted, readable := actions(token, repository); readable {
		v.Pull, v.Push = granting(granted, "pull"), granting(granted, "push")
	}
	return r.head(ctx, c, repository, reference, header, asks, v)
}

// whyRefused: a realm may refuse the login, or nothing but the rights asked
// for: then it gives a token for nothing.
func (r Registry) whyRefused(ctx context.Context, c Challenge, _ string, login Login, v Verdict, refused error) (Verdict, error) {
	v.Words = said(refused, r.Host)
	v.Pull, v.Push = No, No
	if login == (Login{}) {
		return v, nil
	}
	switch _, err := r.token(ctx, c, login, ""); {
	case err == nil:
		v.Login = Yes
	case errors.Is(err, ErrRefused):
		v.Login, v.Words = No, said(err, r.Host)
	default:
		return v, err
	}
	return v, nil
}

// head asks for the manifest's head: what counts is what the registry makes of
// the token, whatever that says of itself.
func (r Registry) head(ctx context.Context, c Challenge, repository, reference string, header http.Header, asks bool, v Verdict) (Verdict, error) {
	header.Set("Accept", manifests)
	response, body, err := r.send(ctx, http.MethodHead, c.Base+"/v2/"+repository+"/manifests/"+reference, header)
	if err != nil {
		return v, err
	}
	switch code := response.StatusCode; {
	case code == http.StatusOK:
		v.Pull, v.Found = Yes, Yes
	case code == http.StatusNotFound:
		v.Found = No
	case code == http.StatusUnauthorized && c.Scheme == "basic" && asks:
		v.Login, v.Pull, v.Push = No, No, No
		v.Words = words(body)
	case code == http.StatusUnauthorized, code == http.StatusForbidden:
		v.Pull = No
		v.Words = words(body)
	default:
		return v, r.refused(response, body)
	}
	if c.Scheme == "basic" && asks && v.Login == Unknown && v.Found != Unknown {
		v.Login = Yes
	}
	if c.Scheme == "" {
		v.Push = Unknown
	}
	return v, nil
}

func granting(granted []string, action string) Answer {
	if slices.Contains(granted, action) || slices.Contains(granted, "*") {
		return Yes
	}
	return No
}

// said is a refusal without the words that this package put before it.
func said(err error, host string) string {
	return strings.TrimPrefix(err.Error(), fmt.Sprintf("%v by %s: ", ErrRefused, host))
}
