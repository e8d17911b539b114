package pseudonym

import (
	"crypto/sha256"
	"encoding/binary"
)

// rounds of the Feistel network. Eight make it a strong pseudorandom permutation
// as far as anybody knows (NIST SP 800-38G has ten and eight).
const rounds = 10

// permute puts other values in the place of those of a shape.
//
// The permutation is of the values of all users with the same tweak: encrypted,
// moved on by a constant, and decrypted, so that no value stays where it is.
func (m *Mapper) permute(s *shape) {
	m.beyond(s)
	if len(s.value) == 0 {
		return
	}
	for i := range rounds {
		m.round(s, i, 1)
	}
	last := len(s.value) - 1
	by := 1 + m.stream(s, 255, nil, 1)[0]%(s.class[last].size-1)
	s.value[last] = (s.value[last] + by) % s.class[last].size
	for i := rounds - 1; i >= 0; i-- {
		m.round(s, i, -1)
	}
}

// round adds to one half of the values what the key makes of the other half, or
// takes it away again.
func (m *Mapper) round(s *shape, i, sign int) {
	half := len(s.value) / 2
	from, to, other := 0, half, s.value[half:]
	if i%2 == 1 {
		from, to, other = half, len(s.value), s.value[:half]
	}
	stream := m.stream(s, byte(i), other, to-from)
	for n := from; n < to; n++ {
		size := int(s.class[n].size)
		add := sign * (int(stream[n-from]) % size)
		s.value[n] = byte((int(s.value[n]) + add + size) % size)
	}
}

// beyond replaces letters beyond ASCII: there are too many kinds for each to have
// its like.
func (m *Mapper) beyond(s *shape) {
	if len(s.beyond) == 0 {
		return
	}
	const first, size = 'à', 'ö' - 'à' + 1 // lower case, all of them
	for i, b := range m.stream(s, 254, s.value, len(s.beyond)) {
		at := s.beyond[i]
		r := first + rune(b)%size
		if r == s.runes[at] {
			r = first + (r-first+1)%size
		}
		s.runes[at] = r
	}
}

// stream returns n bytes that the key makes of a tweak, a number and some data.
func (m *Mapper) stream(s *shape, number byte, data []byte, n int) []byte {
	out := make([]byte, 0, n+sha256.Size)
	for block := uint32(0); len(out) < n; block++ {
		m.mac.Reset()
		var head [9]byte
		binary.BigEndian.PutUint32(head[:4], uint32(len(s.tweak)))
		binary.BigEndian.PutUint32(head[4:8], block)
		head[8] = number
		_, _ = m.mac.Write(head[:]) // a hash takes everything
		_, _ = m.mac.Write([]byte(s.tweak))
		_, _ = m.mac.Write(data)
		out = m.mac.Sum(out)
	}
	return out[:n]
}
