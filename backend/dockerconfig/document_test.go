package dockerconfig

import (
	"errors"
	"strings"
	"testing"
)

const (
	own = "localhost:8460"
	hub = "https://index.docker.io/v1/"
)

func TestSetKeepsEveryOtherByte(t *testing.T) {
	for _, c := range []struct{ name, before, after string }{
		{"empty", "", "{\n\t\"credHelpers\": {\n\t\t\"localhost:8460\": \"lanyard\"\n\t}\n}"},
		{"white space only", "\n", "{\n\t\"credHelpers\": {\n\t\t\"localhost:8460\": \"lanyard\"\n\t}\n}\n"},
		{"empty object", "{}\n", "{\n\t\"credHelpers\": {\n\t\t\"localhost:8460\": \"lanyard\"\n\t}\n}\n"},
		{
			"docker's own layout", "{\n\t\"auths\": {},\n\t\"psFormat\": \"x\"\n}",
			"{\n\t\"auths\": {},\n\t\"psFormat\": \"x\",\n\t\"credHelpers\": {\n\t\t\"localhost:8460\": \"lanyard\"\n\t}\n}",
		},
		{
			"two spaces, final newline", "{\n  \"auths\": {}\n}\n",
			"{\n  \"auths\": {},\n  \"credHelpers\": {\n    \"localhost:8460\": \"lanyard\"\n  }\n}\n",
		},
		{
			"CRLF", "{\r\n  \"auths\": {}\r\n}\r\n",
			"{\r\n  \"auths\": {},\r\n  \"credHelpers\": {\r\n    \"localhost:8460\": \"lanyard\"\r\n  }\r\n}\r\n",
		},
		{"one line", `{"auths":{}}`, `{"auths":{},"credHelpers":{"localhost:8460":"lanyard"}}`},
		{"one line with spaces", `{"auths": {}}`, `{"auths": {}, "credHelpers": {"localhost:8460": "lanyard"}}`},
		{"one line, padded braces", `{ "auths": {}, "a": 1 }`, `{ "auths": {}, "a": 1, "credHelpers": {"localhost:8460": "lanyard"} }`},
		{"big numbers", `{"n":12345678901234567890,"f":1.0e+400}`, `{"n":12345678901234567890,"f":1.0e+400,"credHelpers":{"localhost:8460":"lanyard"}}`},
		{"others' helpers", `{"credHelpers":{"gcr.io":"gcloud"}}`, `{"credHelpers":{"gcr.io":"gcloud","localhost:8460":"lanyard"}}`},
		{
			"others' helpers, tabs", "{\n\t\"credHelpers\": {\n\t\t\"gcr.io\": \"gcloud\"\n\t},\n\t\"z\": 1\n}",
			"{\n\t\"credHelpers\": {\n\t\t\"gcr.io\": \"gcloud\",\n\t\t\"localhost:8460\": \"lanyard\"\n\t},\n\t\"z\": 1\n}",
		},
		{"null", `{"credHelpers":null,"z":1}`, `{"credHelpers":{"localhost:8460":"lanyard"},"z":1}`},
		{"without members", `{"credHelpers":{  },"z":1}`, `{"credHelpers":{"localhost:8460":"lanyard"},"z":1}`},
		{"escaped key", `{"cred\u0048elpers":{"a":"b"}}`, `{"cred\u0048elpers":{"a":"b","localhost:8460":"lanyard"}}`},
		{"escaped host", `{"credHelpers":{"localhost\u003a8460":"b"}}`, `{"credHelpers":{"localhost\u003a8460":"lanyard"}}`},
		{
			"the name in odd places", `{"plugins":{"credHelpers":{"localhost:8460":"x"}},"HttpHeaders":{"credHelpers":"{}"},"list":[{"credHelpers":1}]}`,
			`{"plugins":{"credHelpers":{"localhost:8460":"x"}},"HttpHeaders":{"credHelpers":"{}"},"list":[{"credHelpers":1}],"credHelpers":{"localhost:8460":"lanyard"}}`,
		},
		{"white space around", "\n\t {\"a\":1} \n\n", "\n\t {\"a\":1,\"credHelpers\":{\"localhost:8460\":\"lanyard\"}} \n\n"},
		{"not ASCII", `{"a":"Gruß 🐳 \ud83d\udc33"}`, `{"a":"Gruß 🐳 \ud83d\udc33","credHelpers":{"localhost:8460":"lanyard"}}`},
		{"braces in strings", `{"a":"}\",{"}`, `{"a":"}\",{","credHelpers":{"localhost:8460":"lanyard"}}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			d, err := parse([]byte(c.before), Docker)
			if err != nil {
				t.Fatal(err)
			}
			after := d.set(own, quote(Suffix))
			if string(after) != c.after {
				t.Fatalf("got  %q\nwant %q", after, c.after)
			}
			again, err := parse(after, Docker)
			if err != nil {
				t.Fatal(err)
			}
			if again.helper(own) != Suffix {
				t.Error("the key is not there")
			}
			if back := again.unset(own, d.emptyHelpers()); d.helper(own) == "" && !blank(d.data) && !d.empty() && string(back) != c.before {
				t.Errorf("unset: got  %q\nwant %q", back, c.before)
			}
		})
	}
}

func TestUnset(t *testing.T) {
	for _, c := range []struct{ name, before, was, after string }{
		{"first of two", `{"credHelpers": { "localhost:8460": "lanyard" , "b": "c" }}`, "", `{"credHelpers": { "b": "c" }}`},
		{"last of two", `{"credHelpers": { "b": "c" , "localhost:8460": "lanyard" }}`, "", `{"credHelpers": { "b": "c" }}`},
		{"middle", "{\"credHelpers\":{\n\"a\":\"b\",\n\"localhost:8460\":\"lanyard\",\n\"c\":\"d\"}}", "", "{\"credHelpers\":{\n\"a\":\"b\",\n\"c\":\"d\"}}"},
		{"only one, object first", `{"credHelpers":{"localhost:8460":"lanyard"}, "z": 1}`, "", `{"z": 1}`},
		{"only one, object last", "{\n  \"z\": 1,\n  \"credHelpers\": {\"localhost:8460\":\"lanyard\"}\n}\n", "", "{\n  \"z\": 1\n}\n"},
		{"nothing else", "{\n\t\"credHelpers\": {\n\t\t\"localhost:8460\": \"lanyard\"\n\t}\n}\n", "", "{}\n"},
		{"was null", `{"credHelpers":{"localhost:8460":"lanyard"}}`, "null", `{"credHelpers":null}`},
		{"was without members", `{"credHelpers":{"localhost:8460":"lanyard"}}`, "{ }", `{"credHelpers":{ }}`},
		{"not there", `{"credHelpers":{"a":"b"}}`, "", `{"credHelpers":{"a":"b"}}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			d, err := parse([]byte(c.before), Docker)
			if err != nil {
				t.Fatal(err)
			}
			if after := string(d.unset(own, c.was)); after != c.after {
				t.Errorf("got  %q\nwant %q", after, c.after)
			}
		})
	}
}

