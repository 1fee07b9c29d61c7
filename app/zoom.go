package app

// The zoom that a person can choose, in percent: down to what is read with difficulty, up to what WCAG 1.4.4 asks for.
const (
	leastZoom = 50
	unzoomed  = 100
	mostZoom  = 200
)

// percent is a zoom of the settings, which people may also write by hand.
func percent(chosen int) int {
	if chosen < leastZoom || chosen > mostZoom {
		return unzoomed
	}
	return chosen
}
