package machine

import (
	"errors"
	"regexp"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestCanonicalHost(t *testing.T) {
	for in, want := range map[string]string{
		"localhost:8460":                       "localhost:8460",
		"registry.example.com":                 "registry.example.com",
		"Registry.EXAMPLE.com:5000":            "registry.example.com:5000",
		"registry.example.com:443":             "registry.example.com",
		"https://registry.example.com":         "registry.example.com",
		"https://registry.example.com/":        "registry.example.com",
		"https://registry.example.com:443/v2/": "registry.example.com",
		"HTTPS://registry.example.com/v1/":     "registry.example.com",
		"http://localhost:8460":                "localhost:8460",
		"http://localhost:8460/v2":             "localhost:8460",
		"http://registry.example.com:80":       "registry.example.com",
		"http://registry.example.com":          "registry.example.com",
		"registry.example.com:80":              "registry.example.com:80",
		"https://registry.example.com:80":      "registry.example.com:80",
		"127.0.0.1:5000":                       "127.0.0.1:5000",
		"[::1]:5000":                           "[::1]:5000",
		"https://[2001:DB8:0::1]:443/":         "[2001:db8::1]",
		"hub-tool":                             "hub-tool",
		"https://index.docker.io/v1/":          "docker.io",
		"https://index.docker.io/v1":           "docker.io",
		"index.docker.io":                      "docker.io",
		"index.docker.io:443":                  "docker.io",
		"registry-1.docker.io":                 "docker.io",
		"https://registry-1.docker.io":         "docker.io",
		"docker.io":                            "docker.io",
		"docker.io:5000":                       "docker.io:5000",
		"hub.docker.com":                       "hub.docker.com",
	} {
		t.Run(in, func(t *testing.T) {
			got, err := CanonicalHost(in)
			if err != nil || got != want {
				t.Fatalf("got %q, %v, want %q", got, err, want)
			}
			if again, err := CanonicalHost(got); err != nil || again != got {
				t.Errorf("the canonical host of %q is %q, %v", got, again, err)
			}
		})
	}
}

func TestCanonicalHostRefuses(t *testing.T) {
	for name, in := range map[string]string{
		"empty":                     "",
		"CVE-2020-5260 LF":          "good.io\n.evil.io",
		"CVE-2024-50338 CR":         "good.io\r",
		"LF at the end":             "good.io\n",
		"NUL":                       "good.io\x00.evil.io",
		"escape CVE-2024-50349":     "good.io\x1b[2K",
		"DEL":                       "good.io\x7f",
		"space":                     "good.io evil.io",
		"percent LF":                "good.io%0a.evil.io",
		"percent slash":             "good.io%2fevil.io",
		"userinfo":                  "https://good.io@evil.io",
		"userinfo bare":             "user:pass@good.io",
		"cyrillic look-alike":       "goоd.io",
		"invalid UTF-8":             "good.io\xff",
		"full-width dot":            "good．io",
		"CVE-2020-11008 empty host": "https://",
		"empty host, path":          "https:///v1/",
		"empty host, port":          ":5000",
		"scheme ftp":                "ftp://good.io",
		"scheme file":               "file:///etc/passwd",
		"two schemes":               "https://http://good.io",
		"scheme without slashes":    "https:good.io",
		"backslash":                 `https:\\good.io`,
		"backslash in name":         `good.io\.evil.io`,
		"query":                     "https://good.io?x=evil.io",
		"fragment":                  "https://good.io#evil.io",
		"repository":                "good.io/library/alpine",
		"repository of Hub":         "index.docker.io/library/alpine",
		"access token":              "https://index.docker.io/v1/access-token",
		"refresh token":             "https://index.docker.io/v1/refresh-token",
		"access token, docker.io":   "docker.io/v1/access-token",
		"access token, slash":       "https://index.docker.io/v1/access-token/",
		"climbing path":             "good.io/v1/../x",
		"double slash":              "good.io//",
		"trailing dot":              "good.io.",
		"leading dot":               ".good.io",
		"two dots":                  "good..io",
		"hyphen first":              "-good.io",
		"hyphen last":               "good-.io",
		"underscore":                "good_io",
		"star":                      "*.good.io",
		"quote":                     `good.io"`,
		"port empty":                "good.io:",
		"port zero":                 "good.io:0",
		"port with zero":            "good.io:0443",
		"port too large":            "good.io:65536",
		"port signed":               "good.io:+443",
		"port no number":            "good.io:https",
		"two ports":                 "good.io:443:443",
		"http on 443":               "http://good.io:443",
		"IPv6 without brackets":     "::1",
		"IPv6 zone":                 "[fe80::1%eth0]:5000",
		"IPv4 in brackets":          "[127.0.0.1]:5000",
		"IPv6 and more":             "[::1]evil.io",
		"IPv6 open":                 "[::1",
		"long label":                strings.Repeat("a", 64) + ".io",
		"long name":                 strings.Repeat("a.", 127) + "io",
		"64 KiB":                    strings.Repeat("a", 64<<10),
	} {
		t.Run(name, func(t *testing.T) {
			if got, err := CanonicalHost(in); got != "" || !errors.Is(err, ErrHost) {
				t.Errorf("got %q, %v", got, err)
			}
		})
	}
}

// Whatever is done to a managed host, only its known spellings come out as it
// (GO-2026-6225: a host matched without anchors).
func TestCanonicalHostIsAnchored(t *testing.T) {
	const managed = "registry.example.com:5000"
	spelling := regexp.MustCompile(`^(?i:(https?://)?registry\.example\.com:5000)(|/|/v1|/v1/|/v2|/v2/|/V1|/V1/|/V2|/V2/)$`)
	pieces := []string{
		"", "http://", "https://", "HTTPS://", "ftp://", "registry.example.com", "Registry.Example.Com", "registry.example.com.evil.io",
		"evil-", "evil.", ".", ":", "5000", ":5000", ":05000", ":50001", "/", "/v1/", "/v2", "/v1/x", "@", "user@", "\n", "\x00", "%0a", "é", "#", "?", "\\", " ", "[", "]",
	}
	rapid.Check(t, func(t *rapid.T) {
		in := strings.Join(rapid.SliceOfN(rapid.SampledFrom(pieces), 1, 6).Draw(t, "pieces"), "")
		host, _ := CanonicalHost(in)
		if (host == managed) != spelling.MatchString(in) {
			t.Fatalf("%q is taken for %q", in, host)
		}
	})
}

func FuzzCanonicalHost(f *testing.F) {
	f.Add("https://index.docker.io/v1/")
	f.Add("[::1]:5000")
	f.Fuzz(func(t *testing.T, in string) {
		host, err := CanonicalHost(in)
		if (err == nil) == (host == "") {
			t.Fatalf("%q, %v", host, err)
		}
		if err != nil {
			return
		}
		if again, err := CanonicalHost(host); again != host || err != nil {
			t.Fatalf("%q gives %q, which gives %q, %v", in, host, again, err)
		}
	})
}
