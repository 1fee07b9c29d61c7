package passkey

import (
	"errors"
	"strings"
	"testing"

	virtual "github.com/descope/virtualwebauthn"

	"lanyard/backend/account"
)

// Whatever a browser sends is refused, unless it was signed for an open
// challenge: nothing panics, and nothing passes.
func FuzzAnswers(f *testing.F) {
	rp := virtual.RelyingParty{ID: "lanyard.example", Origin: origin}
	auth, key := virtual.NewAuthenticator(), newKey(virtual.KeyTypeEC2)
	f.Add(virtual.CreateAttestationResponse(rp, auth, key, virtual.AttestationOptions{Challenge: []byte("of nobody")}))
	f.Add(virtual.CreateAssertionResponse(rp, auth, key, virtual.AssertionOptions{Challenge: []byte("of nobody")}))
	for _, seed := range []string{"", "{}", "null", `{"id":"AA","rawId":"AA","type":"public-key","response":{}}`, strings.Repeat("[", 5000)} {
		f.Add(seed)
	}
	party, err := New(origin)
	if err != nil {
		f.Fatal(err)
	}
	anna := account.Account{ID: "anna", Name: "anna", Factors: account.Factors{Passkeys: []account.Passkey{{ID: key.ID, PublicKey: key.Key.AttestationData()}}}}
	f.Fuzz(func(t *testing.T, answer string) {
		if _, err := party.AskNew(anna, binding); err != nil {
			t.Fatal(err)
		}
		if k, err := party.New(anna, binding, answer); !errors.Is(err, ErrRefused) || k.ID != nil {
			t.Errorf("%+v, %v", k, err)
		}
		if s, err := party.Take(anna, binding, answer); !errors.Is(err, ErrRefused) || s.party != nil {
			t.Errorf("%+v, %v", s, err)
		}
	})
}
