package browser

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"net/http"
)

// bindingLen is the length of a binding: 192 random bits in base64url.
const bindingLen = 32

// Cookies names and makes our cookies. Under https their names begin with
// __Host-, so that no other host can set them; on loopback http, where
// browsers refuse that prefix and all ports share one jar, the name carries
// the port.
type Cookies struct {
	Secure bool   // the service is reached over https
	Port   string // of the public URL
}

func (c Cookies) name(what string) string {
	if c.Secure {
		return "__Host-lanyard-" + what
	}
	return "lanyard-" + what + "-" + c.Port
}

// Bind returns the browser's binding, and gives the browser one first if it
// has none. Call it before anything is written.
func (c Cookies) Bind(w http.ResponseWriter, r *http.Request) string {
	if binding := c.Binding(r); binding != "" {
		return binding
	}
	var chance [bindingLen / 4 * 3]byte
	_, _ = rand.Read(chance[:]) // cannot fail since Go 1.24
	binding := base64.RawURLEncoding.EncodeToString(chance[:])
	http.SetCookie(w, &http.Cookie{
		Name: c.name("browser"), Value: binding, Path: "/", HttpOnly: true, Secure: c.Secure, SameSite: http.SameSiteLaxMode,
	})
	return binding
}

// Binding is the secret that only this browser holds, or "": it has none, or
// one that is not of our making. A request is bound to it (grant.Request).
func (c Cookies) Binding(r *http.Request) string {
	named := r.CookiesNamed(c.name("browser"))
	if len(named) != 1 { // two of one name: somebody tossed one in
		return ""
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(named[0].Value)
	if err != nil || len(raw) != bindingLen/4*3 {
		return ""
	}
	return named[0].Value
}

// FormToken is the hidden field of every form given to the browser that holds
// binding. It can be computed from the cookie alone, so it outlives a restart,
// and by nobody who does not hold the cookie.
func FormToken(binding string) string {
	sum := sha256.Sum256([]byte("form\x00" + binding))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// Posted says whether a form with that token was given to this browser.
func (c Cookies) Posted(r *http.Request, token string) bool {
	binding := c.Binding(r)
	return binding != "" && subtle.ConstantTimeCompare([]byte(FormToken(binding)), []byte(token)) == 1
}
