package keys

import (
	"bytes"
	"fmt"
	"slices"
	"testing"
	"time"
)

func TestSealer(t *testing.T) {
	now := time.Now()
	k, err := New(now)
	if err != nil {
		t.Fatal(err)
	}
	s, err := k.Sealer()
	if err != nil {
		t.Fatal(err)
	}
	plain := []byte("JBSWY3DPEHPK3PXP")
	sealed := s.Seal(plain, "totp\x00anna")
	if bytes.Contains(sealed, plain) || bytes.Equal(sealed, s.Seal(plain, "totp\x00anna")) {
		t.Error("sealed in clear, or twice the same")
	}
	again, err := k.Sealer() // after a restart
	if err != nil {
		t.Fatal(err)
	}
	if got, err := again.Open(sealed, "totp\x00anna"); err != nil || !bytes.Equal(got, plain) {
		t.Errorf("opened %q, %v", got, err)
	}
	other := &Keys{service: bytes.Repeat([]byte{7}, serviceKeyLength)}
	strange, err := other.Sealer()
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		by     Sealer
		sealed []byte
		of     string
	}{
		"another account's":   {s, sealed, "totp\x00bert"},
		"another key":         {strange, sealed, "totp\x00anna"},
		"a bit flipped":       {s, append(slices.Clone(sealed[:len(sealed)-1]), sealed[len(sealed)-1]^1), "totp\x00anna"},
		"cut off":             {s, sealed[:10], "totp\x00anna"},
		"nothing":             {s, nil, "totp\x00anna"},
		"in clear":            {s, plain, "totp\x00anna"},
		"another kind of row": {s, sealed, "challenge"},
	} {
		if got, err := c.by.Open(c.sealed, c.of); err == nil {
			t.Errorf("%s: opened %q", name, got)
		}
	}
	if said := fmt.Sprintf("%v %+v %#v", s, s, s); said != "*** *** ***" {
		t.Errorf("printed %s", said)
	}
}
