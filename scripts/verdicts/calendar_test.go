package main

import (
	"strings"
	"testing"
	"time"
)

func moment(t *testing.T, s string) instant {
	t.Helper()
	at, err := time.Parse("2006-01-02T15:04:05", s)
	if err != nil {
		t.Fatal(err)
	}
	return instant(at.UnixMilli())
}

// TestForexHours: the instants of reference/trading.md §5, and those around them.
func TestForexHours(t *testing.T) {
	for at, want := range map[string]bool{
		"2025-11-14T21:59:59": true, "2025-11-14T22:00:00": false, "2025-11-16T21:59:59": false, "2025-11-16T22:00:00": true,
		"2026-07-10T20:59:59": true, "2026-07-10T21:00:00": false, "2026-07-12T21:00:00": true, "2026-07-12T20:59:59": false, "2026-07-11T12:00:00": false,
		"2026-03-08T20:59:59": false, "2026-03-08T21:00:00": true, // the clocks were set that morning
		"2025-12-25T04:59:59": true, "2025-12-25T05:00:00": false, "2025-12-26T12:00:00": false, "2025-12-27T05:00:00": false,
		"2027-01-01T12:00:00": false, "2026-12-25T12:00:00": false, "2026-12-28T12:00:00": true, // Boxing Day on a Saturday, kept on Friday
		"2027-12-24T12:00:00": false, "2027-12-27T12:00:00": false, "2027-12-31T12:00:00": false, // New Year of 2028 on a Saturday
		"2028-04-14T12:00:00": false, "2025-04-18T12:00:00": false, "2025-04-21T12:00:00": true, // Good Friday, and the Monday after
	} {
		if got, err := open("forex", moment(t, at)); got != want || err != nil {
			t.Errorf("%s: open is %t, %v", at, got, err)
		}
	}
	if _, err := open("forex", moment(t, "1986-12-31T12:00:00")); err == nil {
		t.Error("the clock of 1986 is known")
	}
	if _, err := open("equities", 0); err == nil {
		t.Error("the sessions of equities are known")
	}
	for class, want := range map[string]bool{"crypto": true, "indices": false} {
		if got, err := open(class, moment(t, "2026-03-07T12:00:00")); got != want || err != nil {
			t.Errorf("%s: open is %t, %v", class, got, err)
		}
	}
}

func TestHolidays(t *testing.T) {
	for year, want := range map[int]string{
		2024: "01-01 03-29 12-25 12-26", 2025: "01-01 04-18 12-25 12-26", 2026: "01-01 04-03 12-25", 2027: "01-01 03-26 12-24 12-27 12-31",
		2028: "04-14 12-25 12-26", 2029: "01-01 03-30 12-25 12-26", 2030: "01-01 04-19 12-25 12-26", 2031: "01-01 04-11 12-25 12-26",
	} {
		var got []string
		for d := time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC); d.Year() == year; d = d.AddDate(0, 0, 1) {
			if forexHoliday(d) {
				got = append(got, d.Format("01-02"))
			}
		}
		if s := strings.Join(got, " "); s != want {
			t.Errorf("%d: %s, want %s", year, s, want)
		}
	}
}

// TestNewYork compares with the machine's time zones, where it has them.
func TestNewYork(t *testing.T) {
	zone, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Skip("SKIPPED: no time zones on this machine: ", err)
	}
	for at := moment(t, "1987-01-02T00:00:00"); at < moment(t, "2040-01-01T00:00:00"); at += 13 * hour / 2 {
		got, err := newYork(at)
		if want := time.UnixMilli(int64(at)).In(zone).Format(time.DateTime); err != nil || got.Format(time.DateTime) != want {
			t.Fatalf("%s: %s, want %s, %v", at, got, want, err)
		}
	}
}

func TestCarryUnits(t *testing.T) {
	for at, want := range map[string][2]int64{ // of crypto and of forex
		"2026-03-09T21:00:00": {0, 1}, "2026-03-10T21:00:00": {0, 1}, "2026-03-11T21:00:00": {0, 3}, "2026-03-12T21:00:00": {0, 1}, "2026-03-13T21:00:00": {0, 1},
		"2026-03-14T21:00:00": {0, 0}, "2026-03-15T21:00:00": {0, 0}, "2026-03-14T04:00:00": {1, 0}, "2026-03-14T12:00:00": {1, 0}, "2026-03-14T20:00:00": {1, 0},
		"2026-03-14T20:00:01": {0, 0}, "2026-03-14T08:00:00": {0, 0}, "2026-03-11T20:00:00": {1, 0},
	} {
		for i, class := range []string{"crypto", "forex"} {
			if got := carryUnits(class, moment(t, at)); got != want[i] {
				t.Errorf("%s of %s: %d units, want %d", at, class, got, want[i])
			}
		}
	}
}
