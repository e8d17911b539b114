package message

import "strings"

// readTag finds the tag of From or To, and no more: the proxy acts on nothing
// else in them.
func (m *Message) readTag(f *field) {
	v := m.head[f.val:f.valEnd]
	name := idNames[f.id]
	parts, err := splitNameAddr(v)
	if err != nil || v == "" {
		m.bad("Bad "+name, "%s is %q: want a name-addr or a URI", name, clip(v))
		return
	}
	tag, has := "", false
	for p := range params(parts.params) {
		if strings.EqualFold(p.Name, "tag") {
			tag, has = p.Value, true
			break
		}
	}
	if f.id == idFrom {
		m.fromTag, m.readable = tag, m.readable|readFrom
		return
	}
	m.toTag, m.hasToTag, m.readable = tag, has, m.readable|readTo
}
