package responder

import (
	"bytes"
	"strconv"
)

// SDP is the body of INVITEs and their 200s.
const SDP = "v=0\r\no=u 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n" +
	"m=audio 6000 RTP/AVP 0 8 101\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\n" +
	"a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\na=sendrecv\r\n"

// copied are the headers of a request that its response repeats (RFC 3261 section 8.2.6).
var copied = [][]byte{[]byte("Via:"), []byte("From:"), []byte("Call-ID:"), []byte("CSeq:"), []byte("Record-Route:")}

// reply writes a response over b: what it repeats of the request, then extra, then the body.
func reply(b, request []byte, status, extra, body string) []byte {
	b = append(b[:0], "SIP/2.0 "...)
	b = append(b, status...)
	b = append(b, "\r\n"...)
	_, rest, _ := bytes.Cut(request, []byte("\n"))
	for {
		n := bytes.IndexByte(rest, '\n') + 1
		if n <= 2 {
			break
		}
		b = appendHeader(b, rest[:n])
		rest = rest[n:]
	}
	b = append(b, extra...)
	if body != "" {
		b = append(b, "Content-Type: application/sdp\r\n"...)
	}
	b = append(b, "Content-Length: "...)
	b = strconv.AppendInt(b, int64(len(body)), 10)
	b = append(b, "\r\n\r\n"...)
	return append(b, body...)
}

// appendHeader repeats a header where it is one to repeat, and gives To a tag.
func appendHeader(b, line []byte) []byte {
	if bytes.HasPrefix(line, []byte("To:")) {
		b = append(b, bytes.TrimRight(line, "\r\n")...)
		if !bytes.Contains(line, []byte(";tag=")) {
			b = append(b, ";tag=r1"...)
		}
		return append(b, "\r\n"...)
	}
	for _, name := range copied {
		if bytes.HasPrefix(line, name) {
			return append(b, line...)
		}
	}
	return b
}
