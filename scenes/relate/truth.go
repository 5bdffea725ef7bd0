package relate

import "math"

// A Truth is an answer of three values. Kleene's logic is min and max on it: And is the smaller, Or the larger, Not the negative.
type Truth int8

// The truth values. Unclear means too close to call.
const (
	No      Truth = -1
	Unclear Truth = 0
	Yes     Truth = 1
)

// And is Yes if all are, No if one is.
func And(all ...Truth) Truth {
	t := Yes
	for _, u := range all {
		t = min(t, u)
	}
	return t
}

// Not is the opposite; what is unclear stays so.
func (t Truth) Not() Truth { return -t }

func (t Truth) String() string { return [...]string{"no", "unclear", "yes"}[t+1] }

// agree is what two ways to look at a thing say if they say the same, else Unclear.
func agree(a, b Truth) Truth {
	if a == b {
		return a
	}
	return Unclear
}

// grade is Yes from the bound yes on, No from the bound no on, away from each other; which bound is larger says which way.
func grade(x, yes, no float64) Truth {
	if no < yes {
		x, yes, no = -x, -yes, -no
	}
	switch {
	case x <= yes:
		return Yes
	case x >= no:
		return No
	}
	return Unclear
}

// more is Yes if a exceeds b by the margin, No if b exceeds a by it. The margin is the larger of abs and the share rel of the larger one.
func more(a, b, abs, rel float64) Truth {
	margin := max(abs, rel*max(math.Abs(a), math.Abs(b)))
	return grade(a-b, margin, -margin)
}
