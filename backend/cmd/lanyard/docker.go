package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"lanyard/backend/dockerconfig"
	"lanyard/backend/signin"
)

func dockerCommand(t terminal) *cobra.Command {
	return group("docker", "Docker's configuration: set up or undo what Lanyard changes", dockerSetup(t), dockerUndo(t))
}

func dockerSetup(t terminal) *cobra.Command {
	var yes, replace, plan bool
	cmd := &cobra.Command{
		Use: "setup", Short: "Let docker and its relatives ask Lanyard for your registries", Args: usageArgs(cobra.NoArgs),
		Long: "Adds a credHelpers key per registry to docker's configuration; every other byte stays.\n" +
			"It writes only where a fresh shell of yours finds docker-credential-lanyard, and offers to copy it otherwise.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			p, err := newParts(t, false)
			if err != nil {
				return err
			}
			hosts, err := p.computer.Served()
			if err != nil {
				return err
			}
			p.docker.File.Replace = replace
			change, err := p.docker.File.Plan(signin.KeysOf(hosts))
			if err != nil {
				return err
			}
			if text := change.String(); text != "" {
				t.say("%s", strings.TrimRight(text, "\n"))
			}
			if plan {
				return nil
			}
			p.docker.MayCopy = yes
			err = p.docker.SetUp(cmd.Context(), hosts)
			var missing *dockerconfig.NotFoundError
			if errors.As(err, &missing) && missing.Offer.Path != "" && t.person() && ask(t, fmt.Sprintf("Your shell does not find the credential helper. Copy it to %s?", missing.Offer.Path)) {
				p.docker.MayCopy = true
				err = p.docker.SetUp(cmd.Context(), hosts)
			}
			if errors.As(err, &missing) {
				notFound(t, missing)
				return errors.New("nothing was written")
			}
			if err != nil {
				return err
			}
			fmt.Fprintf(t.Out, "Set up for %s in %s.\n", strings.Join(hosts, ", "), p.docker.File.Path)
			return nil
		},
	}
	cmd.Flags().BoolVarP(&yes, "yes", "y", false, "agree to a copy of the credential helper where the shell does not find it")
	cmd.Flags().BoolVar(&replace, "replace", false, "take the place of another credential helper that is set for a registry (undo puts it back)")
	cmd.Flags().BoolVar(&plan, "plan", false, "show what would change and write nothing")
	return cmd
}

func dockerUndo(t terminal) *cobra.Command {
	return &cobra.Command{
		Use: "undo", Short: "Put docker's configuration back as it was", Args: usageArgs(cobra.NoArgs),
		RunE: func(*cobra.Command, []string) error {
			p, err := newParts(t, false)
			if err != nil {
				return err
			}
			change, err := dockerconfig.TakeDown(p.docker.File, p.docker.Helper)
			if err != nil {
				return err
			}
			fmt.Fprintln(t.Out, change.Undone())
			return nil
		},
	}
}
