package signin

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"lanyard/backend/client"
)

const (
	rightState = "dPx3Z0hPpQm2s4n1bQ9qkQ0t8u7v6w5x4y3z2A1B0C9"
	issuer     = "http://localhost:8460"
)

// waiting is a loopback that expects rightState from issuer.
func waiting(t *testing.T) *loopback {
	t.Helper()
	l, err := listen()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.close)
	l.expect(rightState, issuer)
	return l
}

func (l *loopback) right() string {
	return l.address() + "?" + url.Values{"code": {"C0DE"}, "state": {rightState}, "iss": {issuer}}.Encode()
}

// send makes one request on a connection of its own.
func send(t *testing.T, method, address string, change ...func(*http.Request)) *http.Response {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range change {
		c(r)
	}
	transport := &http.Transport{DisableKeepAlives: true}
	response, err := transport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(response.Body)
	response.Body.Close()
	if err != nil {
		t.Fatal(err)
	}
	response.Body = io.NopCloser(bytes.NewReader(text))
	return response
}

func body(t *testing.T, r *http.Response) string {
	t.Helper()
	text, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// come is what wait returns, which must be there already.
func (l *loopback) come(t *testing.T) (string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	return l.wait(ctx)
}

func TestStrangersDoNotEndTheWait(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	l := waiting(t)
	defer l.close()
	port := l.listener.Addr().(*net.TCPAddr).Port
	query := func(values url.Values) string { return l.address() + "?" + values.Encode() }
	good := func() url.Values { return url.Values{"code": {"C0DE"}, "state": {rightState}, "iss": {issuer}} }
	with := func(name string, values ...string) string {
		v := good()
		v[name] = values
		return query(v)
	}
	host := func(name string) func(*http.Request) {
		return func(r *http.Request) { r.Host = name }
	}
	for name, c := range map[string]struct {
		method, address string
		change          func(*http.Request)
	}{
		"another path":              {"GET", strings.Replace(l.right(), "/callback", "/", 1), nil},
		"a path below":              {"GET", strings.Replace(l.right(), "/callback", "/callback/", 1), nil},
		"a favicon":                 {"GET", strings.Replace(l.address(), "/callback", "/favicon.ico", 1), nil},
		"nothing":                   {"GET", l.address(), nil},
		"POST":                      {"POST", l.right(), nil},
		"HEAD":                      {"HEAD", l.right(), nil},
		"OPTIONS":                   {"OPTIONS", l.right(), nil},
		"DNS rebinding":             {"GET", l.right(), host(fmt.Sprintf("evil.example:%d", port))},
		"localhost in its place":    {"GET", l.right(), host(fmt.Sprintf("localhost:%d", port))},
		"the address, no port":      {"GET", l.right(), host("127.0.0.1")},
		"another port":              {"GET", l.right(), host("127.0.0.1:1")},
		"a script's Origin":         {"GET", l.right(), func(r *http.Request) { r.Header.Set("Origin", "https://evil.example") }},
		"Origin null":               {"GET", l.right(), func(r *http.Request) { r.Header.Set("Origin", "null") }},
		"Origin of ours":            {"GET", l.right(), func(r *http.Request) { r.Header.Set("Origin", "http://"+l.listener.Addr().String()) }},
		"wrong state":               {"GET", with("state", "guess"), nil},
		"half of the state":         {"GET", with("state", rightState[:20]), nil},
		"no state":                  {"GET", with("state"), nil},
		"an empty state":            {"GET", with("state", ""), nil},
		"two states, the first ok":  {"GET", with("state", rightState, "guess"), nil},
		"two states, the second ok": {"GET", with("state", "guess", rightState), nil},
		"no iss":                    {"GET", with("iss"), nil},
		"an empty iss":              {"GET", with("iss", ""), nil},
		"a foreign iss":             {"GET", with("iss", "https://evil.example"), nil},
		"iss with a slash":          {"GET", with("iss", issuer+"/"), nil},
		"two iss":                   {"GET", with("iss", issuer, issuer), nil},
		"two codes":                 {"GET", with("code", "C0DE", "other"), nil},
		"an error, wrong state":     {"GET", query(url.Values{"error": {"access_denied"}, "state": {"guess"}, "iss": {issuer}}), nil},
		"an error without iss":      {"GET", query(url.Values{"error": {"access_denied"}, "state": {rightState}}), nil},
		"a query that is none":      {"GET", l.address() + "?state=" + rightState + "&iss=%zz&code=C0DE", nil},
		"semicolons":                {"GET", l.address() + "?state=" + rightState + ";code=C0DE", nil},
	} {
		t.Run(name, func(t *testing.T) {
			var change []func(*http.Request)
			if c.change != nil {
				change = append(change, c.change)
			}
			response := send(t, c.method, c.address, change...)
			if response.StatusCode != http.StatusNotFound {
				t.Errorf("answered %s", response.Status)
			}
			select {
			case a := <-l.answers:
				t.Fatalf("taken for the answer: %v", a)
			default:
			}
		})
	}
	if response := send(t, "GET", l.right()); response.StatusCode != http.StatusOK {
		t.Fatalf("the right one: %s", response.Status)
	}
	if code, err := l.come(t); code != "C0DE" || err != nil {
		t.Errorf("%q %v", code, err)
	}
}

func TestTheRightAnswer(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	l := waiting(t)
	defer l.close()
	response := send(t, "GET", l.right())
	text := body(t, response)
	if response.StatusCode != http.StatusOK || !strings.Contains(text, "You can go back to Lanyard") {
		t.Errorf("%s\n%s", response.Status, text)
	}
	for name, want := range map[string]string{
		"Content-Type": "text/html; charset=utf-8", "Cache-Control": "no-store", "Referrer-Policy": "no-referrer",
		"X-Content-Type-Options":  "nosniff",
		"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
	} {
		if got := response.Header.Get(name); got != want {
			t.Errorf("%s: %q", name, got)
		}
	}
	if !response.Close {
		t.Error("the connection is kept")
	}
	for _, secret := range []string{"C0DE", rightState, "<script", "http://", "https://"} {
		if strings.Contains(text, secret) {
			t.Errorf("the page holds %s", secret)
		}
	}
	for range 3 { // again, before anybody has taken the answer
		if again := send(t, "GET", l.right()); again.StatusCode != http.StatusNotFound {
			t.Errorf("a replay is answered %s", again.Status)
		}
	}
	if code, err := l.come(t); code != "C0DE" || err != nil {
		t.Errorf("%q %v", code, err)
	}
	if again := send(t, "GET", l.right()); again.StatusCode != http.StatusNotFound {
		t.Errorf("a late replay is answered %s", again.Status)
	}
}

func TestTheServerSaysNo(t *testing.T) {
	for name, c := range map[string]struct {
		query url.Values
		is    error
		says  string
	}{
		"cancelled":         {url.Values{"error": {"access_denied"}}, client.ErrDenied, "cancelled in the browser"},
		"another error":     {url.Values{"error": {"temporarily_unavailable"}}, client.ErrDenied, "temporarily_unavailable"},
		"error and code":    {url.Values{"error": {"access_denied"}, "code": {"C0DE"}}, client.ErrDenied, "cancelled"},
		"neither":           {url.Values{}, nil, "without a code"},
		"a terminal's bell": {url.Values{"error": {"\x1b]0;x\x07" + strings.Repeat("y", 4000)}}, client.ErrDenied, `\x1b]0;x\a`},
	} {
		t.Run(name, func(t *testing.T) {
			l := waiting(t)
			c.query.Set("state", rightState)
			c.query.Set("iss", issuer)
			response := send(t, "GET", l.address()+"?"+c.query.Encode())
			if text := body(t, response); response.StatusCode != http.StatusOK || !strings.Contains(text, "Nothing was changed") || strings.Contains(text, "access_denied") {
				t.Errorf("%s\n%s", response.Status, text)
			}
			code, err := l.come(t)
			if code != "" || err == nil || !strings.Contains(err.Error(), c.says) || c.is != nil && !errors.Is(err, c.is) {
				t.Errorf("%q %v", code, err)
			}
			if err != nil && (len(err.Error()) > 300 || strings.ContainsAny(err.Error(), "\x1b\x07")) {
				t.Errorf("an error that is not fit for a terminal: %q", err)
			}
		})
	}
}

func TestAThousandStrayRequests(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	l := waiting(t)
	defer l.close()
	var all sync.WaitGroup
	for i := range 50 {
		all.Go(func() {
			for j := range 20 {
				address := l.address() + fmt.Sprintf("?code=C0DE&state=%d-%d&iss=%s", i, j, url.QueryEscape(issuer))
				r, err := http.NewRequest(http.MethodGet, address, nil)
				if err != nil {
					t.Error(err)
					return
				}
				transport := &http.Transport{DisableKeepAlives: true}
				response, err := transport.RoundTrip(r)
				if err != nil {
					t.Error(err)
					continue
				}
				if response.StatusCode != http.StatusNotFound {
					t.Errorf("answered %s", response.Status)
				}
				response.Body.Close()
			}
		})
	}
	all.Wait()
	if response := send(t, "GET", l.right()); response.StatusCode != http.StatusOK {
		t.Fatalf("the right one: %s", response.Status)
	}
	if code, err := l.come(t); code != "C0DE" || err != nil {
		t.Errorf("%q %v", code, err)
	}
}

// Browsers open connections ahead of need, and strangers open them to be in
// the way: neither holds the end up.
func TestCloseWaitsForNobody(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	l := waiting(t)
	var open []net.Conn
	for range 10 {
		conn, err := net.Dial("tcp", l.listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		open = append(open, conn)
	}
	if _, err := io.WriteString(open[0], "GET /callback HTTP/1.1\r\nHost: "); err != nil {
		t.Fatal(err)
	}
	// The browser's own connection, whose page must arrive whole.
	browser, err := net.Dial("tcp", l.listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer browser.Close()
	_, path, _ := strings.Cut(strings.TrimPrefix(l.right(), "http://"), "/")
	if _, err := fmt.Fprintf(browser, "GET /%s HTTP/1.1\r\nHost: %s\r\n\r\n", path, l.listener.Addr()); err != nil {
		t.Fatal(err)
	}
	if code, err := l.come(t); code != "C0DE" || err != nil {
		t.Fatalf("%q %v", code, err)
	}
	started := time.Now()
	l.close()
	if took := time.Since(started); took > 500*time.Millisecond {
		t.Errorf("it took %v", took)
	}
	response, err := http.ReadResponse(bufio.NewReader(browser), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if text := body(t, response); text != pageDone {
		t.Errorf("the page arrived as %q", text)
	}
	for i, conn := range open {
		_ = conn.SetReadDeadline(time.Now().Add(5 * time.Second))
		if n, err := conn.Read(make([]byte, 1)); n != 0 || err == nil || errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("connection %d lives: %v", i, err)
		}
	}
	if conn, err := net.Dial("tcp", l.listener.Addr().String()); err == nil {
		conn.Close()
		t.Error("the port still answers")
	}
	l.close() // twice is once
}

func TestConnectionsAreCounted(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	l := waiting(t)
	defer l.close()
	served := func() int { return len(l.listener.(*narrow).free) }
	var open []net.Conn
	for range maxStrangers + 20 {
		conn, err := net.Dial("tcp", l.listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		open = append(open, conn)
	}
	until(t, "the places to be taken", func() bool { return served() == maxStrangers })
	for _, conn := range open {
		conn.Close()
	}
	if response := send(t, "GET", l.right()); response.StatusCode != http.StatusOK {
		t.Errorf("after they left: %s", response.Status)
	}
}

func TestALongHeaderIsRefused(t *testing.T) {
	l := waiting(t)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, l.right(), nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Cookie", strings.Repeat("x", 64<<10))
	response, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(r)
	if err == nil { // else it hung up before all was sent
		defer response.Body.Close()
		if response.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
			t.Errorf("answered %s", response.Status)
		}
	}
	if response := send(t, "GET", l.right()); response.StatusCode != http.StatusOK {
		t.Errorf("the right one: %s", response.Status)
	}
}

func TestNobodyIsExpectedYet(t *testing.T) {
	l, err := listen()
	if err != nil {
		t.Fatal(err)
	}
	defer l.close()
	for _, address := range []string{l.address() + "?code=C0DE&state=&iss=", l.address() + "?code=C0DE&state=", l.right()} {
		if response := send(t, "GET", address); response.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %s", address, response.Status)
		}
	}
}

func TestItListensOnThisComputerOnly(t *testing.T) {
	l := waiting(t)
	at, ok := l.listener.Addr().(*net.TCPAddr)
	if !ok || !at.IP.Equal(net.IPv4(127, 0, 0, 1)) {
		t.Errorf("it listens on %v", l.listener.Addr())
	}
	if !strings.HasPrefix(l.address(), "http://127.0.0.1:") {
		t.Errorf("a name in its address, which a resolver may send elsewhere: %s", l.address())
	}
	if taken, err := net.Listen("tcp", l.listener.Addr().String()); err == nil {
		taken.Close()
		t.Error("somebody else could take the port, too")
	}
}

func TestTheWaitEndsWithItsContext(t *testing.T) {
	l := waiting(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if code, err := l.wait(ctx); code != "" || !errors.Is(err, context.Canceled) {
		t.Errorf("%q %v", code, err)
	}
}

// until polls for what happens elsewhere.
func until(t *testing.T, what string, done func() bool) {
	t.Helper()
	end := time.Now().Add(10 * time.Second)
	for !done() {
		if time.Now().After(end) {
			t.Fatalf("waited in vain for %s", what)
		}
		time.Sleep(2 * time.Millisecond)
	}
}
