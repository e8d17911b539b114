package demo

// canvas is one line of a ladder: pieces are put on top of each other.
type canvas struct {
	runes  []rune
	styles []style
}

func newCanvas() *canvas {
	c := &canvas{runes: make([]rune, width), styles: make([]style, width)}
	for i := range c.runes {
		c.runes[i] = ' '
	}
	return c
}

// put writes a text from column x on. What does not fit is cut.
func (c *canvas) put(x int, text string, st style) {
	if x < 0 || x >= width {
		return
	}
	for i, r := range []rune(cut(text, width-x)) {
		c.runes[x+i], c.styles[x+i] = r, st
	}
}

// spans returns the line in as few pieces as its styles allow.
func (c *canvas) spans() []span {
	var spans []span
	begin := 0
	for i := 1; i <= width; i++ {
		if i == width || c.styles[i] != c.styles[begin] {
			spans = append(spans, span{string(c.runes[begin:i]), c.styles[begin]})
			begin = i
		}
	}
	return spans
}
