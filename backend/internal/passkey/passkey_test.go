package passkey

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	virtual "github.com/descope/virtualwebauthn"

	"lanyard/backend/account"
)

const (
	origin  = "https://lanyard.example:8460"
	binding = "the browser's"
)

// A desk is a relying party with a person, their browser and their key.
type desk struct {
	*testing.T
	party *Party
	now   time.Time
	anna  account.Account
	rp    virtual.RelyingParty
	auth  virtual.Authenticator
	key   virtual.Credential
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	p, err := New(origin)
	if err != nil {
		t.Fatal(err)
	}
	d := &desk{T: t, party: p, now: time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)}
	p.Now = func() time.Time { return d.now }
	d.anna = account.Account{ID: "5f0d4f1e-anna", Name: "anna"}
	d.rp = virtual.RelyingParty{ID: "lanyard.example", Name: "Lanyard", Origin: origin}
	d.auth = virtual.NewAuthenticatorWithOptions(virtual.AuthenticatorOptions{UserHandle: []byte(d.anna.ID)})
	d.key = newKey(virtual.KeyTypeEC2)
	return d
}

// newKey passes over one key in 128: the tool cuts leading zeros off.
func newKey(of virtual.KeyType) virtual.Credential {
	for {
		key := virtual.NewCredential(of)
		if of != virtual.KeyTypeEC2 || len(key.Key.AttestationData()) == 77 {
			return key
		}
	}
}

// signedUp is a desk whose key the account has.
func signedUp(t *testing.T) *desk {
	t.Helper()
	d := newDesk(t)
	k, err := d.party.New(d.anna, binding, d.attest(d.askNew(d.anna)))
	if err != nil {
		t.Fatal(err)
	}
	d.anna.Factors.Passkeys = append(d.anna.Factors.Passkeys, k)
	return d
}

func (d *desk) askNew(a account.Account) virtual.AttestationOptions {
	d.Helper()
	asked, err := d.party.AskNew(a, binding)
	if err != nil {
		d.Fatal(err)
	}
	options, err := virtual.ParseAttestationOptions(string(asked))
	if err != nil {
		d.Fatal(err)
	}
	return *options
}

func (d *desk) ask(a account.Account) virtual.AssertionOptions {
	d.Helper()
	asked, err := d.party.Ask(a, binding)
	if err != nil {
		d.Fatal(err)
	}
	options, err := virtual.ParseAssertionOptions(string(asked))
	if err != nil {
		d.Fatal(err)
	}
	return *options
}

func (d *desk) attest(o virtual.AttestationOptions) string {
	return virtual.CreateAttestationResponse(d.rp, d.auth, d.key, o)
}

func (d *desk) assert(o virtual.AssertionOptions) string {
	return virtual.CreateAssertionResponse(d.rp, d.auth, d.key, o)
}

// check is what a page does with an answer.
func (d *desk) check(a account.Account, bound, answer string) (account.Touch, error) {
	signed, err := d.party.Take(a, bound, answer)
	if err != nil {
		return account.Touch{}, err
	}
	return signed.Check(a)
}

func TestPasskeys(t *testing.T) {
	for name, of := range map[string]virtual.KeyType{"elliptic curve": virtual.KeyTypeEC2, "RSA": virtual.KeyTypeRSA} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t)
			d.key = newKey(of)
			d.key.Counter = 3
			made, err := d.party.New(d.anna, binding, d.attest(d.askNew(d.anna)))
			if err != nil || !bytes.Equal(made.ID, d.key.ID) || made.Count != 3 || len(made.PublicKey) == 0 || made.Synced {
				t.Fatalf("%+v, %v", made, err)
			}
			d.anna.Factors.Passkeys = []account.Passkey{made}
			if again := d.askNew(d.anna); len(again.ExcludeCredentials) != 1 {
				t.Errorf("a second one may be the first: %+v", again)
			}
			options := d.ask(d.anna)
			if len(options.AllowCredentials) != 1 || options.RelyingPartyID != "lanyard.example" {
				t.Errorf("%+v", options)
			}
			d.key.Counter = 4
			touch, err := d.check(d.anna, binding, d.assert(options))
			if err != nil || !bytes.Equal(touch.ID, made.ID) || touch.Count != 4 {
				t.Errorf("%+v, %v", touch, err)
			}
		})
	}
}

