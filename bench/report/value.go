package report

import (
	"fmt"
	"strings"
)

// Value is a figure of a table.
type Value struct {
	Number float64
	Known  bool
	Marked bool // comes of runs that lost or repeated something
}

// text formats a value; "-" if it was not measured, "!" after it if it is marked.
func (v Value) text(format string) string {
	switch {
	case !v.Known:
		return "-"
	case v.Marked:
		return fmt.Sprintf(format, v.Number) + "!"
	}
	return fmt.Sprintf(format, v.Number)
}

// scaled returns the value in another unit.
func (v Value) scaled(by float64) Value {
	v.Number *= by
	return v
}

// minus is a difference, as far as both are known.
func (v Value) minus(other Value) Value {
	return Value{v.Number - other.Number, v.Known && other.Known, v.Marked || other.Marked}
}

// table is a Markdown table; the columns are as wide as their widest cell.
type table struct{ rows [][]string }

func (t *table) add(cells ...string) { t.rows = append(t.rows, cells) }

func (t *table) String() string {
	if len(t.rows) < 2 {
		return "Not measured.\n"
	}
	width := make([]int, len(t.rows[0]))
	for _, row := range t.rows {
		for i, cell := range row {
			width[i] = max(width[i], len([]rune(cell)))
		}
	}
	var b strings.Builder
	for n, row := range t.rows {
		b.WriteByte('|')
		for i, cell := range row {
			pad := strings.Repeat(" ", width[i]-len([]rune(cell)))
			if i == 0 || n == 0 {
				b.WriteString(" " + cell + pad + " |")
			} else {
				b.WriteString(" " + pad + cell + " |")
			}
		}
		b.WriteByte('\n')
		if n == 0 {
			b.WriteString(rule(width))
		}
	}
	return b.String()
}

// rule is the line below the head: figures are set to the right.
func rule(width []int) string {
	var b strings.Builder
	b.WriteByte('|')
	for i, w := range width {
		if i == 0 {
			b.WriteString(strings.Repeat("-", w+2) + "|")
		} else {
			b.WriteString(strings.Repeat("-", w+1) + ":|")
		}
	}
	b.WriteByte('\n')
	return b.String()
}
