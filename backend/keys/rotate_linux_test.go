package keys_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"syscall"
	"testing"
	"time"

	"lanyard/backend/keys"
)

var listening = regexp.MustCompile(`listening on (127\.0\.0\.1:\d+)`)

// debian starts Debian's docker-registry 2.8.2, told of k's authority and of
// nothing that may change, and returns its address.
func debian(t *testing.T, k *keys.Keys) string {
	t.Helper()
	tools := os.Getenv("LANYARD_TOOLS")
	if tools == "" {
		tools = filepath.Join("..", "..", "build", "tools")
	}
	program, err := filepath.Abs(filepath.Join(tools, "bin", "docker-registry"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(program); err != nil {
		t.Fatalf("%s is not there: run make build/tools", program)
	}
	dir := t.TempDir()
	ca, config := filepath.Join(dir, "ca.pem"), filepath.Join(dir, "config.yml")
	text := fmt.Sprintf("version: 0.1\nstorage:\n  filesystem: {rootdirectory: %q}\nhttp: {addr: \"127.0.0.1:0\"}\n"+
		"auth:\n  token: {realm: \"http://localhost:8460/token\", service: \"localhost:8460\", issuer: \"localhost:8460\", rootcertbundle: %q}\n",
		filepath.Join(dir, "images"), ca)
	for name, content := range map[string][]byte{ca: k.CAPEM(), config: []byte(text)} {
		if err := os.WriteFile(name, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.CommandContext(context.Background(), program, "serve", config)
	cmd.Env = []string{"HOME=" + dir, "PATH=/usr/bin:/bin"}
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	address, ended := make(chan string, 1), make(chan struct{})
	var said bytes.Buffer
	go func() {
		defer close(ended)
		lines := bufio.NewScanner(stderr)
		for lines.Scan() {
			said.Write(append(lines.Bytes(), '\n'))
			if found := listening.FindSubmatch(lines.Bytes()); found != nil {
				address <- string(found[1])
			}
		}
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-ended
		_ = cmd.Wait() // killed
	})
	select {
	case at := <-address:
		return at
	case <-ended:
		t.Fatalf("docker-registry ended:\n%s", said.String())
	case <-time.After(20 * time.Second):
		t.Fatal("docker-registry does not listen")
	}
	return ""
}

// A registry that was configured once, and is never touched again, takes the
// tokens of the next leaf, those of the one before that are still good, and
// none of a leaf that has ended. The registry's clock cannot be moved, so the
// leaves are of the past.
func TestARunningRegistryAcceptsTheNextLeaf(t *testing.T) {
	now := time.Now()
	const day = 24 * time.Hour
	k, err := keys.New(now.Add(-300 * day)) // due 57 days ago, good for 65 more
	if err != nil {
		t.Fatal(err)
	}
	at := debian(t, k)
	answer := func(token string) int {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+at+"/v2/alice/app/blobs/uploads/", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+token)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		if err := resp.Body.Close(); err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode
	}
	sign := func(moved time.Time) string {
		t.Helper()
		token, err := k.SignRegistry(claimsAt(now), moved)
		if err != nil {
			t.Fatal(err)
		}
		return token
	}
	before := sign(now.Add(-60 * day))
	if got := answer(before); got != http.StatusAccepted {
		t.Fatalf("before: %d", got)
	}
	if err := k.Renew(now.Add(-60 * day)); err != nil {
		t.Fatal(err)
	}
	if again := sign(now.Add(-60 * day)); header(t, again).Kid != header(t, before).Kid {
		t.Error("a new leaf before two thirds of the year")
	}
	if err := k.Renew(now.Add(-56 * day)); err != nil { // as the service does twice a day
		t.Fatal(err)
	}
	after := sign(now)
	if header(t, after).Kid == header(t, before).Kid {
		t.Fatal("the same leaf after two thirds of the year")
	}
	for name, token := range map[string]string{"of the next leaf": after, "of the one before": before} {
		if got := answer(token); got != http.StatusAccepted {
			t.Errorf("%s: %d", name, got)
		}
	}

	// A leaf that ended 35 days ago, by the same authority.
	if err := k.Renew(now.Add(-400 * day)); err != nil {
		t.Fatal(err)
	}
	if got := answer(sign(now.Add(-400 * day))); got != http.StatusUnauthorized {
		t.Errorf("of a leaf that has ended: %d", got)
	}
	if got := answer(sign(now)); got != http.StatusAccepted {
		t.Errorf("and then: %d", got)
	}
}