// G7: what an attacker's or a broken authenticator may send to a sign-in.
func TestAnswersThatAreRefused(t *testing.T) {
	bert := account.Account{ID: "another-person", Name: "bert"}
	for name, answer := range map[string]func(d *desk) (a account.Account, bound, answer string){
		"another origin": func(d *desk) (account.Account, string, string) {
			d.rp.Origin = "https://evil.example"
			return d.anna, binding, d.assert(d.ask(d.anna))
		},
		"another port": func(d *desk) (account.Account, string, string) {
			d.rp.Origin = "https://lanyard.example:8461"
			return d.anna, binding, d.assert(d.ask(d.anna))
		},
		"without TLS": func(d *desk) (account.Account, string, string) {
			d.rp.Origin = "http://lanyard.example:8460"
			return d.anna, binding, d.assert(d.ask(d.anna))
		},
		"another relying party": func(d *desk) (account.Account, string, string) {
			d.rp.ID = "evil.example"
			return d.anna, binding, d.assert(d.ask(d.anna))
		},
		"a challenge twice": func(d *desk) (account.Account, string, string) {
			said := d.assert(d.ask(d.anna))
			if _, err := d.check(d.anna, binding, said); err != nil {
				d.Fatalf("the first time: %v", err)
			}
			return d.anna, binding, said
		},
		"a challenge that was never given": func(d *desk) (account.Account, string, string) {
			o := d.ask(d.anna)
			o.Challenge = []byte("0123456789abcdef0123456789abcdef")
			return d.anna, binding, d.assert(o)
		},
		"a challenge past its time": func(d *desk) (account.Account, string, string) {
			o := d.ask(d.anna)
			d.now = d.now.Add(askedFor)
			return d.anna, binding, d.assert(o)
		},
		"the challenge of another person": func(d *desk) (account.Account, string, string) {
			bert.Factors.Passkeys = []account.Passkey{{ID: []byte("bert's"), PublicKey: d.anna.Factors.Passkeys[0].PublicKey}}
			return d.anna, binding, d.assert(d.ask(bert))
		},
		"the challenge of another browser": func(d *desk) (account.Account, string, string) {
			return d.anna, "another", d.assert(d.ask(d.anna))
		},
		"no browser": func(d *desk) (account.Account, string, string) {
			return d.anna, "", d.assert(d.ask(d.anna))
		},
		"the challenge of adding one": func(d *desk) (account.Account, string, string) {
			o := d.askNew(d.anna)
			return d.anna, binding, d.assert(virtual.AssertionOptions{Challenge: o.Challenge})
		},
		"the answer of adding one": func(d *desk) (account.Account, string, string) {
			return d.anna, binding, d.attest(virtual.AttestationOptions{Challenge: d.ask(d.anna).Challenge})
		},
		"type swapped, signed anew": func(d *desk) (account.Account, string, string) {
			return d.anna, binding, d.forge(d.assert(d.ask(d.anna)), func(c map[string]any) { c["type"] = "webauthn.create" }, nil)
		},
		"in a frame of another site": func(d *desk) (account.Account, string, string) {
			return d.anna, binding, d.forge(d.assert(d.ask(d.anna)), func(c map[string]any) { c["crossOrigin"] = true }, nil)
		},
		"nobody verified": func(d *desk) (account.Account, string, string) {
			d.auth.Options.UserNotVerified = true
			return d.anna, binding, d.assert(d.ask(d.anna))
		},
		"nobody present": func(d *desk) (account.Account, string, string) {
			d.auth.Options.UserNotPresent = true
			return d.anna, binding, d.assert(d.ask(d.anna))
		},
		"a foreign key": func(d *desk) (account.Account, string, string) {
			o := d.ask(d.anna)
			d.key = newKey(virtual.KeyTypeEC2)
			return d.anna, binding, d.assert(o)
		},
		"a foreign key under a known id": func(d *desk) (account.Account, string, string) {
			o, id := d.ask(d.anna), d.key.ID
			d.key = newKey(virtual.KeyTypeEC2)
			d.key.ID = id
			return d.anna, binding, d.assert(o)
		},
		"another person's handle": func(d *desk) (account.Account, string, string) {
			d.auth.Options.UserHandle = []byte(bert.ID)
			return d.anna, binding, d.assert(d.ask(d.anna))
		},
		"synchronised and not to be": func(d *desk) (account.Account, string, string) {
			d.auth.Options.BackupState = true
			return d.anna, binding, d.assert(d.ask(d.anna))
		},
		"a signature of another count": func(d *desk) (account.Account, string, string) {
			return d.anna, binding, d.forge(d.assert(d.ask(d.anna)), nil, func(data []byte) []byte { data[36]++; return data })
		},
		"authenticator data cut off": func(d *desk) (account.Account, string, string) {
			return d.anna, binding, d.forge(d.assert(d.ask(d.anna)), nil, func(data []byte) []byte { return data[:20] })
		},
		"huge": func(d *desk) (account.Account, string, string) {
			return d.anna, binding, d.forge(d.assert(d.ask(d.anna)), nil, func(data []byte) []byte { return append(data, make([]byte, 1<<20)...) })
		},
		"nothing": func(d *desk) (account.Account, string, string) { return d.anna, binding, "" },
		"null":    func(d *desk) (account.Account, string, string) { return d.anna, binding, "null" },
		"no JSON": func(d *desk) (account.Account, string, string) { return d.anna, binding, "{" },
		"no parts": func(d *desk) (account.Account, string, string) {
			return d.anna, binding, `{"id":"AA","type":"public-key"}`
		},
	} {
		t.Run(name, func(t *testing.T) {
			d := signedUp(t)
			if touch, err := d.check(answer(d)); !errors.Is(err, ErrRefused) || touch.ID != nil {
				t.Errorf("%+v, %v", touch, err)
			}
		})
	}
	if touch, err := (Signed{}).Check(bert); !errors.Is(err, ErrRefused) || touch.ID != nil {
		t.Errorf("nothing signed: %+v, %v", touch, err)
	}
}

