package signin

import (
	"errors"
	"strings"
	"testing"

	"lanyard/backend/client"
)

func TestOnlyPagesOfTheServerAreOpened(t *testing.T) {
	const server = "https://registry.example"
	for name, page := range map[string]string{
		"a file":                 "file:///etc/passwd",
		"a script":               "javascript:alert(1)",
		"data":                   "data:text/html,x",
		"another scheme":         "vscode://registry.example/",
		"no scheme":              "registry.example/authorize",
		"an option":              "-url",
		"a long option":          "--new-window=https://registry.example/",
		"nothing":                "",
		"another host":           "https://evil.example/authorize",
		"a host that begins so":  "https://registry.example.evil.example/",
		"a longer port":          "https://registry.example:8443/authorize",
		"a user":                 "https://registry.example@evil.example/authorize",
		"a user before the host": "https://me@registry.example/authorize",
		"a user and a password":  "https://registry.example:x@evil.example/",
		"http":                   "http://registry.example/authorize",
		"upper case":             "HTTPS://REGISTRY.EXAMPLE/authorize",
		"the bare server":        "https://registry.example",
		"a query at once":        "https://registry.example?x",
		"a space":                "https://registry.example/authorize --x",
		"a line":                 "https://registry.example/authorize\nfile:///etc/passwd",
		"a carriage return":      "https://registry.example/authorize\r",
		"a tab":                  "https://registry.example/\tauthorize",
		"NUL":                    "https://registry.example/authorize\x00",
		"an escape":              "https://registry.example/\x1b]8;;",
		"DEL":                    "https://registry.example/\x7f",
		"a C1 control":           "https://registry.example/\u0085",
		"text that turns round":  "https://registry.example/\u202efdp.exe",
		"a letter that is none":  "https://registry.example/a\u0430",
		"a quote":                `https://registry.example/"x`,
		"an apostrophe":          "https://registry.example/'x",
		"a backquote":            "https://registry.example/`id`",
		"a backslash":            `https://registry.example/\\evil.example`,
		"angle brackets":         "https://registry.example/<x>",
		"a pipe":                 "https://registry.example/|id",
		"braces":                 "https://registry.example/{a,b}",
		"five KiB":               "https://registry.example/" + strings.Repeat("x", 5<<10),
		"a bad escape":           "https://registry.example/%zz",
	} {
		t.Run(name, func(t *testing.T) {
			opened := false
			f := &Flow{Server: &client.Server{URL: server}, OpenBrowser: func(string) error { opened = true; return nil }}
			if err := f.openBrowser(page); !errors.Is(err, ErrBrowser) || opened {
				t.Errorf("opened %v, %v", opened, err)
			}
		})
	}
}

func TestAPageOfTheServerIsOpened(t *testing.T) {
	for server, page := range map[string]string{
		"https://registry.example": "https://registry.example/authorize?client_id=lanyard&redirect_uri=http%3A%2F%2F127.0.0.1%3A1%2Fcallback&state=a-b_c~d.e",
		"http://localhost:8460":    "http://localhost:8460/activate?user_code=BCDF-GHJK",
	} {
		var opened string
		f := &Flow{Server: &client.Server{URL: server}, OpenBrowser: func(page string) error { opened = page; return nil }}
		if err := f.openBrowser(page); err != nil || opened != page {
			t.Errorf("%s: opened %q, %v", page, opened, err)
		}
	}
	if err := (&Flow{}).openBrowser("whatever"); err != nil {
		t.Errorf("where nothing is to be opened: %v", err)
	}
}
