package keychain

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"filippo.io/age"
	"golang.org/x/sys/unix"

	"lanyard/backend/internal/keyringtest"
)

const passphrase = "correct horse battery"

// inFile is a keychain in an encrypted file, without a bus.
func inFile(t *testing.T) (Keychain, file) {
	t.Helper()
	keyringtest.StartWith(t, keyringtest.Options{NoBus: true}).Enter(t)
	t.Setenv("CREDENTIALS_DIRECTORY", "")
	p := Place{Dir: filepath.Join(t.TempDir(), "state")}
	k := Keychain{
		Place: func() (Place, error) { return p, nil }, Limit: time.Minute,
		Passphrase: func(context.Context, bool) (Secret, error) { return passphrase, nil }, work: 4,
	}
	f := file{Keychain: k, dir: p.Dir}
	t.Cleanup(func() { must(t, forgetKey(f.holdName())) })
	return k, f
}

// made is inFile with a file that is open.
func made(t *testing.T) (Keychain, file) {
	t.Helper()
	k, f := inFile(t)
	must(t, k.Make(t.Context()))
	return k, f
}

func raw(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	must(t, err)
	return string(text)
}

func overwrite(t *testing.T, path, text string) {
	t.Helper()
	must(t, os.WriteFile(path, []byte(text), 0o600))
}

func TestFile(t *testing.T) {
	k, f := made(t)
	ctx := t.Context()
	name := TokenName("http://localhost:8460", "ann")
	if _, err := k.Get(ctx, name); !errors.Is(err, ErrNotFound) {
		t.Errorf("nothing there yet: %v", err)
	}
	for _, value := range []string{"one", "two", strings.Repeat("x", maxValue), "", "ü\n\x00"} {
		must(t, k.Put(ctx, name, []byte(value)))
		if got, err := k.Get(ctx, name); err != nil || string(got) != value {
			t.Errorf("got %q, %v, want %q", got, err, value)
		}
	}
	must(t, k.Put(ctx, "token/s/bob", []byte("canary-17")))
	must(t, k.Put(ctx, "session/s/bob", []byte("x")))
	if names, err := k.List(ctx, Tokens.Prefix()); err != nil || !slices.Equal(names, []string{name, "token/s/bob"}) {
		t.Errorf("%v %v", names, err)
	}
	must(t, k.Probe(ctx))
	must(t, k.Delete(ctx, name))
	must(t, k.Delete(ctx, name)) // again
	if _, err := k.Get(ctx, name); !errors.Is(err, ErrNotFound) {
		t.Errorf("after delete: %v", err)
	}
	if err := k.Put(ctx, name, make([]byte, maxValue+1)); !errors.Is(err, ErrTooBig) {
		t.Errorf("too big: %v", err)
	}
	if got := k.Name(ctx); got != "encrypted file" {
		t.Errorf("it is called %q", got)
	}
	// What lies on the disk says nothing, and is for nobody else.
	files, err := os.ReadDir(f.dir)
	must(t, err)
	for _, file := range files {
		path := filepath.Join(f.dir, file.Name())
		info, err := os.Stat(path)
		must(t, err)
		if text := raw(t, path); info.Mode() != 0o600 || strings.Contains(text, "canary") || strings.Contains(text, "bob") || strings.Contains(text, "AGE-SECRET") {
			t.Errorf("%s: %v %q", path, info.Mode(), text)
		}
	}
	if info, err := os.Stat(f.dir); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the folder: %v %v", info.Mode(), err)
	}
	if err := k.Make(ctx); !errors.Is(err, ErrExists) {
		t.Errorf("made over another: %v", err)
	}
}

// Any age program opens it, where ours is gone.
func TestFileIsAge(t *testing.T) {
	k, f := made(t)
	must(t, k.Put(t.Context(), "token/s/a", []byte("x")))
	with, err := age.NewScryptIdentity(passphrase)
	must(t, err)
	in, err := age.Decrypt(strings.NewReader(raw(t, f.keyPath())), with)
	must(t, err)
	keys, err := age.ParseIdentities(in)
	must(t, err)
	if in, err = age.Decrypt(strings.NewReader(raw(t, f.path())), keys...); err != nil {
		t.Fatal(err)
	}
	var plain bytes.Buffer
	_, err = plain.ReadFrom(in)
	must(t, err)
	if plain.String() != `{"v":1,"entries":{"token/s/a":"eA=="}}` {
		t.Errorf("got %s", &plain)
	}
}

