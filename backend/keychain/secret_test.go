package keychain

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
)

func TestSecretIsNotSeen(t *testing.T) {
	const canary = "canary-51f"
	token := Token{Username: "ann", Secret: canary}
	var b strings.Builder
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%10s"} {
		fmt.Fprintf(&b, verb, token)
		fmt.Fprintf(&b, verb, &token)
		fmt.Fprintf(&b, verb, token.Secret)
		fmt.Fprintf(&b, verb, []Secret{token.Secret})
		fmt.Fprintf(&b, verb, map[string]Secret{"a": token.Secret})
	}
	_ = json.NewEncoder(&b).Encode(token)
	slog.New(slog.NewJSONHandler(&b, nil)).Info("x", "token", token, "secret", token.Secret)
	slog.New(slog.NewTextHandler(&b, nil)).Info("x", "token", token, "secret", token.Secret)
	fmt.Fprint(&b, errors.New(fmt.Sprint(token.Secret)))
	for _, seen := range []string{canary, fmt.Sprintf("%x", canary), fmt.Sprintf("%X", canary)} {
		if strings.Contains(b.String(), seen) {
			t.Errorf("%s is seen in %s", seen, b.String())
		}
	}
	if token.Secret.Reveal() != canary {
		t.Error("it is lost")
	}
}

// What the child says of a failure never holds what it was to write.
func TestAnswerHidesTheValue(t *testing.T) {
	r := request{Op: opPut, Value: []byte("canary-51f")}
	a := answerOf(fmt.Errorf("refused %q", r.Value), r)
	if strings.Contains(a.Detail, "canary") || a.OK || !errors.Is(a.err(), errKeychain) {
		t.Errorf("%+v, %v", a, a.err())
	}
	for _, c := range codes {
		if a := answerOf(fmt.Errorf("x: %w", c.err), r); !errors.Is(a.err(), c.err) {
			t.Errorf("%v became %v", c.err, a.err())
		}
	}
}
