package message

import "slices"

// builder is the state of building a message, field by field. It has no
// reference to the Edit, which so can stay on its maker's stack.
type builder struct {
	splice
	popVia, popRoutes int // values still to remove
	contact           int // index of the next Contact value
}

// Bytes appends the changed message to dst. Without changes it is the message
// as received.
func (e *Edit) Bytes(dst []byte) []byte {
	m := e.m
	b := builder{splice: splice{dst: dst, raw: m.raw}, popVia: e.popVia, popRoutes: e.popRoutes}
	if e.hasURI && m.isRequest {
		b.drop(m.uriAt, m.uriAt+len(m.uri))
		b.dst = appendClean(b.dst, e.uri)
	}
	for i := range m.fields {
		e.field(&b, i, &m.fields[i])
	}
	b.copyTo(m.headersEnd)
	e.adds(&b, -1)
	if e.contentLength && !e.keepsContentLength() {
		b.dst = append(b.dst, "Content-Length: "...)
		b.number(len(m.raw) - m.bodyAt)
		b.dst = append(b.dst, "\r\n"...)
	}
	b.copyTo(len(m.raw))
	return b.dst
}

func (e *Edit) field(b *builder, i int, f *field) {
	if int(e.m.first[f.id]) == i+1 && f.id != idOther {
		b.copyTo(int(f.start))
		e.before(b, f.id)
	}
	if e.removed(f) {
		b.drop(int(f.start), int(f.end))
	} else {
		e.values(b, i, f)
	}
	if int(e.m.first[idVia]) == i+1 {
		b.copyTo(int(f.end))
		e.afterVia(b)
	}
	if e.n > 0 {
		e.adds(b, i)
	}
}

// before adds what stands before the first field of that id.
func (e *Edit) before(b *builder, id headerID) {
	switch id {
	case idVia:
		e.push(b, changeVia, idNames[idVia])
	case idRecordRoute:
		e.push(b, changeRecordRoute, idNames[idRecordRoute])
	case idRoute:
		e.newRoutes(b)
	}
}

// afterVia adds what the received message has no field of, near the top, where
// proxies look for it (7.3.1).
func (e *Edit) afterVia(b *builder) {
	if e.m.first[idRecordRoute] == 0 {
		e.push(b, changeRecordRoute, idNames[idRecordRoute])
	}
	if e.m.first[idRoute] == 0 {
		e.newRoutes(b)
	}
	if e.m.first[idMaxForwards] == 0 && e.setMF {
		b.dst = append(b.dst, "Max-Forwards: "...)
		b.number(e.maxForwards)
		b.dst = append(b.dst, "\r\n"...)
	}
}

// push adds fields so that the one pushed last is above.
func (e *Edit) push(b *builder, kind changeKind, name string) {
	for i := e.n - 1; i >= 0; i-- {
		if c := e.at(i); c.kind == kind {
			b.line(name, c.value)
		}
	}
}

func (e *Edit) newRoutes(b *builder) {
	if !e.setRoutes || len(e.routes) == 0 {
		return
	}
	b.dst = append(b.dst, "Route: "...)
	for i, uri := range e.routes {
		if i > 0 {
			b.dst = append(b.dst, ", "...)
		}
		b.dst = append(b.dst, '<')
		b.dst = appendClean(b.dst, uri)
		b.dst = append(b.dst, '>')
	}
	b.dst = append(b.dst, "\r\n"...)
}

// values edits the values of one field.
func (e *Edit) values(b *builder, i int, f *field) {
	switch f.id {
	case idVia:
		if b.popVia > 0 {
			b.popVia = e.pop(b, f, b.popVia)
		} else if int(e.m.first[idVia]) == i+1 && e.popVia == 0 && e.src.IsValid() {
			b.mark(e.m, e.src)
		}
	case idRoute:
		if e.setRoutes {
			b.drop(int(f.start), int(f.end))
		} else if b.popRoutes > 0 {
			b.popRoutes = e.pop(b, f, b.popRoutes)
		}
	case idMaxForwards:
		if e.setMF {
			b.drop(int(f.val), int(f.valEnd))
			b.number(e.maxForwards)
		}
	case idContact:
		if e.keepContacts {
			e.keep(b, f)
		}
	}
}

// pop removes the first n values of f, or the whole field if none is left, and
// returns how many are to be removed from the fields that follow.
func (e *Edit) pop(b *builder, f *field, n int) int {
	v, ok := e.m.firstValue(f)
	for ; ok && n > 0; n-- {
		v, ok = e.m.nextValue(f, v)
	}
	if !ok {
		b.drop(int(f.start), int(f.end))
		return n
	}
	b.drop(int(f.val), v.start)
	return n
}

// keep removes the contacts of f that were not chosen.
func (e *Edit) keep(b *builder, f *field) {
	from, kept, dropped := b.contact, 0, 0
	for v, ok := e.m.firstValue(f); ok; v, ok = e.m.nextValue(f, v) {
		if slices.Contains(e.contacts, b.contact) {
			kept++
		} else {
			dropped++
		}
		b.contact++
	}
	switch {
	case dropped == 0:
		return
	case kept == 0:
		b.drop(int(f.start), int(f.end))
		return
	}
	b.drop(int(f.val), int(f.valEnd))
	written := false
	for v, ok := e.m.firstValue(f); ok; v, ok = e.m.nextValue(f, v) {
		if slices.Contains(e.contacts, from) {
			if written {
				b.dst = append(b.dst, ", "...)
			}
			b.dst = append(b.dst, b.raw[v.start:v.end]...)
			written = true
		}
		from++
	}
}

// adds writes the fields that Add puts after the field with that index.
func (e *Edit) adds(b *builder, after int) {
	for i := range e.n {
		if c := e.at(i); c.kind == changeAdd && c.after == after {
			if after >= 0 {
				b.copyTo(int(e.m.fields[after].end))
			}
			b.line(c.name.long, c.value)
		}
	}
}

// keepsContentLength reports whether the new message has a Content-Length
// without being given one.
func (e *Edit) keepsContentLength() bool {
	for i := range e.n {
		if c := e.at(i); c.kind == changeAdd && c.name.id == idContentLength {
			return true
		}
	}
	i := e.m.first[idContentLength]
	return i != 0 && !e.removed(&e.m.fields[i-1])
}
