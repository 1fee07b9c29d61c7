package service

import (
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
)

// Person is somebody at a browser made of HTTP: it keeps cookies, follows
// redirects and fills in forms. Chromium does the same in the demonstration.
type Person struct {
	Name, Password string
	Code           string // for set-up, as `lanyard service setup-code` shows it

	client *http.Client
	page   page
}

type page struct {
	url    *url.URL
	status int
	body   string
}

// NewPerson sits somebody down; transport nil is the system's.
func NewPerson(name string, transport http.RoundTripper) *Person {
	jar, _ := cookiejar.New(nil) // never fails
	return &Person{Name: name, Password: Password, client: &http.Client{Jar: jar, Transport: transport}}
}

// Page is what the browser shows.
func (p *Person) Page() string { return html.UnescapeString(p.page.body) }

// Status is the status of what the browser shows.
func (p *Person) Status() int { return p.page.status }

// Open opens an address.
func (p *Person) Open(address string) error {
	response, err := p.client.Get(address)
	return p.show(response, err)
}

// Allow does all that a person does from the address that a program opened to
// the page that sends them back: set-up or sign-in where it is asked for, and
// the yes.
func (p *Person) Allow(address string) error { return p.answer(address, "allow") }

// Cancel is Allow with a no at its end.
func (p *Person) Cancel(address string) error { return p.answer(address, "cancel") }

// Answer is Allow, and in the place of going back to the program it returns
// what the program would be told.
func (p *Person) Answer(address string) (url.Values, error) {
	var told url.Values
	p.client.CheckRedirect = func(r *http.Request, _ []*http.Request) error {
		if r.URL.Path != "/callback" {
			return nil
		}
		told = r.URL.Query()
		return http.ErrUseLastResponse
	}
	defer func() { p.client.CheckRedirect = nil }()
	if err := p.Allow(address); err != nil {
		return nil, err
	}
	if told == nil {
		return nil, fmt.Errorf("not sent back, but to %s:\n%s", p.page.url, p.page.body)
	}
	return told, nil
}

func (p *Person) answer(address, decision string) error {
	if err := p.Open(address); err != nil {
		return err
	}
	for range 5 {
		action, fields, ok := p.form()
		if !ok {
			return nil // it has led somewhere
		}
		switch {
		case strings.HasSuffix(action, "/confirm"):
			fields.Set("decision", decision)
			return p.submit(action, fields)
		case fields.Has("password"):
			fields.Set("username", p.Name)
			fields.Set("password", p.Password)
			if fields.Has("code") {
				fields.Set("code", p.Code)
			}
		default:
			return fmt.Errorf("%s asks for something else:\n%s", p.page.url, p.page.body)
		}
		if err := p.submit(action, fields); err != nil {
			return err
		}
		if p.page.status >= http.StatusBadRequest {
			return fmt.Errorf("%s: %d:\n%s", p.page.url, p.page.status, p.page.body)
		}
	}
	return fmt.Errorf("%s asks again and again:\n%s", p.page.url, p.page.body)
}

// Enter types a code on the page for codes and says yes to what it shows.
func (p *Person) Enter(address, code string) error { return p.enter(address, code, "allow") }

// Refuse is Enter with a no at its end.
func (p *Person) Refuse(address, code string) error { return p.enter(address, code, "cancel") }

func (p *Person) enter(address, code, decision string) error {
	if err := p.Open(address); err != nil {
		return err
	}
	for range 5 {
		action, fields, ok := p.form()
		switch {
		case !ok:
			return nil
		case strings.HasSuffix(action, "/activate/confirm"):
			fields.Set("decision", decision)
			if err := p.submit(action, fields); err != nil {
				return err
			}
			if p.page.status != http.StatusOK {
				return fmt.Errorf("%s: %d:\n%s", p.page.url, p.page.status, p.page.body)
			}
			return nil
		case fields.Has("password"):
			fields.Set("username", p.Name)
			fields.Set("password", p.Password)
		default:
			fields.Set("user_code", code)
		}
		if err := p.submit(action, fields); err != nil {
			return err
		}
	}
	return fmt.Errorf("%s asks again and again:\n%s", p.page.url, p.page.body)
}

func (p *Person) submit(action string, fields url.Values) error {
	to, err := p.page.url.Parse(action)
	if err != nil {
		return err
	}
	response, err := p.client.PostForm(to.String(), fields)
	return p.show(response, err)
}

func (p *Person) show(response *http.Response, err error) error {
	if err != nil {
		return err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	p.page = page{response.Request.URL, response.StatusCode, string(body)}
	return err
}

var (
	formTag  = regexp.MustCompile(`<form method="post" action="([^"]*)">`)
	inputTag = regexp.MustCompile(`<input [^>]*>`)
	attrs    = regexp.MustCompile(`([a-z-]+)="([^"]*)"`)
)

// form is the form of the page that is shown, but for the one that signs out.
func (p *Person) form() (action string, fields url.Values, ok bool) {
	m := formTag.FindStringSubmatch(p.page.body)
	if m == nil || m[1] == "/signout" {
		return "", nil, false
	}
	fields = url.Values{}
	for _, tag := range inputTag.FindAllString(p.page.body, -1) {
		of := map[string]string{}
		for _, a := range attrs.FindAllStringSubmatch(tag, -1) {
			of[a[1]] = html.UnescapeString(a[2])
		}
		fields.Set(of["name"], of["value"])
	}
	return html.UnescapeString(m[1]), fields, true
}

func hostOf(address string) string {
	_, host, _ := strings.Cut(address, "://")
	return host
}