// forge changes what was signed and, where only the client's part changed,
// signs it anew with the right key.
func (d *desk) forge(said string, client func(map[string]any), data func([]byte) []byte) string {
	d.Helper()
	var answer map[string]any
	if err := json.Unmarshal([]byte(said), &answer); err != nil {
		d.Fatal(err)
	}
	response := answer["response"].(map[string]any)
	authData, err := base64.RawURLEncoding.DecodeString(response["authenticatorData"].(string))
	if err != nil {
		d.Fatal(err)
	}
	if data != nil {
		response["authenticatorData"] = base64.RawURLEncoding.EncodeToString(data(authData))
	}
	if client != nil {
		raw, err := base64.RawURLEncoding.DecodeString(response["clientDataJSON"].(string))
		var members map[string]any
		if err == nil {
			err = json.Unmarshal(raw, &members)
		}
		if err != nil {
			d.Fatal(err)
		}
		client(members)
		if raw, err = json.Marshal(members); err != nil {
			d.Fatal(err)
		}
		response["clientDataJSON"] = base64.RawURLEncoding.EncodeToString(raw)
		hash := sha256.Sum256(raw)
		digest := sha256.Sum256(append(bytes.Clone(authData), hash[:]...))
		signature, err := d.key.Key.Sign(digest[:])
		if err != nil {
			d.Fatal(err)
		}
		response["signature"] = base64.RawURLEncoding.EncodeToString(signature)
	}
	text, err := json.Marshal(answer)
	if err != nil {
		d.Fatal(err)
	}
	return string(text)
}

// The forger signs right: what is refused above is refused for what was changed.
func TestForgedWithoutAChangePasses(t *testing.T) {
	d := signedUp(t)
	said := d.forge(d.assert(d.ask(d.anna)), func(map[string]any) {}, nil)
	if _, err := d.check(d.anna, binding, said); err != nil {
		t.Error(err)
	}
}

