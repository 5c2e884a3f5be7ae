#!/usr/bin/env bash
# github.com/robfig/cron/v3 3.0.1 (Kubernetes' CronJob with `timeZone`, Argo's CronWorkflow with `timezone`), seen 2026-11-28
#
# In the night when clocks go back, a schedule for the hour that comes twice runs twice: `30 1 * * *` in New York at 01:30 in summer time and an hour later at
# 01:30 again, and so does each hour of `0 0-6 * * *` that comes twice; in the night when they go forward, `30 2 * * *` runs not at all, and the next is a day
# later. Debian's cron runs both once, by its manual: the one not again, the other soon after the change. The package's documentation says that it leaves out
# the hour that there is not, and nothing of the one that there is twice. A good engineer sets `timeZone` so that a nightly build, a release or a
# clean-up is once a day, as it was by the crontab that the line came from. UTC, or a time after three, has no such night.
# Needs Go. Exit 0: as described; 1: behaves otherwise now.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
printf 'module finding\n\ngo 1.24\n' >go.mod
cat >main.go <<'GO'
package main

import (
	"fmt"
	"time"
	_ "time/tzdata"

	"github.com/robfig/cron/v3"
)

func main() {
	location, err := time.LoadLocation("America/New_York")
	if err != nil {
		panic(err)
	}
	days := []struct {
		name string
		from time.Time
	}{
		{"an ordinary night", time.Date(2026, 11, 9, 12, 0, 0, 0, location)},
		{"clocks go back", time.Date(2026, 10, 31, 12, 0, 0, 0, location)},
		{"clocks go forward", time.Date(2026, 3, 7, 12, 0, 0, 0, location)},
	}
	for _, spec := range []string{"30 1 * * *", "30 2 * * *"} {
		schedule, err := cron.ParseStandard(spec)
		if err != nil {
			panic(err)
		}
		for _, day := range days {
			fmt.Printf("%s, %s:", spec, day.name)
			end := time.Date(day.from.Year(), day.from.Month(), day.from.Day()+1, 12, 0, 0, 0, location)
			count := 0
			for at := schedule.Next(day.from); at.Before(end); at = schedule.Next(at) {
				fmt.Print(" ", at.Format("15:04 MST"))
				count++
			}
			fmt.Printf(" (%d)\n", count)
		}
	}
}
GO
go get github.com/robfig/cron/v3@v3.0.1 2>/dev/null
go run . | tee seen
cmp seen - <<'SEEN'
30 1 * * *, an ordinary night: 01:30 EST (1)
30 1 * * *, clocks go back: 01:30 EDT 01:30 EST (2)
30 1 * * *, clocks go forward: 01:30 EST (1)
30 2 * * *, an ordinary night: 02:30 EST (1)
30 2 * * *, clocks go back: 02:30 EST (1)
30 2 * * *, clocks go forward: (0)
SEEN
echo 'as seen'
