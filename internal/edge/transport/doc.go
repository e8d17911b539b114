// Package transport is the transport layer of RFC 3261 section 18: the sockets
// that the edge listens on, the connections it accepts and makes, and the
// cutting of what they carry into messages.
//
// A [Set] binds every listener. What arrives goes to one [Receiver], on the
// goroutine that read it. What leaves goes through a [Flow], which never
// blocks: a datagram is handed to the kernel, bytes for a stream are copied to
// a bounded queue with one writer.
//
// TLS follows RFC 5922: who a peer is stands in identity.go, how that is verified in
// tls.go, and credentials.go reads the files again when they change. WebSocket
// (RFC 7118) is upgrade.go and websocket.go; its framing is gobwas/ws's.
//
// What peers can make the package hold is bounded: nothing is kept per UDP
// source, connections are counted in all and by source, and each has one
// buffer of at most twice [message.MaxSize] bytes, one queue, and deadlines for
// its handshake, for silence, for half a message and for writing. Every goroutine belongs to the
// Set and has ended when [Set.Shutdown] returns.
package transport
