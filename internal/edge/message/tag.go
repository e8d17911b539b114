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
		if v != "" { // an answer copies it as it is (RFC 4475 section 3.1.2.6)
			m.readable |= readableTag(f.id)
		}
		return
	}
	tag, has := "", false
	for p := range params(parts.params) {
		if strings.EqualFold(p.Name, "tag") {
			tag, has = p.Value, true
			break
		}
	}
	m.readable |= readableTag(f.id)
	if f.id == idFrom {
		m.fromTag = tag
		return
	}
	m.toTag, m.hasToTag = tag, has
}

func readableTag(id headerID) readable {
	if id == idFrom {
		return readFrom
	}
	return readTo
}