// A locked file is as a locked keyring.
func TestFileLocked(t *testing.T) {
	k, f := made(t)
	ctx := t.Context()
	must(t, k.Put(ctx, "token/s/a", []byte("x")))
	must(t, k.Lock())
	before := raw(t, f.path())
	for what, err := range map[string]error{
		"get": second(k.Get(ctx, "token/s/a")), "get of another": second(k.Get(ctx, "token/s/b")),
		"put": k.Put(ctx, "token/s/a", []byte("y")), "delete": k.Delete(ctx, "token/s/a"),
		"list": second(k.List(ctx, "")), "probe": k.Probe(ctx),
	} {
		if !errors.Is(err, ErrFileLocked) || !errors.Is(err, ErrLocked) || errors.Is(err, ErrDismissed) {
			t.Errorf("%s: %v", what, err)
		}
	}
	k.Asked = true
	for what, answer := range map[string]struct {
		text Secret
		err  error
		want error
	}{
		"wrong":       {"wrong horse battery", nil, ErrPassphrase},
		"nothing":     {"", nil, ErrDismissed},
		"dismissed":   {"", ErrDismissed, ErrDismissed},
		"interrupted": {"", context.Canceled, context.Canceled},
	} {
		k.Passphrase = func(context.Context, bool) (Secret, error) { return answer.text, answer.err }
		_, err := k.Get(ctx, "token/s/a")
		if !errors.Is(err, answer.want) || strings.Contains(err.Error(), "horse") {
			t.Errorf("%s: get: %v", what, err)
		}
		if err := k.Unlock(ctx, time.Hour); !errors.Is(err, answer.want) {
			t.Errorf("%s: unlock: %v", what, err)
		}
		if err := k.Probe(ctx); !errors.Is(err, ErrLocked) {
			t.Errorf("%s: probe: %v", what, err)
		}
	}
	if after := raw(t, f.path()); after != before {
		t.Error("the file was written")
	}
	asked := 0
	k.Passphrase = func(_ context.Context, fresh bool) (Secret, error) {
		asked++
		if fresh {
			t.Error("asked for a fresh one")
		}
		return passphrase, nil
	}
	for range 2 {
		if got, err := k.Get(ctx, "token/s/a"); err != nil || string(got) != "x" {
			t.Errorf("asked: %q %v", got, err)
		}
	}
	if asked != 1 {
		t.Errorf("asked %d times", asked)
	}
	must(t, k.Lock())
	must(t, k.Lock()) // again
	must(t, k.Unlock(ctx, time.Hour))
	k.Asked, k.Passphrase = false, nil
	if got, err := k.Get(ctx, "token/s/a"); err != nil || string(got) != "x" {
		t.Errorf("unlocked: %q %v", got, err)
	}
}

