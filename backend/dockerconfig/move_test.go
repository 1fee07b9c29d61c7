package dockerconfig

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// vault is a Vault in memory; fail is what each of its calls returns.
type vault struct {
	held map[string]Login
	fail error
}

func (v *vault) Keep(l Login) error {
	for _, host := range l.Hosts {
		if v.held == nil {
			v.held = map[string]Login{}
		}
		v.held[host] = l
	}
	return v.fail
}

func (v *vault) Reveal(host string) (string, string, error) {
	l, ok := v.held[host]
	if !ok && v.fail == nil {
		return "", "", ErrNoLogin
	}
	return l.Username, l.Secret, v.fail
}

func (v *vault) Forget(host string) error {
	delete(v.held, host)
	return v.fail
}

// base64 of anna:hunter2-clear and of anna:
const (
	clearAuth = "YW5uYTpodW50ZXIyLWNsZWFy"
	nameOnly  = "YW5uYTo="
)

func safe(t *testing.T, before string) (File, *vault) {
	f, v := put(t, before), &vault{}
	f.Vault = v
	return f, v
}

// What lies in clear goes to the vault, and comes back byte for byte.
func TestMoveAndUndo(t *testing.T) {
	for _, c := range []struct {
		name, before, key string
		hosts             []string
		user, secret      string
	}{
		{"docker's own", "{\n\t\"auths\": {\n\t\t\"a.example\": {\n\t\t\t\"auth\": \"" + clearAuth + "\"\n\t\t}\n\t}\n}", "a.example", []string{"a.example"}, "anna", "hunter2-clear"},
		{"Docker Hub", `{"auths":{"` + hub + `":{"auth":"` + clearAuth + `","email":"x"}}}`, hub, []string{"docker.io", hub}, "anna", "hunter2-clear"},
		{"an old URL", `{"auths":{"https://a.example/v1/":{"auth":"` + clearAuth + `"},"b":{}},"n":12345678901234567890}`, "https://a.example/v1/", []string{"a.example"}, "anna", "hunter2-clear"},
		{"identity token", `{"auths":{"a.example:5000":{"auth":"` + nameOnly + `","identitytoken":"ey.J.x"}}}`, "a.example:5000", []string{"a.example:5000"}, "<token>", "ey.J.x"},
		{"password in a field of its own", `{ "auths": { "a.example": { "username":"anna" , "password":"hunter2-clear" } } }`, "a.example", []string{"a.example"}, "anna", "hunter2-clear"},
		{"beside another helper", `{"auths":{"a.example":{"auth":"` + clearAuth + `"}},"credHelpers":{"gcr.io":"gcloud"}}`, "a.example", []string{"a.example"}, "anna", "hunter2-clear"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f, v := safe(t, c.before)
			shown := must[Diff](t)(f.Preview(Want{Move: []string{c.key}}))
			if text := shown.String(); strings.Contains(text, c.secret) || strings.Contains(text, clearAuth) || !strings.Contains(text, "in the keychain") {
				t.Errorf("the difference is\n%s", text)
			}
			if len(v.held) > 0 || text(t, f.Path) != c.before {
				t.Fatal("Preview has written")
			}
			change := must[Change](t)(f.Apply(Want{Move: []string{c.key}}))
			if diff := cmp.Diff([]string{c.key}, change.Moved); diff != "" {
				t.Error(diff)
			}
			for _, host := range c.hosts {
				if got := v.held[host]; got.Username != c.user || got.Secret != c.secret {
					t.Errorf("the vault has %#v for %s", got, host)
				}
			}
			after := text(t, f.Path)
			d, err := parse([]byte(after), Docker)
			wellFormed(t, err)
			for _, host := range c.hosts {
				if d.helper(host) != Suffix {
					t.Errorf("%s does not ask our helper:\n%s", host, after)
				}
			}
			nowhere(t, f, c.secret, clearAuth)
			if s := must[Status](t)(f.Status()); len(s.Moved) != 1 {
				t.Errorf("%+v", s)
			}
			must[Change](t)(f.Add([]string{own}))
			must[Change](t)(f.Remove([]string{own}))
			if got := text(t, f.Path); got != after {
				t.Errorf("a sign-in and a sign-out later\n%s\nwas\n%s", got, after)
			}
			undone := must[Change](t)(f.Undo())
			if got := text(t, f.Path); got != c.before || !undone.Restored || len(undone.Returned) != 1 {
				t.Errorf("got  %s\nwant %s\n%+v", got, c.before, undone)
			}
			if len(v.held) > 0 {
				t.Errorf("the vault still has %v", v.held)
			}
			bare(t, f)
		})
	}
}

func wellFormed(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// nowhere: the secret is in no file under the home of the test.
func nowhere(t *testing.T, f File, secrets ...string) {
	t.Helper()
	wellFormed(t, filepath.WalkDir(filepath.Dir(f.Journal), func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		for _, secret := range secrets {
			if strings.Contains(string(data), secret) {
				t.Errorf("the secret is in %s", path)
			}
		}
		return err
	}))
}

