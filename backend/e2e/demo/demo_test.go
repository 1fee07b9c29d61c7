//go:build linux

package main

import (
	"encoding/base64"
	"encoding/hex"
	"image"
	"image/color"
	"strings"
	"testing"
)

func TestFormsFindASecretHoweverItIsWritten(t *testing.T) {
	const secret = "lyd_auto_0123456789abcdefghijklmnopqrstuv"
	looked := forms("alice", secret)
	for name, text := range map[string]string{
		"in clear":      `{"secret":"` + secret + `"}`,
		"hex":           hex.EncodeToString([]byte("x" + secret + "y")),
		"basic":         "Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte("alice:"+secret)),
		"base64":        base64.StdEncoding.EncodeToString([]byte(secret)),
		"base64, 1 in":  base64.StdEncoding.EncodeToString([]byte("a" + secret + "bcd")),
		"base64, 2 in":  base64.StdEncoding.EncodeToString([]byte("ab" + secret + "c")),
		"base64, 10 in": base64.StdEncoding.EncodeToString([]byte(`{"s": "ab:` + secret + `"}`)),
	} {
		if !contains([]byte("before "+text+" after"), looked) {
			t.Errorf("%s: not found", name)
		}
	}
	for name, text := range map[string]string{
		"another": strings.Replace(secret, "0", "1", 1), "last four": secret[len(secret)-4:], "prefix": "lyd_auto_",
	} {
		if contains([]byte(text), looked) {
			t.Errorf("%s: found", name)
		}
	}
}

func TestPicturesThatShowNothingNew(t *testing.T) {
	a, b := image.NewGray(image.Rect(0, 0, 4, 4)), image.NewGray(image.Rect(0, 0, 4, 4))
	if !blank(a) || !equal(a, b) {
		t.Error("two empty pictures")
	}
	b.SetGray(3, 3, color.Gray{Y: 9})
	if blank(b) || equal(a, b) {
		t.Error("one dot")
	}
	if equal(a, image.NewGray(image.Rect(0, 0, 4, 5))) {
		t.Error("a taller one")
	}
}
