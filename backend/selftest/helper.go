package selftest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os/exec"
	"strings"

	"lanyard/backend/registryauth"
)

// Ask has a credential helper (its path) say what it gives to tools for a
// registry, under the key that docker would ask for. A helper that gives
// nothing is an ErrRefused in its own words.
func Ask(ctx context.Context, helper, key string) (registryauth.Login, error) {
	cmd := exec.CommandContext(ctx, helper, "get")
	cmd.Stdin = strings.NewReader(key + "\n")
	var out, said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &said
	if err := cmd.Run(); err != nil {
		if ctx.Err() != nil {
			return registryauth.Login{}, ctx.Err()
		}
		why := strings.TrimSpace(said.String())
		if why == "" {
			why = strings.TrimSpace(out.String())
		}
		if why == "" {
			why = err.Error()
		}
		return registryauth.Login{}, fmt.Errorf("%w: the credential helper gives nothing for %s: %s", registryauth.ErrRefused, key, why)
	}
	var got struct{ Username, Secret string }
	if json.Unmarshal(out.Bytes(), &got) != nil || got.Secret == "" {
		return registryauth.Login{}, fmt.Errorf("%w: the credential helper's answer for %s is none", registryauth.ErrRefused, key)
	}
	return registryauth.Login{Username: got.Username, Secret: got.Secret}, nil
}
