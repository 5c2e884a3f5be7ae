#!/usr/bin/env bash
# github.com/robfig/cron 1.2.0 (what the API server and the controller of Kubeflow Pipelines read a recurring run's `cron` with, as of its 2.17) and
# github.com/robfig/cron/v3 3.0.1 (Kubernetes' CronJob, Argo's CronWorkflow) to compare, seen 2026-11-28
#
# Kubeflow Pipelines wants six fields, seconds first, and takes five: the one that may be left out is the last, the day of the week. So a crontab's
# `0 9 * * 1`, Mondays at nine, is accepted and means "in January, each day, nine minutes past each hour": no run until then, and 744 in that month.
# `30 2 * * *` is each hour at 2 minutes and 30 seconds. Only where a number is out of a field's range it is refused (`0 0 * * 0`: there is no month 0).
# A good engineer who knows of six fields expects five to be refused, and one who doesn't expects a crontab; the same five fields
# are one in the CronJob and the CronWorkflow beside it. Write six fields.
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

	one "github.com/robfig/cron"
	three "github.com/robfig/cron/v3"
)

func main() {
	for _, spec := range []string{"0 9 * * 1", "30 2 * * *", "0 0 * * 0", "0 0 9 * * 1"} {
		next := func(parser string, schedule interface{ Next(time.Time) time.Time }, err error) {
			fmt.Printf("%-12s %-10s", spec, parser)
			if err != nil {
				fmt.Println(" refused")
				return
			}
			at, count, end := time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC), 0, time.Date(2027, 2, 1, 0, 0, 0, 0, time.UTC)
			first := schedule.Next(at)
			for at = first; at.Before(end); at = schedule.Next(at) {
				count++
			}
			fmt.Printf(" first %s, %d until February\n", first.Format("Mon 2006-01-02 15:04:05"), count)
		}
		old, err := one.Parse(spec)
		next("Kubeflow:", old, err)
		standard, err := three.ParseStandard(spec)
		next("CronJob:", standard, err)
	}
}
GO
go get github.com/robfig/cron@v1.2.0 github.com/robfig/cron/v3@v3.0.1 2>/dev/null
go run . | tee seen
cmp seen - <<'SEEN'
0 9 * * 1    Kubeflow:  first Fri 2027-01-01 00:09:00, 744 until February
0 9 * * 1    CronJob:   first Mon 2026-11-30 09:00:00, 9 until February
30 2 * * *   Kubeflow:  first Sat 2026-11-28 12:02:30, 1548 until February
30 2 * * *   CronJob:   first Sun 2026-11-29 02:30:00, 64 until February
0 0 * * 0    Kubeflow:  refused
0 0 * * 0    CronJob:   first Sun 2026-11-29 00:00:00, 10 until February
0 0 9 * * 1  Kubeflow:  first Mon 2026-11-30 09:00:00, 9 until February
0 0 9 * * 1  CronJob:   refused
SEEN
echo 'as seen'