// The backup that an earlier Use made has the secret in it, until it is moved.
func TestMoveScrubsTheBackup(t *testing.T) {
	before := `{"auths":{"a.example":{"auth":"` + clearAuth + `"}}}`
	f, _ := safe(t, before)
	must[Change](t)(f.Use([]string{own}))
	must[Change](t)(f.Apply(Want{Move: []string{"a.example"}}))
	nowhere(t, f, clearAuth)
	must[Change](t)(f.Undo())
	if got := text(t, f.Path); got != before {
		t.Errorf("got %s", got)
	}
}

// Others wrote since: the entry comes back, and theirs stays.
func TestMoveUndoneAfterOthersWrote(t *testing.T) {
	f, v := safe(t, `{"auths":{"a.example":{"auth":"`+clearAuth+`"}}}`)
	must[Change](t)(f.Use([]string{own}))
	write(t, f.Path, strings.Replace(text(t, f.Path), "{", `{"mine":1,`, 1))
	must[Change](t)(f.Apply(Want{Move: []string{"a.example"}}))
	nowhere(t, f, clearAuth)
	must[Change](t)(f.Undo())
	if got, want := text(t, f.Path), `{"mine":1,"auths":{"a.example":{"auth":"`+clearAuth+`"}}}`; got != want || len(v.held) > 0 {
		t.Errorf("got  %s\nwant %s\n%v", got, want, v.held)
	}
}

// docker logged out, or in anew, since: nothing is put over that.
func TestMoveUndoneAfterALogout(t *testing.T) {
	for name, c := range map[string]struct {
		left string // of auths
		gone bool   // from the vault
		want string
		held int
	}{
		"logged out":               {`{}`, true, `{"auths":{}}`, 0},
		"entry gone, secret kept":  {`{}`, false, `{"auths":{}}`, 1},
		"logged in, in clear":      {`{"a.example":{"auth":"Yjpj"}}`, false, `{"auths":{"a.example":{"auth":"Yjpj"}}}`, 1},
		"secret gone, entry there": {`{"a.example":{}}`, true, `{"auths":{"a.example":{}}}`, 0},
	} {
		t.Run(name, func(t *testing.T) {
			f, v := safe(t, `{"auths":{"a.example":{"auth":"`+clearAuth+`"}}}`)
			must[Change](t)(f.Apply(Want{Move: []string{"a.example"}}))
			write(t, f.Path, `{"auths":`+c.left+`,"credHelpers":{"a.example":"lanyard"}}`)
			if c.gone {
				clear(v.held)
			}
			must[Change](t)(f.Undo())
			if got := text(t, f.Path); got != c.want || len(v.held) != c.held {
				t.Errorf("got  %s\nwant %s\n%v", got, c.want, v.held)
			}
		})
	}
}

func TestMoveRefused(t *testing.T) {
	locked := errors.New("locked")
	for _, c := range []struct {
		name, before, key string
		vault             Vault
		want              error
	}{
		{"no vault", `{"auths":{"a.example":{"auth":"` + clearAuth + `"}}}`, "a.example", nil, ErrVault},
		{"locked vault", `{"auths":{"a.example":{"auth":"` + clearAuth + `"}}}`, "a.example", &vault{fail: locked}, locked},
		{"no such entry", `{"auths":{}}`, "a.example", &vault{}, ErrNotMovable},
		{"nothing in clear", `{"auths":{"a.example":{}}}`, "a.example", &vault{}, ErrNotMovable},
		{"a namespace", `{"auths":{"quay.io/team":{"auth":"` + clearAuth + `"}}}`, "quay.io/team", &vault{}, ErrNotMovable},
		{"an access token of docker's", `{"auths":{"` + hub + `access-token":{"auth":"` + clearAuth + `"}}}`, hub + "access-token", &vault{}, ErrNotMovable},
		{"not base64", `{"auths":{"a.example":{"auth":"***"}}}`, "a.example", &vault{}, ErrNotMovable},
		{"another helper", `{"auths":{"a.example":{"auth":"` + clearAuth + `"}},"credHelpers":{"a.example":"pass"}}`, "a.example", &vault{}, ErrOtherHelper},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := put(t, c.before)
			f.Vault = c.vault
			if _, err := f.Apply(Want{Move: []string{c.key}}); !errors.Is(err, c.want) || strings.Contains(err.Error(), "hunter2") {
				t.Errorf("got %v, want %v", err, c.want)
			}
			if got := text(t, f.Path); got != c.before {
				t.Errorf("the file is %s", got)
			}
			bare(t, f)
		})
	}
}

