package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"lanyard/backend/account"
	"lanyard/backend/ownservice"
	"lanyard/backend/server"
)

func userCommand(t terminal) *cobra.Command {
	var data string
	cmd := group("user", "People of a service on this computer: list, add, passwd, reset-factors, disable, enable",
		userList(t, &data), userAdd(t, &data), userPasswd(t, &data), userResetFactors(t, &data),
		userSet(t, &data, "disable", "Refuse a person: their sessions and tokens stop at once", true),
		userSet(t, &data, "enable", "Let a disabled person in again", false),
	)
	cmd.Long = "Works through the socket of the running service, or on its database while none runs."
	cmd.PersistentFlags().StringVar(&data, "data", "", "the service's data folder (default: this computer's own service)")
	return cmd
}

// people is what both ways to the accounts can do.
type people interface {
	People(ctx context.Context) ([]ownservice.Person, error)
	Add(ctx context.Context, n ownservice.NewPerson) (ownservice.Person, error)
	SetPassword(ctx context.Context, name, password string) (ownservice.Person, error)
	SetDisabled(ctx context.Context, name string, disabled bool) (ownservice.Person, error)
	ResetFactors(ctx context.Context, name string) (ownservice.Person, error)
}

// withPeople runs do through the socket, or on the file if no service runs.
func withPeople(ctx context.Context, t terminal, data string, do func(people) error) error {
	p, err := newParts(t, false)
	if err != nil {
		return err
	}
	if data != "" {
		p.own.Data = data
	}
	_, err = p.own.Status(ctx)
	if err == nil {
		return do(p.own)
	}
	if !errors.Is(err, ownservice.ErrNotRunning) {
		return err
	}
	if _, err := os.Stat(p.own.Data); err != nil {
		return fmt.Errorf("%w, and there is no data in %s", ownservice.ErrNotRunning, p.own.Data)
	}
	opened, err := server.OpenData(ctx, p.own.Data, time.Now())
	if err != nil {
		return err
	}
	accounts := &account.Service{Store: opened.DB, Hasher: account.NewHasher()}
	return errors.Join(do(filePeople{accounts, opened}), opened.Close())
}

// filePeople works on the database of a service that does not run.
type filePeople struct {
	accounts *account.Service
	data     *server.Data
}

func (f filePeople) People(ctx context.Context) ([]ownservice.Person, error) {
	all, err := f.accounts.All(ctx)
	if err != nil {
		return nil, err
	}
	people := make([]ownservice.Person, 0, len(all))
	for _, a := range all {
		people = append(people, personOf(a))
	}
	return people, nil
}

func (f filePeople) Add(ctx context.Context, n ownservice.NewPerson) (ownservice.Person, error) {
	a, err := f.accounts.Create(ctx, account.New{Name: n.Name, Email: n.Email, Password: n.Password, Admin: n.Admin})
	if err != nil {
		return ownservice.Person{}, err
	}
	return personOf(a), f.data.MarkSetUp()
}

func (f filePeople) SetPassword(ctx context.Context, name, password string) (ownservice.Person, error) {
	return f.change(ctx, name, func(a account.Account) error { return f.accounts.SetPassword(ctx, a.ID, password) })
}

func (f filePeople) SetDisabled(ctx context.Context, name string, disabled bool) (ownservice.Person, error) {
	return f.change(ctx, name, func(a account.Account) error { return f.accounts.SetDisabled(ctx, a.ID, disabled) })
}

func (f filePeople) ResetFactors(ctx context.Context, name string) (ownservice.Person, error) {
	return f.change(ctx, name, func(a account.Account) error { return f.accounts.ResetFactors(ctx, a.ID) })
}

func (f filePeople) change(ctx context.Context, name string, do func(account.Account) error) (ownservice.Person, error) {
	a, err := f.accounts.ByLogin(ctx, name)
	if err == nil {
		err = do(a)
	}
	if err == nil {
		a, err = f.accounts.Account(ctx, a.ID)
	}
	return personOf(a), err
}

func personOf(a account.Account) ownservice.Person {
	return ownservice.Person{Name: a.Name, Email: a.Email, Admin: a.Admin, Disabled: a.Disabled, CreatedAt: a.CreatedAt}
}

