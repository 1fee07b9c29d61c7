package server

import (
	"errors"
	"net"
	"slices"
	"strings"
	"testing"
)

func TestNewAddress(t *testing.T) {
	for name, row := range map[string]struct {
		public, listen string
		proxy          bool
		want           string // host[:port]; "": refused
		says           string // what a refusal must name
	}{
		"own service":                  {"", "127.0.0.1:8460", false, "localhost:8460", ""},
		"own service on [::1]":         {"", "[::1]:8460", false, "localhost:8460", ""},
		"localhost said":               {"http://localhost:8460", "127.0.0.1:8460", false, "localhost:8460", ""},
		"localhost with a slash":       {"http://localhost:8460/", "127.0.0.1:8460", false, "localhost:8460", ""},
		"upper case":                   {"HTTP://LOCALHOST:8460", "127.0.0.1:8460", false, "localhost:8460", ""},
		"https name":                   {"https://registry.example", "0.0.0.0:8460", false, "registry.example", ""},
		"https default port cut":       {"https://registry.example:443", "0.0.0.0:443", false, "registry.example", ""},
		"https other port":             {"https://registry.example:8443", "0.0.0.0:8443", false, "registry.example:8443", ""},
		"behind a proxy":               {"https://registry.example", "127.0.0.1:8460", true, "registry.example", ""},
		"http with another host":       {"http://registry.example", "0.0.0.0:80", false, "", "https"},
		"path":                         {"https://registry.example/lanyard", "0.0.0.0:443", false, "", "paths"},
		"query":                        {"https://registry.example?x=1", "0.0.0.0:443", false, "", "end after the host"},
		"bare question mark":           {"https://registry.example?", "0.0.0.0:443", false, "", "end after the host"},
		"fragment":                     {"https://registry.example#x", "0.0.0.0:443", false, "", "end after the host"},
		"user":                         {"https://ada@registry.example", "0.0.0.0:443", false, "", "user name"},
		"address literal":              {"https://192.0.2.7", "0.0.0.0:443", false, "", "name"},
		"IPv6 literal":                 {"https://[2001:db8::1]", "0.0.0.0:443", false, "", "name"},
		"loopback literal":             {"http://127.0.0.1:8460", "127.0.0.1:8460", false, "", "name"},
		"short literal":                {"http://127.1:8460", "127.0.0.1:8460", false, "", "name"},
		"hex literal":                  {"http://0x7f000001:8460", "127.0.0.1:8460", false, "", "name"},
		"decimal literal":              {"http://2130706433:8460", "127.0.0.1:8460", false, "", "name"},
		"localhost, other port":        {"http://localhost:9000", "127.0.0.1:8460", false, "", "8460"},
		"localhost, default port":      {"http://localhost", "127.0.0.1:8460", false, "", "80"},
		"localhost, open listener":     {"http://localhost:8460", "0.0.0.0:8460", false, "", "127.0.0.1"},
		"name on a loopback listener":  {"https://registry.example", "127.0.0.1:8460", false, "", "--behind-proxy"},
		"open listener without a name": {"", "0.0.0.0:8460", false, "", "--public-url"},
		"no scheme":                    {"registry.example", "0.0.0.0:443", false, "", "https://"},
		"ftp":                          {"ftp://registry.example", "0.0.0.0:443", false, "", "https://"},
		"port out of range":            {"https://registry.example:99999", "0.0.0.0:443", false, "", "port"},
		"listen without port":          {"", "127.0.0.1", false, "", "host:port"},
		"listen on a word":             {"", "127.0.0.1:http", false, "", "port"},
	} {
		t.Run(name, func(t *testing.T) {
			a, err := NewAddress(row.public, row.listen, row.proxy)
			if row.want == "" {
				if !errors.Is(err, ErrAddress) || !strings.Contains(err.Error(), row.says) {
					t.Fatalf("got %v, %v; want a refusal that names %q", a, err, row.says)
				}
				return
			}
			if err != nil || a.Host() != row.want {
				t.Fatalf("got %q, %v; want %q", a.Host(), err, row.want)
			}
		})
	}
}

func TestLocalhostListensOnBothFamilies(t *testing.T) {
	probe, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, err := net.SplitHostPort(probe.Addr().String())
	if err := errors.Join(err, probe.Close()); err != nil {
		t.Fatal(err)
	}
	a, err := NewAddress("", "127.0.0.1:"+port, false)
	if err != nil {
		t.Fatal(err)
	}
	listeners, err := a.Open()
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"127.0.0.1:" + port}
	if six, err := net.Listen("tcp", "[::1]:0"); err == nil { // this machine has it
		want = append(want, "[::1]:"+port)
		if err := six.Close(); err != nil {
			t.Error(err)
		}
	}
	var got []string
	for _, l := range listeners {
		got = append(got, l.Addr().String())
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	}
	if !slices.Equal(got, want) {
		t.Fatalf("listens on %v, want %v", got, want)
	}
}
