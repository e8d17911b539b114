package policyhttp

import (
	"context"
	"errors"
	"io"
	"net/http"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"connectrpc.com/connect"

	"github.com/redirectd/redirectd/internal/next"
)

// serveNext answers POST /v1/next.
func (s *Server) serveNext(w http.ResponseWriter, r *http.Request) {
	question, err := formOf(r)
	form := answerForm(r, question)
	var answer *next.Answer
	if err == nil {
		answer, err = s.answerNext(r, question)
	}
	if err != nil {
		s.refuse(w, r, form, err)
		return
	}
	s.respond(w, form, http.StatusOK, answer)
}

func (s *Server) answerNext(r *http.Request, is form) (*next.Answer, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	f := fields{}
	f.addAll(r.URL.Query())
	if err := f.read(is, body); err != nil {
		return nil, err
	}
	q, err := f.question()
	if err != nil {
		return nil, err
	}
	return s.next.Next(r.Context(), q)
}

// refuse says why there is no answer. What is wrong here is for the log.
func (s *Server) refuse(w http.ResponseWriter, r *http.Request, is form, err error) {
	if tooBig, ok := errors.AsType[*http.MaxBytesError](err); ok {
		err = status.Errorf(codes.ResourceExhausted, "the body has more than %d bytes", tooBig.Limit)
	}
	code, text := codes.Internal, "there is no decision; the log of redirectd says why"
	if st, ok := status.FromError(err); ok {
		code, text = st.Code(), st.Message()
	} else if wrong, ok := errors.AsType[*next.Error](err); ok {
		code, text = codes.InvalidArgument, wrong.Error()
	} else if r.Context().Err() != nil { // nobody listens
		code, text = codes.Canceled, context.Cause(r.Context()).Error()
	} else {
		s.logger.ErrorContext(r.Context(), "no answer", "path", r.URL.Path, "error", err)
	}
	s.respond(w, is, httpStatus(code), &problem{connect.Code(code).String(), text})
}

// httpStatus is what the Connect protocol has for a code.
func httpStatus(code codes.Code) int {
	switch code {
	case codes.InvalidArgument, codes.FailedPrecondition, codes.OutOfRange:
		return http.StatusBadRequest
	case codes.ResourceExhausted:
		return http.StatusTooManyRequests
	case codes.Unavailable:
		return http.StatusServiceUnavailable
	case codes.DeadlineExceeded:
		return http.StatusGatewayTimeout
	case codes.Canceled:
		return 499
	default:
		return http.StatusInternalServerError
	}
}

func (s *Server) respond(w http.ResponseWriter, is form, status int, v any) {
	b, err := write(is, v)
	if err != nil {
		s.logger.Error("answer", "error", err)
		status = http.StatusInternalServerError
	}
	w.Header().Set("Content-Type", string(is))
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = w.Write(b) // an error means that the client has gone
}
