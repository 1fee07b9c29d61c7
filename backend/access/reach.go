package access

import "context"

// Reached are the requests for everything in repositories of which something
// is granted at this moment, in the order of the names.
func Reached(who Subject, names []string, known Known, rights Rights) []Grant {
	asked := make([]Request, 0, len(names))
	for _, name := range names {
		asked = append(asked, Request{Type: "repository", Name: name, Actions: []string{Pull, Push, Delete}})
	}
	var out []Grant
	for _, g := range Decide(who, asked, known, rights) {
		if len(g.Actions) > 0 {
			out = append(out, g)
		}
	}
	return out
}

// Reach returns up to most of the repositories there are in which a subject may
// do something, by name, and how many more there are.
func (s *Service) Reach(ctx context.Context, who Subject, most int) (all []Grant, more int, err error) {
	all = []Grant{}
	_, err = s.find(ctx, "", "", most, func(name string, f Facts) bool {
		for _, g := range Reached(who, []string{name}, Known{name: f}, s.Rights) {
			if len(all) < most {
				all = append(all, g)
			} else {
				more++
			}
		}
		return false // so that it reads on
	})
	return all, more, err
}
