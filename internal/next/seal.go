package next

import (
	"bytes"
	"compress/flate"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"
)

const (
	// Version of what a token holds: a token of another one is refused.
	tokenPrefix = "v1."
	// MaxToken is how long a token may be, in bytes.
	MaxToken = 32 << 10
	// TokenLife is how long a token counts. The longest answer_timeout is ten
	// minutes.
	TokenLife = 15 * time.Minute

	maxOpened = 512 << 10 // of what is in a token; its parts are bounded by the contract
	macLen    = 16
	timeLen   = 8
)

// Sealer makes tokens and opens them. It is safe for concurrent use.
type Sealer struct{ keys [][]byte }

// NewSealer returns a sealer that signs with the first of several secrets and accepts
// what any of them signed. Without secrets it makes one of its own, which no other
// process has.
func NewSealer(secrets [][]byte) *Sealer {
	if len(secrets) == 0 {
		key := make([]byte, 32)
		_, _ = rand.Read(key) // never fails, by its documentation
		secrets = [][]byte{key}
	}
	s := &Sealer{}
	for _, secret := range secrets {
		// A secret may serve something else too: what is signed here is signed with a
		// key of its own.
		h := hmac.New(sha256.New, secret)
		h.Write([]byte("redirectd next token"))
		s.keys = append(s.keys, h.Sum(nil))
	}
	return s
}

// Why a token does not count.
var (
	errForeign = errors.New("it was not made here, or was changed (do all replicas have the same --http-secrets?)")
	errVersion = errors.New("want one that begins with " + tokenPrefix + ", the version that is known here")
)

// seal makes a token of a text, good until then.
func (s *Sealer) seal(content []byte, until time.Time) (string, error) {
	b := binary.BigEndian.AppendUint64(nil, uint64(until.Unix()))
	b, err := deflate(b, content)
	if err != nil {
		return "", err
	}
	b = append(b, sum(s.keys[0], b)...)
	token := tokenPrefix + base64.RawURLEncoding.EncodeToString(b)
	if len(token) > MaxToken {
		return "", fmt.Errorf("the token would have %d bytes, more than %d: what is remembered of the call is too long", len(token), MaxToken)
	}
	return token, nil
}

// open returns the text that a token was made of.
func (s *Sealer) open(token string, now time.Time) ([]byte, error) {
	if len(token) > MaxToken {
		return nil, fmt.Errorf("it has %d bytes, more than %d", len(token), MaxToken)
	}
	text, ok := strings.CutPrefix(token, tokenPrefix)
	if !ok {
		return nil, errVersion
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || len(b) < timeLen+macLen {
		return nil, errForeign
	}
	b, mac := b[:len(b)-macLen], b[len(b)-macLen:]
	if !slices.ContainsFunc(s.keys, func(key []byte) bool { return hmac.Equal(sum(key, b), mac) }) {
		return nil, errForeign
	}
	if until := time.Unix(int64(binary.BigEndian.Uint64(b)), 0); !now.Before(until) {
		return nil, fmt.Errorf("it has expired %s ago: it counts for %s", now.Sub(until).Round(time.Second), TokenLife)
	}
	return io.ReadAll(io.LimitReader(flate.NewReader(bytes.NewReader(b[timeLen:])), maxOpened))
}

func sum(key, b []byte) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(tokenPrefix))
	h.Write(b)
	return h.Sum(nil)[:macLen]
}

// A writer has tables of some hundred kilobytes.
var deflaters = sync.Pool{New: func() any {
	w, _ := flate.NewWriter(nil, flate.DefaultCompression) // fails for unknown levels only
	return w
}}

func deflate(to, content []byte) ([]byte, error) {
	buf := bytes.NewBuffer(to)
	w := deflaters.Get().(*flate.Writer)
	defer deflaters.Put(w)
	w.Reset(buf)
	if _, err := w.Write(content); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return buf.Bytes(), nil
}
