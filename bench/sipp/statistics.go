package sipp

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
)

// Statistics are SIPp's totals of a load.
type Statistics struct {
	Created, OK, Failed, Retransmissions int

	Rate float64 // calls/s, until the last call was over
}

// Read reads what a SIPp has left in its directory.
func Read(dir string) (Statistics, error) {
	file, err := os.Open(filepath.Join(dir, statistics))
	if err != nil {
		return Statistics{}, fmt.Errorf("statistics of sipp: %w", err)
	}
	defer func() { _ = file.Close() }() // was only read
	s, err := parse(file)
	if err != nil {
		return s, fmt.Errorf("statistics of sipp: %w", err)
	}
	return s, nil
}

// parse takes the last line: (C) columns are cumulative.
func parse(r io.Reader) (Statistics, error) {
	reader := csv.NewReader(r)
	reader.Comma, reader.FieldsPerRecord, reader.LazyQuotes = ';', -1, true
	rows, err := reader.ReadAll()
	if err != nil {
		return Statistics{}, err
	}
	if len(rows) < 2 {
		return Statistics{}, errors.New("no line of figures")
	}
	var s Statistics
	last := rows[len(rows)-1]
	for name, value := range map[string]*int{
		"TotalCallCreated": &s.Created, "SuccessfulCall(C)": &s.OK, "FailedCall(C)": &s.Failed, "Retransmissions(C)": &s.Retransmissions,
	} {
		text, err := column(rows[0], last, name)
		if err != nil {
			return Statistics{}, err
		}
		if *value, err = strconv.Atoi(text); err != nil {
			return Statistics{}, fmt.Errorf("%s: %w", name, err)
		}
	}
	text, err := column(rows[0], last, "CallRate(C)")
	if err != nil {
		return Statistics{}, err
	}
	s.Rate, err = strconv.ParseFloat(text, 64)
	return s, err
}

func column(head, row []string, name string) (string, error) {
	for i, h := range head {
		if h == name && i < len(row) {
			return row[i], nil
		}
	}
	return "", fmt.Errorf("no column %s", name)
}
