package signin

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/gofrs/flock"

	"lanyard/backend/dockerconfig"
	"lanyard/backend/machine"
	"lanyard/backend/tool"
)

// ErrConfig: a tool's configuration cannot be read, so that a command could
// only run without it.
var ErrConfig = errors.New("a tool's configuration cannot be read")

const (
	loanPrefix = "lanyard-run-" // of folders that a run made, and holds the lock in
	loanLock   = "lock"
	maxConfig  = 1 << 20 // bytes
)

// Loan is a folder of configuration for one command under an account of its
// own: docker's as the person has it, but with our helper for the account's
// registries. It holds no secret: what lies in clear in the person's own
// files is left out (Left). Close removes it.
type Loan struct {
	Dir string
	// Set and Unset are what the command's environment has in place of ours.
	Set   map[string]string
	Unset []string
	// Left says what of the person's configuration does not come along.
	Left []string

	lock *flock.Flock
}

// Lender makes loans.
type Lender struct {
	Here   tool.Here
	Helper string // the credential helper's program
	State  string // where loans lie if there is no XDG_RUNTIME_DIR
}

// Lend makes a loan for an account.
func (l Lender) Lend(k Known) (_ *Loan, err error) {
	base := l.base()
	if err := os.MkdirAll(base, 0o700); err != nil {
		return nil, fmt.Errorf("make a folder for the command: %w", err)
	}
	sweepLoans(base)
	loan, err := newLoan(base)
	if err != nil {
		return nil, fmt.Errorf("make a folder for the command: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, loan.Close())
		}
	}()
	if err := l.fill(loan, k); err != nil {
		return nil, err
	}
	path := loan.Dir + "/bin"
	if old := l.Here.Getenv("PATH"); old != "" {
		path += string(os.PathListSeparator) + old
	}
	config := filepath.Join(loan.Dir, "config.json")
	loan.Set = map[string]string{
		machine.AsVariable:     k.Ref(),
		"DOCKER_CONFIG":        loan.Dir,
		"REGISTRY_AUTH_FILE":   filepath.Join(loan.Dir, "auth.json"),
		"HELM_REGISTRY_CONFIG": config, // helm looks there first
		"PATH":                 path,
	}
	if l.Here.Getenv("DOCKER_AUTH_CONFIG") != "" { // docker takes it before any file
		loan.Unset = []string{"DOCKER_AUTH_CONFIG"}
		loan.Left = append(loan.Left, "DOCKER_AUTH_CONFIG, which holds passwords for docker")
	}
	return loan, nil
}

// fill writes the files of a loan.
func (l Lender) fill(loan *Loan, k Known) error {
	file := dockerconfig.Path(l.Here.Getenv, l.Here.Home)
	docker, err := readConfig(file)
	if err != nil {
		return err
	}
	loan.Left = append(loan.Left, docker.disarm(file)...)
	docker.serve(k.Hosts)
	if err := docker.write(filepath.Join(loan.Dir, "config.json")); err != nil {
		return err
	}

	podman := config{}
	for _, source := range l.podmanFiles() {
		one, err := readConfig(source)
		if err != nil {
			return err
		}
		if source != file {
			loan.Left = append(loan.Left, one.disarm(source)...)
		}
		podman.adopt(one)
	}
	podman.serve(k.Hosts)
	if err := podman.write(filepath.Join(loan.Dir, "auth.json")); err != nil {
		return err
	}
	if err := linkBesides(filepath.Dir(file), loan.Dir); err != nil {
		return err
	}
	program := dockerconfig.Program
	if runtime.GOOS == "windows" {
		program += ".exe"
	}
	if err := os.Symlink(l.Helper, filepath.Join(loan.Dir, "bin", program)); err != nil {
		return fmt.Errorf("put the credential helper where the command finds it: %w", err)
	}
	return nil
}

// podmanFiles are the files that podman and its relatives read, the one that
// counts first.
func (l Lender) podmanFiles() (files []string) {
	for _, f := range l.Here.Files(tool.Podman) {
		if f.Kind != tool.RegistriesConf {
			files = append(files, f.Path)
		}
	}
	return files
}

// base is where loans lie: in memory, where a system has such a place.
func (l Lender) base() string {
	run := l.Here.Getenv("XDG_RUNTIME_DIR")
	if info, err := os.Stat(run); filepath.IsAbs(run) && err == nil && info.IsDir() && info.Mode().Perm()&0o077 == 0 {
		return run
	}
	return filepath.Join(l.State, "run")
}

// newLoan makes an empty folder, and locks it before it has the name under
// which others look for what a killed run left.
func newLoan(base string) (*Loan, error) {
	hidden, err := os.MkdirTemp(base, "."+loanPrefix)
	if err != nil {
		return nil, err
	}
	loan := &Loan{Dir: hidden, lock: flock.New(filepath.Join(hidden, loanLock), flock.SetPermissions(0o600))}
	dir := filepath.Join(base, filepath.Base(hidden)[1:])
	if _, err = loan.lock.TryLock(); err == nil {
		err = os.Mkdir(filepath.Join(hidden, "bin"), 0o700)
	}
	if err == nil {
		err = os.Rename(hidden, dir)
	}
	if err != nil {
		return nil, errors.Join(err, loan.Close())
	}
	loan.Dir = dir
	return loan, nil
}

