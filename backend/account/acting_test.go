package account_test

import (
	"errors"
	"testing"

	"lanyard/backend/account"
)

func TestMayActFor(t *testing.T) {
	for name, c := range map[string]struct {
		who  account.Account
		whom string
		want error
	}{
		"oneself":                       {account.Account{Name: "bob"}, "bob", nil},
		"oneself in capitals":           {account.Account{Name: "bob"}, " BOB ", nil},
		"an administrator for others":   {account.Account{Name: "ada", Admin: true}, "bob", nil},
		"somebody for others":           {account.Account{Name: "bob"}, "ada", account.ErrForbidden},
		"somebody for nobody":           {account.Account{Name: "bob"}, "", account.ErrForbidden},
		"by another's name and more":    {account.Account{Name: "bob"}, "bob2", account.ErrForbidden},
		"by one's e-mail, which is not": {account.Account{Name: "bob", Email: "b@example.com"}, "b@example.com", account.ErrForbidden},
	} {
		t.Run(name, func(t *testing.T) {
			if err := c.who.MayActFor(c.whom); !errors.Is(err, c.want) {
				t.Errorf("%v, want %v", err, c.want)
			}
		})
	}
}
