package keychain

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestNames(t *testing.T) {
	for want, got := range map[string]string{
		"session/http:%2F%2Flocalhost:8460/ann":     SessionName("http://localhost:8460", "ann"),
		"token/https:%2F%2Fid.example.com%2Fa/ann":  TokenName("https://id.example.com/a", "ann"),
		"token/ghcr.io/ann@example.com":             TokenName("ghcr.io", "ann@example.com"),
		"pending/4f2a":                              PendingName("4f2a"),
		"store/https:%2F%2Findex.docker.io%2Fv1%2F": StoreName("https://index.docker.io/v1/"),
		"store/hub-tool":                            StoreName("hub-tool"),
		"token/a%2Fb/c":                             TokenName("a/b", "c"),
		"token/a/b%2Fc":                             TokenName("a", "b/c"),
		"token/a%252Fb/":                            TokenName("a%2Fb", ""),
	} {
		if got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

func TestNamesAreUnambiguous(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		part := rapid.OneOf(rapid.String(), rapid.StringMatching(`[a/%:.2F]{0,8}`))
		server, account := part.Draw(t, "server"), part.Draw(t, "account")
		for kind, name := range map[Kind]string{Tokens: TokenName(server, account), Sessions: SessionName(server, account)} {
			got, parts, err := ParseName(name)
			if err != nil || got != kind || !slices.Equal(parts, []string{server, account}) {
				t.Fatalf("%q is %s %q, %v", name, got, parts, err)
			}
		}
		if len(Stores.name(server)) > maxName {
			return // see TestLongKeys
		}
		got, parts, err := ParseName(StoreName(server))
		if err != nil || got != Stores || !slices.Equal(parts, []string{server}) {
			t.Fatalf("%s %q, %v", got, parts, err)
		}
	})
}

// Of any key there is a name, and no two share one.
func TestLongKeys(t *testing.T) {
	long := "https://registry.example/" + strings.Repeat("a", 600)
	seen := map[string]string{}
	for _, key := range []string{long, long + "a", strings.Repeat("é", 100), strings.Repeat("a", maxName-len("store/")), strings.Repeat("a", maxName-len("store/")+1)} {
		for _, key := range []string{key, strings.TrimPrefix(StoreName(key), "store/"), StoreName(key)} {
			name := StoreName(key)
			if len(name) > maxName {
				t.Errorf("a name of %d bytes", len(name))
			}
			if kind, _, err := ParseName(name); err != nil || kind != Stores {
				t.Errorf("%q is %s %v", name, kind, err)
			}
			if other, taken := seen[name]; taken && other != key {
				t.Errorf("%q and %q are both %q", other, key, name)
			}
			seen[name] = key
		}
	}
}

func TestParseNameRefuses(t *testing.T) {
	for _, name := range []string{
		"", "/", "token", "token/", "token/a", "token/a/b/c", "store/a/b", "other/a/b", "token/a/%zz", "token/a/%2f", "token/a b/c", "Token/a/b",
		"store/#", "store/#4f2a", "token/#" + strings.Repeat("0", 64), "store/#" + strings.Repeat("A", 64),
	} {
		if kind, parts, err := ParseName(name); !errors.Is(err, ErrName) {
			t.Errorf("%q is %s %q, %v", name, kind, parts, err)
		}
	}
}
