package referee

import (
	"cmp"
	"fmt"
	"net"
	"os"
	"strings"
)

// TokenVariable is the environment that holds the token of a server that wants one (refarena serve).
const TokenVariable = "REFARENA_TOKEN"

// Options tunes the referees that Open makes. The zero value is ready to use.
type Options struct {
	RoboRefer RoboReferOptions // for http:// and https://
}

// A Maker is one kind of referee that Open knows.
type Maker struct {
	Name string // what to type, for lists: "oracle", "http://HOST:PORT"
	Doc  string // what it is, one line
	// Prefix makes every spec that begins with it this maker's, such as "http://". "" means a spec equal to Name.
	Prefix string
	// Make opens spec. Nothing is asked yet.
	Make func(spec string, o Options) (Referee, error)
}

// makers in the order of lists: controls, floor, models.
var makers = []Maker{
	{Name: OracleName, Doc: "control, in simulated scenes only: the middle of the true region", Make: fixed(Oracle())},
	{Name: RandomInMaskName, Doc: "control, in simulated scenes only: any pixel of the true region", Make: fixed(RandomInMask())},
	{Name: RandomPixelName, Doc: "baseline: any pixel of the image", Make: fixed(RandomPixel())},
	{Name: "http://HOST:PORT", Doc: "RoboRefer's own server (API/api.py) or refarena serve; its token, if it wants one, in $REFARENA_TOKEN", Prefix: "http://", Make: openRoboRefer},
	{Name: "https://HOST:PORT", Doc: "the same behind TLS", Prefix: "https://", Make: openRoboRefer},
}

// fixed makes r, which has no options.
func fixed(r Referee) func(string, Options) (Referee, error) {
	return func(string, Options) (Referee, error) { return r, nil }
}

func openRoboRefer(spec string, o Options) (Referee, error) {
	o.RoboRefer.Token = cmp.Or(o.RoboRefer.Token, os.Getenv(TokenVariable))
	c, err := NewRoboReferClient(spec, o.RoboRefer)
	if err != nil {
		return nil, err
	}
	return c, nil
}

// Makers is the referees of this package, in a fixed order. The caller owns the result.
func Makers() []Maker { return append([]Maker(nil), makers...) }

// Names is what Open takes, in the order of Makers; an address stands as "http://HOST:PORT".
func Names() []string { return names(makers) }

// Open makes the referee that spec names: "oracle", "random-in-mask", "random-pixel", or the address of RoboRefer's server. more adds
// kinds that other packages make. It sends nothing: Check does. The error names the choices and the nearest one.
func Open(spec string, o Options, more ...Maker) (Referee, error) {
	all := append(Makers(), more...)
	for _, m := range all {
		if m.Prefix == "" && spec == m.Name || m.Prefix != "" && strings.HasPrefix(spec, m.Prefix) {
			return m.Make(spec, o)
		}
	}
	return nil, fmt.Errorf("referee: no referee %q (nearest %s; have %s)", spec, nearest(spec, all), strings.Join(names(all), ", "))
}

func names(makers []Maker) []string {
	out := make([]string, len(makers))
	for i, m := range makers {
		out[i] = m.Name
	}
	return out
}

// nearest is what spec was most likely meant to be: an address without its scheme, else a name that begins with it, else the name with the
// fewest edits, the first of equals.
func nearest(spec string, makers []Maker) string {
	if _, port, err := net.SplitHostPort(spec); err == nil && port != "" && strings.Trim(port, "0123456789") == "" {
		return "http://" + spec
	}
	best, bestEdits := "", -1
	for _, m := range makers {
		if spec != "" && strings.HasPrefix(m.Name, strings.ToLower(spec)) {
			return m.Name
		}
		if d := edits(strings.ToLower(spec), strings.ToLower(m.Name)); bestEdits < 0 || d < bestEdits {
			best, bestEdits = m.Name, d
		}
	}
	return best
}

// edits is the Levenshtein distance between a and b: the fewest bytes to insert, delete or replace.
func edits(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
