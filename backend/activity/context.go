package activity

import "context"

type byKey struct{}

// With says who is asking, for acts that are noted far below the surface that
// knows it: what a context may carry is who, never what is to be done.
func With(ctx context.Context, by By) context.Context { return context.WithValue(ctx, byKey{}, by) }

// Asking is what With said; the zero By where nobody did.
func Asking(ctx context.Context) By {
	by, _ := ctx.Value(byKey{}).(By)
	return by
}