// A keychain that is locked at the undo: nothing is changed.
func TestUndoWithALockedVault(t *testing.T) {
	f, v := safe(t, `{"auths":{"a.example":{"auth":"`+clearAuth+`"}}}`)
	must[Change](t)(f.Apply(Want{Move: []string{"a.example"}}))
	after := text(t, f.Path)
	v.fail = errors.New("locked")
	if _, err := f.Undo(); !errors.Is(err, v.fail) || text(t, f.Path) != after {
		t.Errorf("%v\n%s", err, text(t, f.Path))
	}
	v.fail = nil
	must[Change](t)(f.Undo())
	bare(t, f)
}

func TestALoginShowsNoSecret(t *testing.T) {
	l := Login{Key: "a.example", Username: "anna", Secret: "hunter2-clear"}
	for _, format := range []string{"%v", "%+v", "%#v", "%s"} {
		if said := fmt.Sprintf(format, l); strings.Contains(said, "hunter2") {
			t.Errorf("%s: %s", format, said)
		}
	}
}

// A store whose program is missing fails every pull; it comes back as it was.
func TestDropStoreAndUndo(t *testing.T) {
	for name, before := range map[string]string{
		"alone":  `{"credsStore":"desktop"}`,
		"first":  `{"credsStore" : "desktop", "auths":{}}`,
		"last":   "{\n\t\"auths\": {},\n\t\"credsStore\": \"desktop\"\n}\n",
		"middle": `{"a":1,"credsStore":"desktop.exe","b":2}`,
	} {
		t.Run(name, func(t *testing.T) {
			f := put(t, before)
			if shown := must[Diff](t)(f.Preview(Want{DropStore: true})); shown.Store == nil || !strings.Contains(shown.String(), `- "credsStore"`) {
				t.Errorf("%s", shown)
			}
			change := must[Change](t)(f.Apply(Want{DropStore: true}))
			if s := must[Status](t)(f.Status()); s.CredsStore != "" || !strings.HasPrefix(change.Store, "desktop") {
				t.Errorf("%+v %+v", s, change)
			}
			must[Change](t)(f.Add([]string{own}))
			if strings.Contains(text(t, f.Path), "desktop") {
				t.Errorf("it is back: %s", text(t, f.Path))
			}
			must[Change](t)(f.Remove([]string{own}))
			if strings.Contains(text(t, f.Path), "desktop") {
				t.Errorf("it is back after the sign-out: %s", text(t, f.Path))
			}
			must[Change](t)(f.Undo())
			if got := text(t, f.Path); got != before {
				t.Errorf("got  %s\nwant %s", got, before)
			}
			bare(t, f)
		})
	}
}

// Someone set a store of their own since: it stays.
func TestDropStoreLeavesANewOne(t *testing.T) {
	f := put(t, `{"credsStore":"desktop","a":1}`)
	must[Change](t)(f.Apply(Want{DropStore: true, Hosts: []string{own}}))
	write(t, f.Path, strings.Replace(text(t, f.Path), "{", `{"credsStore":"pass",`, 1))
	must[Change](t)(f.Add([]string{"a.example"}))
	if s := must[Status](t)(f.Status()); s.CredsStore != "pass" {
		t.Errorf("%+v", s)
	}
	must[Change](t)(f.Undo())
	if got := text(t, f.Path); got != `{"credsStore":"pass","a":1}` {
		t.Errorf("got %s", got)
	}
}

// Cut off at any step of a move, the password is in the file or in the vault;
// the next call finishes it, and an undo brings the file back.
func TestMoveCutOff(t *testing.T) {
	before := `{"auths":{"a.example":{"auth":"` + clearAuth + `"}},"x":1}`
	for _, first := range []bool{true, false} {
		for _, step := range []string{"backup", "intent", "temp", "written"} {
			t.Run(fmt.Sprintf("%s, first %v", step, first), func(t *testing.T) {
				f, v := safe(t, before)
				if !first {
					must[Change](t)(f.Use([]string{own}))
				}
				cut := f
				cut.at = func(now string) {
					if now == step {
						panic("cut off")
					}
				}
				func() {
					defer func() { _ = recover() }()
					_, _ = cut.Apply(Want{Move: []string{"a.example"}})
					t.Error("it was not cut off")
				}()
				if v.held["a.example"].Secret != "hunter2-clear" && !strings.Contains(text(t, f.Path), clearAuth) {
					t.Fatalf("the password is lost:\n%s", text(t, f.Path))
				}
				if !strings.Contains(text(t, f.Path), clearAuth) != (step == "written") {
					t.Fatalf("after %s the file is\n%s", step, text(t, f.Path))
				}
				if step != "written" {
					must[Change](t)(f.Apply(Want{Move: []string{"a.example"}}))
				}
				must[Change](t)(f.Add([]string{own}))
				nowhere(t, f, clearAuth)
				must[Change](t)(f.Undo())
				if got := text(t, f.Path); got != before || len(v.held) > 0 {
					t.Errorf("got  %s\nwant %s\n%v", got, before, v.held)
				}
				bare(t, f)
			})
		}
	}
}