func userList(t terminal, data *string) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "list", Aliases: []string{"ls"}, Short: "List the people", Args: usageArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withPeople(cmd.Context(), t, *data, func(p people) error {
				all, err := p.People(cmd.Context())
				if err != nil {
					return err
				}
				if asJSON {
					return printJSON(t, all)
				}
				b := t.table("NAME", "E-MAIL", "ROLE", "STATUS", "SINCE")
				for _, one := range all {
					role, state := "member", "enabled"
					if one.Admin {
						role = "administrator"
					}
					if one.Disabled {
						state = "disabled"
					}
					b.row(one.Name, one.Email, role, state, one.CreatedAt.Local().Format("2006-01-02"))
				}
				return b.print()
			})
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

func userAdd(t terminal, data *string) *cobra.Command {
	var n ownservice.NewPerson
	var asJSON bool
	cmd := &cobra.Command{
		Use: "add NAME", Short: "Add a person; the password is asked, or read from standard input", Args: usageArgs(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			n.Name = args[0]
			if err := account.CheckName(n.Name); err != nil {
				return err
			}
			var err error
			if n.Password, err = readPassword(t, "Password for "+n.Name); err != nil {
				return err
			}
			return withPeople(cmd.Context(), t, *data, func(p people) error {
				made, err := p.Add(cmd.Context(), n)
				if err != nil {
					return err
				}
				if asJSON {
					return printJSON(t, made)
				}
				fmt.Fprintf(t.Out, "Added %s.\n", made.Name)
				return nil
			})
		},
	}
	cmd.Flags().StringVar(&n.Email, "email", "", "e-mail address, good for signing in too")
	cmd.Flags().BoolVar(&n.Admin, "admin", false, "make the person an administrator")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

func userPasswd(t terminal, data *string) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "passwd NAME", Short: "Set a password; it is asked, or read from standard input", Args: usageArgs(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			password, err := readPassword(t, "New password for "+args[0])
			if err != nil {
				return err
			}
			return withPeople(cmd.Context(), t, *data, func(p people) error {
				changed, err := p.SetPassword(cmd.Context(), args[0], password)
				if err != nil {
					return err
				}
				if asJSON {
					return printJSON(t, changed)
				}
				fmt.Fprintf(t.Out, "The password of %s was changed.\n", changed.Name)
				return nil
			})
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

func userSet(t terminal, data *string, use, short string, disabled bool) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: use + " NAME", Short: short, Args: usageArgs(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			return withPeople(cmd.Context(), t, *data, func(p people) error {
				changed, err := p.SetDisabled(cmd.Context(), args[0], disabled)
				if err != nil {
					return err
				}
				if asJSON {
					return printJSON(t, changed)
				}
				fmt.Fprintf(t.Out, "%s is %sd.\n", changed.Name, use)
				return nil
			})
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

func userResetFactors(t terminal, data *string) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "reset-factors NAME", Short: "Take away the second factors of a person who has lost them", Args: usageArgs(cobra.ExactArgs(1)),
		Long: "Takes authenticator app, passkeys and recovery codes away, and signs the person out of all browsers: the password alone signs them in then. " +
			"One of under 15 characters is no good for that, and has to be set anew first (lanyard user passwd).",
		RunE: func(cmd *cobra.Command, args []string) error {
			return withPeople(cmd.Context(), t, *data, func(p people) error {
				changed, err := p.ResetFactors(cmd.Context(), args[0])
				if err != nil {
					return err
				}
				if asJSON {
					return printJSON(t, changed)
				}
				fmt.Fprintf(t.Out, "%s signs in with the password alone.\n", changed.Name)
				return nil
			})
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

// readPassword asks twice on a terminal, without echo, and reads one line
// otherwise. It is never an argument.
func readPassword(t terminal, prompt string) (string, error) {
	in, isFile := t.In.(*os.File)
	if !isFile || !t.person() {
		line, err := bufio.NewReader(t.In).ReadString('\n')
		if line = strings.TrimRight(line, "\r\n"); line == "" {
			return "", usagef("no password on standard input (%w)", errors.Join(err, errors.New("give it as one line")))
		}
		return line, nil
	}
	read := func(prompt string) (string, error) {
		fmt.Fprint(t.Err, prompt+": ")
		text, err := term.ReadPassword(int(in.Fd()))
		fmt.Fprintln(t.Err)
		return string(text), err
	}
	first, err := read(prompt)
	if err != nil {
		return "", err
	}
	second, err := read("Once more")
	if err != nil {
		return "", err
	}
	if first != second {
		return "", errors.New("the two are not the same; nothing was changed")
	}
	return first, nil
}
