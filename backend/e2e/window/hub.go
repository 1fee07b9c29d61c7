//go:build linux

package main

import (
	"context"
	"crypto/tls"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"

	"lanyard/backend/e2e/desk"
	"lanyard/backend/e2e/front"
)

// hub is our own service under Docker Hub's names, for all that runs on the
// desk. Its data is in HOME/hub.
type hub struct {
	proxy *front.Proxy
	serve *exec.Cmd
}

func openHub(ctx context.Context, d *desk.Desk) (*hub, error) {
	roots, certificate, err := front.Authority(front.HubHosts...)
	if err != nil {
		return nil, err
	}
	port, err := desk.FreePort()
	if err != nil {
		return nil, err
	}
	address, data := "127.0.0.1:"+port, filepath.Join(d.Home, "hub")
	args := []string{"serve", "--listen", address, "--public-url", "https://" + front.HubHosts[0], "--behind-proxy", "--data", data, "--storage", filepath.Join(data, "images")}
	for _, host := range front.HubHosts[1:] {
		args = append(args, "--alias", host)
	}
	h := &hub{serve: d.Lanyard(ctx, args...)}
	h.serve.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := h.serve.Start(); err != nil {
		return nil, err
	}
	h.proxy, err = front.Open(address, front.HubHosts, &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12})
	if err != nil {
		return nil, errors.Join(err, h.serve.Process.Kill())
	}
	if err := await(ctx, "http://"+address+"/healthz"); err != nil {
		h.close()
		return nil, errors.Join(errors.New("the service under Docker Hub's names does not answer"), err)
	}
	authority := filepath.Join(d.Runtime, "hub-ca.pem")
	d.Setenv("SSL_CERT_FILE", authority)
	d.Setenv("HTTPS_PROXY", h.proxy.URL.String())
	return h, os.WriteFile(authority, roots, 0o600)
}

func (h *hub) close() {
	h.proxy.Close()
	_ = h.serve.Process.Signal(os.Interrupt)
	_ = h.serve.Wait()
}
