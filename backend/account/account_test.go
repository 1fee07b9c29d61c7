package account

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

func TestCheckName(t *testing.T) {
	for name, bad := range map[string]string{
		"anna": "", "a1": "", "42": "", "anna.b": "", "anna_b": "", "anna__b": "", "anna-b": "", "anna---b": "",
		strings.Repeat("a", 64): "", "library": "", "accessory": "",

		"":                      "2 to 64",
		"a":                     "2 to 64",
		strings.Repeat("a", 65): "2 to 64",
		"Anna":                  "a-z",
		"anna b":                "a-z",
		"anna/b":                "a-z",
		"anna..b":               "a-z",
		"anna___b":              "a-z",
		"anna._b":               "a-z",
		".anna":                 "a-z",
		"anna-":                 "a-z",
		"-anna":                 "a-z",
		"änna":                  "a-z",
		"аnna":                  "a-z", // a Cyrillic а
		"anna\n":                "a-z",
		"anna@b":                "a-z",
		"anna\x00":              "a-z",
		"users":                 "reserved",
		"access-tokens":         "reserved",
		"access":                "reserved",
		"auth":                  "reserved",
		"api_tokens":            "reserved",
		"orgs":                  "reserved",
		"repositories":          "reserved",
		"auditlogs":             "reserved",
		"namespaces":            "reserved",
	} {
		t.Run(fmt.Sprintf("%q", name), func(t *testing.T) { judged(t, CheckName(name), bad) })
	}
}

// judged fails unless err is nil for "", else ErrInvalid that says bad.
func judged(t *testing.T, err error, bad string) {
	t.Helper()
	if bad == "" {
		if err != nil {
			t.Errorf("refused: %v", err)
		}
		return
	}
	if !errors.Is(err, ErrInvalid) || !strings.Contains(err.Error(), bad) {
		t.Errorf("%v, want invalid because of %q", err, bad)
	}
}

func TestReservedIsNobodysToChange(t *testing.T) {
	Reserved()[0] = "anna"
	if CheckName("users") == nil || CheckName("anna") != nil {
		t.Error("the list was changed from outside")
	}
}

func TestCheckEmail(t *testing.T) {
	for email, ok := range map[string]bool{
		"": true, "anna@example.org": true, "anna+tag@mail.example.org": true, "änna@exämple.org": true, "a@b.c": true,
		"anna": false, "@example.org": false, "anna@": false, "anna@example": false, "anna@@example.org": false,
		"anna@example.org@evil.org": false, "anna @example.org": false, "anna@example.org\r\nBcc: x@y.z": false,
		`"anna"@example.org`: false, "<anna@example.org>": false, "anna@example.org,b@c.d": false,
		"anna@.org": false, "anna@example.": false, "anna@example..org": false,
		"anna\u200b@example.org": false, "anna\u202e@example.org": false, "anna\u00a0@example.org": false, "anna\x7f@example.org": false,
		"anna\xff@example.org": false, strings.Repeat("a", 250) + "@b.c": true, strings.Repeat("a", 251) + "@b.c": false,
	} {
		t.Run(fmt.Sprintf("%.40q", email), func(t *testing.T) {
			bad := "is not an e-mail address"
			if ok {
				bad = ""
			}
			judged(t, CheckEmail(email), bad)
		})
	}
}

func TestKey(t *testing.T) {
	for login, want := range map[string]string{"anna": "anna", " Anna ": "anna", "Anna@Example.ORG": "anna@example.org", "": "", " \t": ""} {
		if got := Key(login); got != want {
			t.Errorf("Key(%q) = %q", login, got)
		}
	}
}

func TestAnAccountPrintsItsNameOnly(t *testing.T) {
	a := Account{Name: "anna", Password: "$argon2id$secret"}
	for _, form := range []string{"%v", "%s", "%+v"} {
		if got := fmt.Sprintf(form, a); got != "anna" {
			t.Errorf("%s prints %s", form, got)
		}
	}
}
