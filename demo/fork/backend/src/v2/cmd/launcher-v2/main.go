package main

import (
	"github.com/kubeflow/pipelines/backend/src/v2/component"
)

func main() {
	component.Use()
}
