package roborefer

// A drafter guesses tokens of an answer before the decoder says them. Answers of these models are all but form: of the fourteen tokens of
// "[(0.341, 0.510)]" six are the model's choice, and the rest can be fed together with the token before them. The decoder scores every guess, and
// one that it would not have chosen is dropped with what follows it, so that answers stay the greedy ones (arXiv 2211.17192 with a fixed draft). What
// is guessed depends on the answer so far and on nothing else.
type drafter struct {
	form   []int  // an answer's tokens
	chosen []bool // which of them are the model's choice
}

// newDrafter takes the form of an answer to be what two answers have in common. A tokenizer that does not see it that way gets no drafts.
func newDrafter(encode func(string) []int) drafter {
	a, b := encode("[(0.111, 0.111)]"), encode("[(0.222, 0.222)]")
	d := drafter{form: a, chosen: make([]bool, len(a))}
	if len(a) != len(b) {
		return drafter{}
	}
	for i := range a {
		d.chosen[i] = a[i] != b[i]
	}
	return d
}

// next is what will follow answer, up to the next token that is a choice; nil if answer is not, at its end, the beginning of a point list. limit is
// the most tokens that are of use. The result is the drafter's own.
func (d drafter) next(answer []int, limit int) []int {
	if len(d.form) == 0 || limit < 1 {
		return nil
	}
	at := len(answer) // of the form's beginning
	for at > 0 && len(answer)-at < len(d.form) {
		if at--; answer[at] == d.form[0] {
			break
		}
	}
	done := answer[at:]
	if len(done) >= len(d.form) {
		return nil
	}
	for i, id := range done {
		if !d.chosen[i] && id != d.form[i] {
			return nil
		}
	}
	end := len(done)
	for end < len(d.form) && !d.chosen[end] && end-len(done) < limit {
		end++
	}
	return d.form[len(done):end]
}