// G7: what may be sent in the place of a new passkey.
func TestNewPasskeysThatAreRefused(t *testing.T) {
	for name, answer := range map[string]func(d *desk) (a account.Account, bound, answer string){
		"another origin": func(d *desk) (account.Account, string, string) {
			d.rp.Origin = "https://evil.example"
			return d.anna, binding, d.attest(d.askNew(d.anna))
		},
		"another relying party": func(d *desk) (account.Account, string, string) {
			d.rp.ID = "evil.example"
			return d.anna, binding, d.attest(d.askNew(d.anna))
		},
		"a challenge twice": func(d *desk) (account.Account, string, string) {
			said := d.attest(d.askNew(d.anna))
			if _, err := d.party.New(d.anna, binding, said); err != nil {
				d.Fatalf("the first time: %v", err)
			}
			return d.anna, binding, said
		},
		"for another account": func(d *desk) (account.Account, string, string) {
			return account.Account{ID: "bert"}, binding, d.attest(d.askNew(d.anna))
		},
		"by another browser": func(d *desk) (account.Account, string, string) {
			return d.anna, "another", d.attest(d.askNew(d.anna))
		},
		"the challenge of a sign-in": func(d *desk) (account.Account, string, string) {
			known := d.anna
			known.Factors.Passkeys = []account.Passkey{{ID: []byte("x"), PublicKey: []byte("y")}}
			return d.anna, binding, d.attest(virtual.AttestationOptions{Challenge: d.ask(known).Challenge})
		},
		"nobody verified": func(d *desk) (account.Account, string, string) {
			d.auth.Options.UserNotVerified = true
			return d.anna, binding, d.attest(d.askNew(d.anna))
		},
		"an algorithm that was not offered": func(d *desk) (account.Account, string, string) {
			said := d.attest(d.askNew(d.anna))
			return d.anna, binding, d.swap(said, []byte{0x03, 0x26}, []byte{0x03, 0x2e}) // -7 (ES256) to -15
		},
		"huge CBOR": func(d *desk) (account.Account, string, string) {
			said := d.attest(d.askNew(d.anna))
			return d.anna, binding, strings.Replace(said, `"attestationObject":"`, `"attestationObject":"`+strings.Repeat("n7_-", 1<<18), 1)
		},
		"CBOR that promises much": func(d *desk) (account.Account, string, string) {
			said := d.attest(d.askNew(d.anna))
			bomb := base64.RawURLEncoding.EncodeToString([]byte("\xbb\x7f\xff\xff\xff\xff\xff\xff\xff\x61a\x01"))
			return d.anna, binding, d.replaceObject(said, bomb)
		},
		"CBOR in CBOR in CBOR": func(d *desk) (account.Account, string, string) {
			said := d.attest(d.askNew(d.anna))
			return d.anna, binding, d.replaceObject(said, base64.RawURLEncoding.EncodeToString(bytes.Repeat([]byte{0x81}, 8000)))
		},
		"nothing": func(d *desk) (account.Account, string, string) { return d.anna, binding, "" },
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t)
			if k, err := d.party.New(answer(d)); !errors.Is(err, ErrRefused) || k.ID != nil {
				t.Errorf("%+v, %v", k, err)
			}
		})
	}
}

func (d *desk) object(said string) (map[string]any, []byte) {
	d.Helper()
	var answer map[string]any
	if err := json.Unmarshal([]byte(said), &answer); err != nil {
		d.Fatal(err)
	}
	object, err := base64.RawURLEncoding.DecodeString(answer["response"].(map[string]any)["attestationObject"].(string))
	if err != nil {
		d.Fatal(err)
	}
	return answer, object
}

func (d *desk) replaceObject(said, with string) string {
	d.Helper()
	answer, _ := d.object(said)
	answer["response"].(map[string]any)["attestationObject"] = with
	text, err := json.Marshal(answer)
	if err != nil {
		d.Fatal(err)
	}
	return string(text)
}

func (d *desk) swap(said string, old, with []byte) string {
	d.Helper()
	_, object := d.object(said)
	if bytes.Count(object, old) != 1 {
		d.key = newKey(virtual.KeyTypeEC2)
		return d.swap(d.attest(d.askNew(d.anna)), old, with) // by chance they were there twice
	}
	return d.replaceObject(said, base64.RawURLEncoding.EncodeToString(bytes.Replace(object, old, with, 1)))
}

// A passkey that began to be synchronised after it was made still signs in.
func TestSynchronisedLater(t *testing.T) {
	d := signedUp(t)
	d.auth.Options.BackupEligible, d.auth.Options.BackupState = true, true
	if _, err := d.check(d.anna, binding, d.assert(d.ask(d.anna))); err != nil {
		t.Error(err)
	}
}

// Challenges are bounded: the stalest make room.
func TestChallengesAreBounded(t *testing.T) {
	d := signedUp(t)
	first := d.ask(d.anna)
	d.now = d.now.Add(time.Second)
	for range maxOpen {
		d.ask(d.anna)
	}
	if len(d.party.open) > maxOpen {
		t.Errorf("%d are kept", len(d.party.open))
	}
	if _, err := d.check(d.anna, binding, d.assert(first)); !errors.Is(err, ErrRefused) {
		t.Errorf("the stalest is good still: %v", err)
	}
	if _, err := d.check(d.anna, binding, d.assert(d.ask(d.anna))); err != nil {
		t.Errorf("the latest: %v", err)
	}
}

func TestAddressesThatCannotHavePasskeys(t *testing.T) {
	for _, bad := range []string{"", "localhost", "http://", ":", "\x00"} {
		if _, err := New(bad); err == nil {
			t.Errorf("%q has passkeys", bad)
		}
	}
}