func TestRefused(t *testing.T) {
	for _, c := range []struct{ name, text, says string }{
		{"byte order mark", "\xef\xbb\xbf{}", "byte order mark"},
		{"UTF-16", "{\x00}\x00", "JSON"},
		{"not UTF-8", "{\"a\":\"\xff\"}", "UTF-8"},
		{"comment", "{ // mine\n}", "JSON"},
		{"trailing comma", `{"auths":{},}`, "JSON"},
		{"two commas", `{"a":1,,"b":2}`, "JSON"},
		{"cut off", `{"auths":{"a":`, "JSON"},
		{"NUL bytes of a crash", "\x00\x00\x00\x00", "JSON"},
		{"single quotes", `{'a':1}`, "JSON"},
		{"something behind it", `{}{}`, "JSON"},
		{"list", `[]`, "something else"},
		{"text", `"{}"`, "something else"},
		{"null", `null`, "something else"},
		{"number", `7`, "something else"},
		{"key twice", `{"auths":{},"auths":{}}`, `"auths" stands twice`},
		{"key twice, one escaped", `{"auths":{},"\u0061uths":{}}`, `"auths" stands twice`},
		{"key twice, deep", `{"a":[{"b":{"c":1,"c":1}}]}`, `"c" stands twice`},
		{"credHelpers twice", `{"credHelpers":{},"credHelpers":{}}`, "stands twice"},
		{"host twice", `{"credHelpers":{"a":"b","a":"c"}}`, "stands twice"},
		{"credHelpers in other letters", `{"CredHelpers":{}}`, "spells"},
		{"credHelpers in both", `{"credHelpers":{},"credhelpers":{}}`, "spells"},
		{"credHelpers with a long s", `{"credHelperſ":{}}`, "spells"},
		{"credHelpers a text", `{"credHelpers":"lanyard"}`, "not an object"},
		{"credHelpers a list", `{"credHelpers":["lanyard"]}`, "not an object"},
		{"credHelpers false", `{"credHelpers":false}`, "not an object"},
		{"helper a number", `{"credHelpers":{"a":1}}`, "not a text"},
		{"helper null", `{"credHelpers":{"a":null}}`, "not a text"},
		{"helper an object", `{"credHelpers":{"a":{}}}`, "not a text"},
		{"too deep", strings.Repeat(`{"a":`, 200) + "1" + strings.Repeat("}", 200), "deep"},
		{"too large", `{"a":"` + strings.Repeat("x", maxBytes) + `"}`, "bytes"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := parse([]byte(c.text), Docker)
			if !errors.Is(err, ErrRefused) || !strings.Contains(err.Error(), c.says) {
				t.Errorf("got %v, want a refusal that says %q", err, c.says)
			}
		})
	}
}
