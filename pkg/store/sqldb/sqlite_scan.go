package sqldb

import (
	"database/sql/driver"
	"fmt"
	"reflect"
)

// scan copies the columns of a row. A column has the type that its table gives
// it; a value of another type is one that nobody wrote who knows this program.
func scan(row []driver.Value, into []any) error {
	if len(row) != len(into) {
		return &misfitError{fmt.Sprintf("%d columns for %d places", len(row), len(into))}
	}
	for i, value := range row {
		if !assign(into[i], value) {
			return &misfitError{fmt.Sprintf("column %d is a %T where a %T is wanted", i+1, value, into[i])}
		}
	}
	return nil
}

// misfitError tells of a row that nobody wrote who knows this program.
type misfitError struct{ how string }

func (e *misfitError) Error() string { return e.how }

func assign(into any, value driver.Value) bool {
	var ok bool
	switch p := into.(type) {
	case *string:
		*p, ok = value.(string)
	case *int64:
		*p, ok = value.(int64)
	case *[]byte:
		*p, ok = value.([]byte)
		ok = ok || value == nil
	case **string:
		*p, ok = nil, value == nil
		if s, text := value.(string); text {
			*p, ok = &s, true
		}
	default:
		return assignNamed(into, value)
	}
	return ok
}

// assignNamed serves types that are texts with a name.
func assignNamed(into any, value driver.Value) bool {
	p := reflect.ValueOf(into)
	text, ok := value.(string)
	if !ok || p.Kind() != reflect.Pointer || p.Elem().Kind() != reflect.String {
		return false
	}
	p.Elem().SetString(text)
	return true
}
