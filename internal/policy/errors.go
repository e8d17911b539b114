package policy

import (
	"errors"
	"fmt"
)

// What keeps a policy from deciding. Both are errors of whoever asks, so that
// asking again does not help; match them with [errors.Is].
var (
	// ErrUnknownProfile: the call names a profile that the policy does not have.
	// Over gRPC it is FAILED_PRECONDITION.
	ErrUnknownProfile = errors.New("unknown profile")
	// ErrInvalidRequest: the request makes no sense; the error says which field.
	// Over gRPC it is INVALID_ARGUMENT.
	ErrInvalidRequest = errors.New("invalid request")
)

// ListsError is what is wrong in a configuration, with the list files that it names:
// it may be good once those are.
type ListsError struct {
	Files []string
	err   error
}

// Error says what is wrong, one problem per line.
func (e *ListsError) Error() string { return e.err.Error() }

// Unwrap returns the error without the files.
func (e *ListsError) Unwrap() error { return e.err }

// What is wrong with the value of a header field.
var (
	errLongValue = errors.New("the value is longer than 8 KiB")
	errControl   = errors.New("the value has a control character")
)

func invalid(format string, args ...any) error {
	return fmt.Errorf("%w: %w", ErrInvalidRequest, fmt.Errorf(format, args...))
}