// sweepLoans removes what killed runs left: nobody holds the lock any more.
func sweepLoans(base string) {
	entries, _ := os.ReadDir(base) // what cannot be seen is left alone
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), loanPrefix) || !e.IsDir() {
			continue
		}
		lock := flock.New(filepath.Join(base, e.Name(), loanLock), flock.SetPermissions(0o600))
		if free, err := lock.TryLock(); err == nil && free {
			_ = os.RemoveAll(filepath.Join(base, e.Name())) // the next run tries again
		}
		_ = lock.Close()
	}
}

// Close removes the folder; what links in it point to stays.
func (l *Loan) Close() error {
	if err := errors.Join(os.RemoveAll(l.Dir), l.lock.Close()); err != nil {
		return fmt.Errorf("remove the command's folder: %w", err)
	}
	return nil
}

// Environ is environ with the loan's variables in place of its own.
func (l *Loan) Environ(environ []string) []string {
	env := slices.DeleteFunc(slices.Clone(environ), func(v string) bool {
		name, _, _ := strings.Cut(v, "=")
		_, set := l.Set[name]
		return set || slices.Contains(l.Unset, name)
	})
	for _, name := range slices.Sorted(maps.Keys(l.Set)) {
		env = append(env, name+"="+l.Set[name])
	}
	return env
}

// linkBesides links all that lies beside docker's config.json: contexts,
// plug-ins, builders, certificates.
func linkBesides(from, to string) error {
	entries, err := os.ReadDir(from)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("%w: %w", ErrConfig, err)
	}
	for _, e := range entries {
		name := e.Name()
		if strings.Contains(name, "config.json") || name == "auth.json" || name == "bin" || name == loanLock {
			continue
		}
		if err := os.Symlink(filepath.Join(from, name), filepath.Join(to, name)); err != nil {
			return fmt.Errorf("take %s along: %w", name, err)
		}
	}
	return nil
}

// config is a tool's JSON file by its top keys.
type config map[string]json.RawMessage

func readConfig(path string) (config, error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return config{}, nil
	}
	if err == nil && (!info.Mode().IsRegular() || info.Size() > maxConfig) {
		err = errors.New("it is no file of a sensible size")
	}
	var text []byte
	if err == nil {
		text, err = os.ReadFile(path)
	}
	c := config{}
	if err == nil && len(strings.TrimSpace(string(text))) > 0 {
		if json.Unmarshal(text, &c) != nil { // its words may quote the file
			err = errors.New("it is not valid JSON")
		}
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrConfig, path, err)
	}
	if c == nil { // null
		c = config{}
	}
	return c, nil
}

// disarm takes out what is, or may be, a secret, and says what that was.
func (c config) disarm(path string) (left []string) {
	var auths map[string]map[string]any
	_ = json.Unmarshal(c["auths"], &auths) // of another form: nothing of it stays
	empty, clear := map[string]any{}, []string{}
	for host, entry := range auths {
		if len(entry) == 0 {
			empty[host] = entry // the mark of a credsStore
		} else {
			clear = append(clear, host)
		}
	}
	delete(c, "auths")
	if len(empty) > 0 {
		c.set("auths", empty)
	}
	if len(clear) > 0 {
		slices.Sort(clear)
		left = append(left, fmt.Sprintf("passwords in clear in %s, for %s", path, strings.Join(clear, ", ")))
	}
	var headers map[string]string
	if c["HttpHeaders"] != nil && (json.Unmarshal(c["HttpHeaders"], &headers) != nil || len(headers) > 1 || headers["User-Agent"] == "") {
		delete(c, "HttpHeaders")
		left = append(left, "HttpHeaders of "+path)
	}
	if c["proxies"] != nil && withPassword(c["proxies"]) {
		delete(c, "proxies")
		left = append(left, "proxies of "+path+", one of which has a password")
	}
	return left
}

// withPassword: one of the addresses in it has a user.
func withPassword(proxies json.RawMessage) bool {
	var all map[string]map[string]any
	if json.Unmarshal(proxies, &all) != nil {
		return true
	}
	for _, set := range all {
		for _, value := range set {
			text, _ := value.(string)
			if u, err := url.Parse(text); strings.Contains(text, "@") && (err != nil || u.User != nil || u.Host == "") {
				return true
			}
		}
	}
	return false
}

// adopt takes over the helpers of a file that counts less.
func (c config) adopt(other config) {
	mine, theirs := c.helpers(), other.helpers()
	for host, helper := range theirs {
		if _, has := mine[host]; !has {
			mine[host] = helper
		}
	}
	c.set("credHelpers", mine)
}

// serve names our helper for hosts.
func (c config) serve(hosts []string) {
	helpers := c.helpers()
	for _, key := range KeysOf(hosts) {
		helpers[key] = dockerconfig.Suffix
	}
	c.set("credHelpers", helpers)
}

func (c config) helpers() map[string]string {
	var helpers map[string]string
	if json.Unmarshal(c["credHelpers"], &helpers) != nil || helpers == nil {
		return map[string]string{}
	}
	return helpers
}

func (c config) set(key string, value any) {
	if raw, err := json.Marshal(value); err == nil { // maps of text: it cannot fail
		c[key] = raw
	}
}

func (c config) write(path string) error {
	text, err := json.MarshalIndent(c, "", "\t")
	if err == nil {
		err = os.WriteFile(path, append(text, '\n'), 0o600)
	}
	if err != nil {
		return fmt.Errorf("write the command's configuration: %w", err)
	}
	return nil
}
