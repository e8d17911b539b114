package canary

import "time"

// slots is how many parts a window has: it moves on by one of them.
const slots = 10

// counts are what came of questions.
type counts struct{ questions, errors, slow int }

// window counts what happened lately.
type window struct {
	began time.Time
	slot  time.Duration
	at    int64 // the newest part, since began
	parts [slots]counts
}

func (w *window) add(now time.Time, c counts) {
	at := int64(now.Sub(w.began) / w.slot)
	for n := min(at-w.at, slots); n > 0; n-- { // empty what comes round again
		w.parts[(at-n+1)%slots] = counts{}
	}
	w.at = max(w.at, at)
	p := &w.parts[w.at%slots]
	p.questions += c.questions
	p.errors += c.errors
	p.slow += c.slow
}

func (w *window) sum() (all counts) {
	for _, p := range w.parts {
		all.questions += p.questions
		all.errors += p.errors
		all.slow += p.slow
	}
	return all
}