// The kernel ends it, whatever we do.
func TestFileLocksByItself(t *testing.T) {
	k, _ := made(t)
	must(t, k.Unlock(t.Context(), time.Second))
	must(t, k.Probe(t.Context()))
	end := time.Now().Add(time.Minute)
	for !errors.Is(k.Probe(t.Context()), ErrFileLocked) {
		if time.Now().After(end) {
			t.Fatal("still open")
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// One question for many who wait; the rest find it answered.
func TestOneQuestionAtATime(t *testing.T) {
	k, _ := made(t)
	must(t, k.Lock())
	k.Asked = true
	var mu sync.Mutex
	asked, at := 0, 0
	k.Passphrase = func(context.Context, bool) (Secret, error) {
		mu.Lock()
		asked++
		if at++; at != 1 {
			t.Error("two questions at once")
		}
		mu.Unlock()
		runtime.Gosched()
		mu.Lock()
		at--
		mu.Unlock()
		return passphrase, nil
	}
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			if err := k.Put(t.Context(), fmt.Sprintf("token/s/%d", i), []byte("x")); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if asked != 1 {
		t.Errorf("asked %d times", asked)
	}
	if names, err := k.List(t.Context(), ""); err != nil || len(names) != 20 {
		t.Errorf("%d entries, %v: a write was lost", len(names), err)
	}
}

// A program that waits for another one's prompt does not wait for ever.
func TestPromptOfAnotherProgram(t *testing.T) {
	k, f := made(t)
	must(t, k.Lock())
	done, err := oneprompt(t.Context(), f.dir)
	must(t, err)
	defer done()
	k.Asked = true
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if _, err := k.Get(ctx, "token/s/a"); !errors.Is(err, ErrTimeout) {
		t.Errorf("got %v", err)
	}
}

func TestWeakPassphrase(t *testing.T) {
	k, f := inFile(t)
	for text, want := range map[Secret]error{"": ErrDismissed, "short": ErrWeak, "eleven char": ErrWeak} {
		k.Passphrase = func(_ context.Context, fresh bool) (Secret, error) {
			if !fresh {
				t.Error("not asked for a fresh one")
			}
			return text, nil
		}
		if err := k.Make(t.Context()); !errors.Is(err, want) {
			t.Errorf("%d characters: %v", len(text), err)
		}
	}
	if f.exists() || isThere(f.keyPath()) {
		t.Error("something was made")
	}
}

// Whatever is wrong with the file, it is told, and left as it is.
func TestFileThatCannotBeRead(t *testing.T) {
	foreign := func(t *testing.T, f file) string {
		key, err := age.GenerateX25519Identity()
		must(t, err)
		sealed, err := seal([]byte(`{"v":1}`), key.Recipient())
		must(t, err)
		return string(sealed)
	}
	mine := func(plain string) func(*testing.T, file) string {
		return func(t *testing.T, f file) string {
			sealed, err := seal([]byte(plain), f.held().Recipient())
			must(t, err)
			return string(sealed)
		}
	}
	for name, c := range map[string]struct {
		text func(*testing.T, file) string
		want error
	}{
		"emptied":            {func(*testing.T, file) string { return "" }, ErrDamaged},
		"NULs of a crash":    {func(*testing.T, file) string { return strings.Repeat("\x00", 500) }, ErrDamaged},
		"no age":             {func(*testing.T, file) string { return `{"v":1,"entries":{}}` }, ErrDamaged},
		"header only":        {func(t *testing.T, f file) string { return raw(t, f.path())[:60] }, ErrDamaged},
		"truncated":          {func(t *testing.T, f file) string { s := raw(t, f.path()); return s[:len(s)-1] }, ErrDamaged},
		"a byte more":        {func(t *testing.T, f file) string { return raw(t, f.path()) + "x" }, ErrDamaged},
		"a bit flipped":      {func(t *testing.T, f file) string { s := []byte(raw(t, f.path())); s[len(s)-20] ^= 1; return string(s) }, ErrDamaged},
		"too long":           {func(*testing.T, file) string { return strings.Repeat("x", maxFile+1) }, ErrDamaged},
		"encrypted no sense": {mine("canary"), ErrDamaged},
		"of the future":      {mine(`{"v":2,"entries":{"canary":1}}`), ErrDamaged},
		"version 2":          {mine(`{"v":2,"entries":{}}`), ErrEntry},
		"of another key":     {foreign, ErrFileLocked},
	} {
		t.Run(name, func(t *testing.T) {
			k, f := made(t)
			must(t, k.Put(t.Context(), "token/s/a", []byte("x")))
			text := c.text(t, f)
			overwrite(t, f.path(), text)
			for what, err := range map[string]error{
				"get": second(k.Get(t.Context(), "token/s/a")), "put": k.Put(t.Context(), "token/s/a", []byte("y")),
				"delete": k.Delete(t.Context(), "token/s/a"), "list": second(k.List(t.Context(), "")), "probe": k.Probe(t.Context()),
			} {
				if !errors.Is(err, c.want) || strings.Contains(err.Error(), "canary") {
					t.Errorf("%s: %v", what, err)
				}
				if errors.Is(err, ErrDamaged) && !strings.Contains(err.Error(), f.path()) {
					t.Errorf("%s does not name the file: %v", what, err)
				}
			}
			if raw(t, f.path()) != text {
				t.Error("the file was written over")
			}
			if isThere(f.path() + ".new") {
				t.Error("something was left")
			}
		})
	}
}

func TestKeyThatCannotBeRead(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(*testing.T, file)
		want  error
	}{
		"missing":   {func(t *testing.T, f file) { must(t, os.Remove(f.keyPath())) }, ErrKey},
		"emptied":   {func(t *testing.T, f file) { overwrite(t, f.keyPath(), "") }, ErrDamaged},
		"truncated": {func(t *testing.T, f file) { s := raw(t, f.keyPath()); overwrite(t, f.keyPath(), s[:len(s)-1]) }, ErrDamaged},
		"mode 0644": {func(t *testing.T, f file) { must(t, os.Chmod(f.keyPath(), 0o644)) }, ErrExposed},
		"of another file": {func(t *testing.T, f file) {
			key, err := age.GenerateX25519Identity()
			must(t, err)
			must(t, f.seal(key, passphrase))
		}, ErrKey},
		"encrypted no sense": {func(t *testing.T, f file) {
			to, err := age.NewScryptRecipient(passphrase)
			must(t, err)
			to.SetWorkFactor(4)
			sealed, err := seal([]byte("canary"), to)
			must(t, err)
			overwrite(t, f.keyPath(), string(sealed))
		}, ErrDamaged},
		"work for hours": {func(t *testing.T, f file) {
			overwrite(t, f.keyPath(), strings.Replace(raw(t, f.keyPath()), " 4\n", " 30\n", 1))
		}, ErrDamaged},
	} {
		t.Run(name, func(t *testing.T) {
			k, f := made(t)
			must(t, k.Lock())
			c.spoil(t, f)
			k.Asked = true
			if _, err := k.Get(t.Context(), "token/s/a"); !errors.Is(err, c.want) || strings.Contains(err.Error(), "canary") {
				t.Errorf("get: %v", err)
			}
			if err := k.Unlock(t.Context(), time.Hour); !errors.Is(err, c.want) {
				t.Errorf("unlock: %v", err)
			}
		})
	}
}

func TestFileThatIsNotOursAlone(t *testing.T) {
	for name, spoil := range map[string]func(*testing.T, file){
		"mode 0644":      func(t *testing.T, f file) { must(t, os.Chmod(f.path(), 0o644)) },
		"mode 0660":      func(t *testing.T, f file) { must(t, os.Chmod(f.path(), 0o660)) },
		"folder for all": func(t *testing.T, f file) { must(t, os.Chmod(f.dir, 0o777)) },
		"link to another": func(t *testing.T, f file) {
			must(t, os.Rename(f.path(), f.path()+".2"))
			must(t, os.Symlink(f.path()+".2", f.path()))
		},
	} {
		t.Run(name, func(t *testing.T) { refusedOnce(t, spoil) })
	}
}

// refusedOnce: a file is neither read nor written once it is spoilt.
func refusedOnce(t *testing.T, spoil func(*testing.T, file)) {
	t.Helper()
	k, f := made(t)
	must(t, k.Put(t.Context(), "token/s/a", []byte("x")))
	before := raw(t, f.path())
	spoil(t, f)
	for what, err := range map[string]error{
		"get": second(k.Get(t.Context(), "token/s/a")), "put": k.Put(t.Context(), "token/s/a", []byte("y")), "delete": k.Delete(t.Context(), "token/s/a"),
	} {
		if !errors.Is(err, ErrExposed) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if raw(t, f.path()) != before {
		t.Error("the file was written")
	}
}

// Only root can give a file away, and nobody else gets one that is another's
// and shut to all: the kernel lets no link lead there, and a user namespace maps
// no second user without a helper of root's. So anybody else shows the rules a
// folder that is root's, and a file of their own as another user would see it.
func TestFileOfAnotherPerson(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Run("owner", func(t *testing.T) {
			refusedOnce(t, func(t *testing.T, f file) { must(t, os.Chown(f.path(), 65534, -1)) })
		})
		t.Run("folder", func(t *testing.T) {
			refusedOnce(t, func(t *testing.T, f file) { must(t, os.Chown(f.dir, 65534, -1)) })
		})
		return
	}
	root, err := os.Stat("/")
	must(t, err)
	if err := oursToWrite("/", root); !errors.Is(err, ErrExposed) || !strings.Contains(err.Error(), "belongs to user 0") {
		t.Errorf("root's folder: %v", err)
	}
	_, f := made(t)
	info, err := os.Stat(f.path())
	must(t, err)
	if err := oursAlone(f.path(), info); err != nil {
		t.Errorf("our file: %v", err)
	}
	if err := belongs(f.path(), info, 0o077, os.Geteuid()+1); !errors.Is(err, ErrExposed) {
		t.Errorf("our file, to another user: %v", err)
	}
}

// A pipe in the file's place keeps nobody waiting.
func TestPipeInPlaceOfTheFile(t *testing.T) {
	k, f := made(t)
	must(t, os.Remove(f.path()))
	must(t, unix.Mkfifo(f.path(), 0o600))
	if _, err := k.Get(t.Context(), "token/s/a"); !errors.Is(err, ErrDamaged) {
		t.Errorf("got %v", err)
	}
}

// alone runs fn on a thread of its own, which ends with it: what fn takes from
// the thread is gone with the thread.
func alone(fn func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread() // never unlocked
		fn()
	}()
	<-done
}

func TestReadOnlyFolder(t *testing.T) {
	k, f := made(t)
	must(t, k.Put(t.Context(), "token/s/a", []byte("x")))
	before := raw(t, f.path())
	readOnly := func(fn func()) {
		if os.Geteuid() != 0 {
			must(t, os.Chmod(f.dir, 0o500))
			fn()
			must(t, os.Chmod(f.dir, 0o700))
			return
		}
		// To root no folder is read-only but one of a mount.
		alone(func() {
			if err := errors.Join(unix.Unshare(unix.CLONE_NEWNS), unix.Mount("", "/", "", unix.MS_PRIVATE|unix.MS_REC, ""),
				unix.Mount(f.dir, f.dir, "", unix.MS_BIND, ""),
				unix.Mount("", f.dir, "", unix.MS_REMOUNT|unix.MS_BIND|unix.MS_RDONLY, "")); err != nil {
				t.Error(err)
				return
			}
			fn()
		})
	}
	readOnly(func() {
		ctx := context.Background()
		if got, err := k.Get(ctx, "token/s/a"); err != nil || string(got) != "x" {
			t.Errorf("get: %q %v", got, err)
		}
		for what, err := range map[string]error{"put": k.Put(ctx, "token/s/a", []byte("y")), "delete": k.Delete(ctx, "token/s/a")} {
			if !errors.Is(err, fs.ErrPermission) && !errors.Is(err, unix.EROFS) {
				t.Errorf("%s: %v", what, err)
			}
		}
	})
	if raw(t, f.path()) != before {
		t.Error("the file was written")
	}
}

// disturbed is a write to the file by another program, in whose system calls
// on it strace puts what is said.
func disturbed(t *testing.T, f file, inject string) error {
	t.Helper()
	self, err := os.Executable()
	must(t, err)
	return exec.Command("strace", "-f", "-qq", "-o", "/dev/null", "-P", f.path(), "-P", f.path()+".new", "-P", f.path()+".lock", "-P", f.dir,
		"-e", "inject="+inject, self, "put-in-file", f.dir).Run()
}

// A full or broken disk takes the new file, never the old one.
func TestDiskFull(t *testing.T) {
	k, f := made(t)
	must(t, k.Put(t.Context(), "token/s/a", []byte("old")))
	before := raw(t, f.path())
	for _, inject := range []string{"write:error=ENOSPC", "write:error=EDQUOT", "fsync:error=EIO:when=1", "renameat:error=ENOSPC", "flock:error=ENOLCK"} {
		var exit *exec.ExitError
		if err := disturbed(t, f, inject); !errors.As(err, &exit) || !exit.Exited() {
			t.Errorf("%s: %v", inject, err)
		}
		if raw(t, f.path()) != before || isThere(f.path()+".new") {
			t.Errorf("%s: something was written, or is left", inject)
		}
	}
}

// What a killed program left behind is no hindrance.
func TestLeftovers(t *testing.T) {
	k, f := made(t)
	must(t, os.Symlink("/dev/null", f.path()+".new"))
	must(t, k.Put(t.Context(), "token/s/a", []byte("x")))
	if got, err := k.Get(t.Context(), "token/s/a"); err != nil || string(got) != "x" {
		t.Errorf("got %q %v", got, err)
	}
	// A key without its file is put aside: it may open a copy.
	must(t, os.Remove(f.path()))
	old := raw(t, f.keyPath())
	must(t, k.Make(t.Context()))
	if raw(t, f.keyPath()+".old1") != old || raw(t, f.keyPath()) == old {
		t.Error("the old key is gone")
	}
}

func keyText(t *testing.T) string {
	t.Helper()
	key, err := age.GenerateX25519Identity()
	must(t, err)
	return key.String()
}

func TestParseKey(t *testing.T) {
	one, other := keyText(t), keyText(t)
	for name, c := range map[string]struct {
		text string
		ok   bool
	}{
		"bare":                  {one, true},
		"of age-keygen":         {"# created: 2026-11-23T12:00:00Z\n# public key: age1x\n" + one + "\n", true},
		"environment file":      {"PATH=/bin\nLANYARD_KEYCHAIN_KEY=" + one + "\nOTHER=x\n", true},
		"quoted":                {`LANYARD_KEYCHAIN_KEY="` + one + `"`, true},
		"line ends of Windows":  {one + "\r\n", true},
		"empty":                 {"", false},
		"only a comment":        {"# nothing", false},
		"another variable":      {"KEY=" + one, false},
		"two":                   {one + "\n" + other, false},
		"a passphrase":          {"canary horse battery", false},
		"cut off":               {one[:40], false},
		"a public key":          {"age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kudtxk38qtwsr6m", false},
		"a key after a mistake": {"canary\n" + one, false},
		"NULs":                  {strings.Repeat("\x00", 100), false},
	} {
		t.Run(name, func(t *testing.T) {
			key, err := parseKey([]byte(c.text))
			if (err == nil) != c.ok || c.ok && key.String() != one {
				t.Errorf("got %v", err)
			}
			if err != nil && (strings.Contains(err.Error(), "canary") || strings.Contains(err.Error(), one[:40])) {
				t.Errorf("the error quotes it: %v", err)
			}
		})
	}
}

// With a key at hand no person is needed, and the file makes itself.
func TestKeyAtHand(t *testing.T) {
	for name, give := range map[string]func(*testing.T, *Place){
		"credential": func(t *testing.T, _ *Place) {
			dir := t.TempDir()
			t.Setenv("CREDENTIALS_DIRECTORY", dir)
			overwrite(t, filepath.Join(dir, credential), keyText(t))
		},
		"key file": func(t *testing.T, p *Place) {
			p.KeyFile = filepath.Join(t.TempDir(), "key")
			must(t, MakeKeyFile(p.KeyFile))
			if err := MakeKeyFile(p.KeyFile); !errors.Is(err, fs.ErrExist) {
				t.Errorf("made over another: %v", err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			k, f := inFile(t)
			p, err := k.Place()
			must(t, err)
			give(t, &p)
			k.Place = func() (Place, error) { return p, nil }
			k.Index = func() ([]string, error) { return nil, nil }
			k.Passphrase = nil
			ctx := t.Context()
			must(t, k.Probe(ctx))
			if s, err := k.Standing(ctx); err != nil || s.Store != File || s.State != nil || s.Entries != 0 || s.OpenBy == "" {
				t.Errorf("%+v %v", s, err)
			}
			if _, err := k.Get(ctx, "token/s/a"); !errors.Is(err, ErrNotFound) {
				t.Errorf("get: %v", err)
			}
			must(t, k.Delete(ctx, "token/s/a"))
			if f.exists() {
				t.Error("looking made the file")
			}
			must(t, k.Put(ctx, "token/s/a", []byte("x")))
			if got, err := k.Get(ctx, "token/s/a"); err != nil || string(got) != "x" || isThere(f.keyPath()) {
				t.Errorf("got %q %v", got, err)
			}
			must(t, k.Unlock(ctx, time.Hour))
			if _, held := heldKey(f.holdName()); held {
				t.Error("the kernel holds what is at hand anyway")
			}
			must(t, k.Lock())
			must(t, k.Delete(ctx, "token/s/a"))

			before := raw(t, f.path())
			p.KeyFile = filepath.Join(t.TempDir(), "other")
			must(t, MakeKeyFile(p.KeyFile))
			t.Setenv("CREDENTIALS_DIRECTORY", "")
			if err := k.Put(ctx, "token/s/a", []byte("x")); !errors.Is(err, ErrKey) || !strings.Contains(err.Error(), p.KeyFile) {
				t.Errorf("another key: %v", err)
			}
			must(t, os.Chmod(p.KeyFile, 0o644))
			if err := k.Put(ctx, "token/s/a", []byte("x")); !errors.Is(err, ErrKey) || !errors.Is(err, ErrExposed) {
				t.Errorf("a key for all: %v", err)
			}
			p.KeyFile = filepath.Join(t.TempDir(), "none")
			if err := k.Put(ctx, "token/s/a", []byte("x")); !errors.Is(err, ErrKey) || !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("no key: %v", err)
			}
			p.KeyFile = ""
			if err := k.Put(ctx, "token/s/a", []byte("x")); !errors.Is(err, ErrKey) {
				t.Errorf("no key at all: %v", err)
			}
			if raw(t, f.path()) != before {
				t.Error("the file was written over")
			}
		})
	}
}

func TestBadCredential(t *testing.T) {
	k, _ := inFile(t)
	k.Index = func() ([]string, error) { return nil, nil }
	dir := t.TempDir()
	t.Setenv("CREDENTIALS_DIRECTORY", dir)
	for name, text := range map[string]string{"a passphrase": "canary horse", "emptied": "", "too long": strings.Repeat("#", maxKeyFile+1)} {
		overwrite(t, filepath.Join(dir, credential), text)
		if err := k.Put(t.Context(), "token/s/a", []byte("x")); !errors.Is(err, ErrKey) || strings.Contains(err.Error(), "canary") {
			t.Errorf("%s: %v", name, err)
		}
	}
	must(t, os.Remove(filepath.Join(dir, credential)))
	must(t, os.Mkdir(filepath.Join(dir, credential), 0o700))
	if err := k.Put(t.Context(), "token/s/a", []byte("x")); !errors.Is(err, ErrKey) {
		t.Errorf("a folder: %v", err)
	}
}

// SIGKILL at any system call of a write leaves the old file or the new one.
func TestFileKilledInTheMiddle(t *testing.T) {
	k, f := made(t)
	killed := map[string]int{}
	for _, call := range []string{"openat", "write", "read", "fsync", "renameat", "close", "flock"} {
		for n := 1; ; n++ {
			must(t, k.Put(t.Context(), "token/s/a", []byte("old")))
			err := disturbed(t, f, fmt.Sprintf("%s:signal=SIGKILL:when=%d", call, n))
			got, bad := k.Get(t.Context(), "token/s/a")
			if bad != nil || string(got) != "old" && string(got) != "new" {
				t.Fatalf("%s %d: %q %v", call, n, got, bad)
			}
			if err == nil { // it is not called so often
				if string(got) != "new" {
					t.Errorf("%s %d: done, and it has %q", call, n, got)
				}
				break
			}
			killed[string(got)]++
		}
	}
	if killed["old"] < 8 || killed["new"] == 0 {
		t.Errorf("killed only at %v", killed)
	}
}

// putInFile is a program that writes to a file that is open, for
// TestFileKilledInTheMiddle.
func putInFile(dir string) error {
	return Keychain{Place: func() (Place, error) { return Place{Dir: dir}, nil }}.Put(context.Background(), "token/s/a", []byte("new"))
}

// Writers in several processes lose nothing of each other.
func TestFileOfManyAtOnce(t *testing.T) {
	k, _ := made(t)
	want := map[string]bool{}
	var wg sync.WaitGroup
	for i := range 20 {
		name := fmt.Sprintf("token/s/%d", i)
		want[name] = true
		wg.Go(func() {
			if err := k.Put(t.Context(), name, []byte(name)); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	names, err := k.List(t.Context(), "")
	if err != nil || !slices.Equal(names, slices.Sorted(maps.Keys(want))) {
		t.Errorf("%v %v", names, err)
	}
}

// A tool waits for the helper: what is found was looked for in one place, once.
func TestAReadThatFindsLooksOnce(t *testing.T) {
	k, _ := made(t)
	if err := k.Put(t.Context(), "token/s/a", []byte("x")); err != nil {
		t.Fatal(err)
	}
	looks, place := 0, k.Place
	k.Place = func() (Place, error) { looks++; return place() }
	if value, err := k.Get(t.Context(), "token/s/a"); err != nil || string(value) != "x" || looks != 1 {
		t.Errorf("%q %v, after %d looks", value, err, looks)
	}
	looks = 0 // it may have been moved meanwhile
	if _, err := k.Get(t.Context(), "token/s/b"); !errors.Is(err, ErrNotFound) || looks < 2 {
		t.Errorf("%v, after %d looks", err, looks)
	}
}

// Linux keeps a process keyring by thread, and Go moves us from one to the
// other: a key that is held must not depend on which.
func TestHeldFromAnyThread(t *testing.T) {
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			for i := range 300 {
				name := fmt.Sprintf("lanyard:test:%s:%d:%d", t.Name(), g, i)
				if err := holdKey(name, "canary", time.Minute); err != nil {
					t.Errorf("round %d: %v", i, err)
					return
				}
				if got, ok := heldKey(name); !ok || got != "canary" {
					t.Errorf("round %d: not held", i)
				}
				if err := forgetKey(name); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
}
