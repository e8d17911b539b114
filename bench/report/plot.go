package report

import (
	"encoding/xml"
	"fmt"
	"math"
	"strings"
)

// The measures of the plot, in pixels.
const (
	plotWidth  = 900
	labelWidth = 250
	barsWidth  = 540
	barHeight  = 16
	titleSpace = 74
)

// Plot is the CPU of calls by work and system, as SVG: the policy's behind the
// edge's.
func Plot(all []Result, title string) string {
	var bars []*Group
	most := 0.0
	for _, g := range Groups(all) {
		if g.Kind == Calls && g.System != None && g.Value(totalCPU).Known {
			bars = append(bars, g)
			most = max(most, g.Value(totalCPU).Number)
		}
	}
	var b strings.Builder
	y := titleSpace
	last := ""
	for _, g := range bars {
		if work := fmt.Sprintf("%s, %d calls/s", g.Work, g.Rate); work != last {
			y += 26
			text(&b, 10, y-7, `font-weight="bold"`, work)
			last = work
		}
		bar(&b, g, y, most)
		y += barHeight + 4
	}
	axis(&b, y+8, most)
	return fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" font-family="DejaVu Sans, Helvetica, sans-serif" font-size="12">`+"\n"+
		`<rect width="100%%" height="100%%" fill="white"/>`+"\n%s%s%s</svg>\n", plotWidth, y+50, heading(title), legend(), b.String())
}

func heading(title string) string {
	var b strings.Builder
	text(&b, 10, 22, `font-size="15" font-weight="bold"`, "CPU seconds for 1,000 calls, medians (!: calls were lost or repeated)")
	text(&b, 10, 42, `fill="#555"`, title)
	return b.String()
}

// legend names the colours.
func legend() string {
	var b strings.Builder
	for i, entry := range []struct{ name, colour string }{{"sipedge", colourOf(Sipedge)}, {"kamailio", colourOf(Kamailio)}, {"floor", colourOf(Floor)}, {"their policy", policyColour}} {
		x := 10 + 130*i
		fmt.Fprintf(&b, `<rect x="%d" y="54" width="12" height="12" fill="%s"/>`+"\n", x, entry.colour)
		text(&b, x+17, 64, "", entry.name)
	}
	return b.String()
}

const policyColour = "#d9a441"

func colourOf(system string) string {
	switch {
	case strings.HasPrefix(system, Sipedge):
		return "#2f6db3"
	case strings.HasPrefix(system, Kamailio):
		return "#888888"
	}
	return "#bbbbbb"
}

func bar(b *strings.Builder, g *Group, y int, most float64) {
	text(b, labelWidth-8, y+12, `text-anchor="end"`, g.System)
	edge := g.Value(edgeCPU).Number / most * barsWidth
	policy := g.Value(policyCPU).Number / most * barsWidth
	fmt.Fprintf(b, `<rect x="%d" y="%d" width="%.1f" height="%d" fill="%s"/>`+"\n", labelWidth, y, edge, barHeight, colourOf(g.System))
	if policy > 0 {
		fmt.Fprintf(b, `<rect x="%.1f" y="%d" width="%.1f" height="%d" fill="%s"/>`+"\n", labelWidth+edge, y, policy, barHeight, policyColour)
	}
	text(b, labelWidth+int(edge+policy)+6, y+12, "", g.Value(totalCPU).text("%.3f"))
}

// axis is below the bars.
func axis(b *strings.Builder, y int, most float64) {
	if most == 0 {
		text(b, 10, y, "", "Not measured.")
		return
	}
	fmt.Fprintf(b, `<line x1="%d" y1="%d" x2="%d" y2="%d" stroke="#555"/>`+"\n", labelWidth, y, labelWidth+barsWidth, y)
	step := math.Pow(10, math.Floor(math.Log10(most)))
	if most/step < 3 {
		step /= 4
	}
	for v := 0.0; v <= most*1.001; v += step {
		x := labelWidth + int(v/most*barsWidth)
		fmt.Fprintf(b, `<line x1="%d" y1="%d" x2="%d" y2="%d" stroke="#555"/>`+"\n", x, y, x, y+4)
		text(b, x, y+18, `text-anchor="middle"`, fmt.Sprintf("%g", math.Round(v*1e4)/1e4))
	}
	text(b, labelWidth+barsWidth/2, y+36, `text-anchor="middle"`, "CPU seconds for 1,000 calls")
}

func text(b *strings.Builder, x, y int, attributes, content string) {
	fmt.Fprintf(b, `<text x="%d" y="%d" %s>`, x, y, attributes)
	_ = xml.EscapeText(b, []byte(content)) // a Builder takes everything
	b.WriteString("</text>\n")
}
