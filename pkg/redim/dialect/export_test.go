package dialect

// ParseData is the reader of the data files.
var ParseData = parseData //nolint:gochecknoglobals // a door for the test that compares it
