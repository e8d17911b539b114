package edge

import (
	"net/netip"
	"strings"
	"unicode/utf8"

	"go.opentelemetry.io/otel/attribute"

	"github.com/redirectd/redirectd/internal/callrecord"
)

// TracingConfig says what the spans of calls show. Where they go is not the edge's
// business: whoever starts it gives it a tracer.
type TracingConfig struct {
	// Redact says what is masked, as in call records. Default
	// [callrecord.RedactNone].
	Redact callrecord.Redact
}

// maxTraced is how many bytes of a text stand in a span.
const maxTraced = 512

// traced makes texts ready for a span.
type traced struct{ redact bool }

func (e *Edge) traced() traced {
	return traced{redact: e.cfg.Tracing.Redact == callrecord.RedactUsers}
}

// text is an attribute whose value somebody else may have written.
type text struct{ key, value string }

// texts returns attributes of those that are not empty.
func (r traced) texts(all ...text) []attribute.KeyValue {
	attrs := make([]attribute.KeyValue, 0, len(all)+6) // with room for what comes after
	for _, t := range all {
		if t.value != "" {
			attrs = append(attrs, attribute.String(t.key, r.text(t.value)))
		}
	}
	return attrs
}

func (r traced) text(s string) string {
	if r.redact {
		s = callrecord.RedactText(s)
	}
	return bounded(s)
}

func (r traced) uri(s string) string {
	if r.redact {
		s = callrecord.RedactURI(s)
	}
	return bounded(s)
}

func (r traced) each(of func(string) string, all []string) []string {
	texts := make([]string, len(all))
	for i, s := range all {
		texts[i] = of(s)
	}
	return texts
}

// peer returns the other side, by the names that OpenTelemetry has for it.
func (r traced) peer(addr netip.AddrPort) []attribute.KeyValue {
	return []attribute.KeyValue{
		attribute.String("network.peer.address", addr.Addr().String()), attribute.Int("network.peer.port", int(addr.Port())),
	}
}

// bounded cuts a text at a rune, after it was masked: half of a user part would
// not be known as one. What is not UTF-8 could not be sent, nor all else with it.
func bounded(s string) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	if len(s) <= maxTraced {
		return s
	}
	end := maxTraced - len("…")
	for !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end] + "…"
}
