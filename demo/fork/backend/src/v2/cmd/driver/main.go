package main

import (
	"github.com/kubeflow/pipelines/backend/src/v2/driver"
)

func main() {
	driver.Use()
}
