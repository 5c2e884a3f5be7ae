package main

import (
	"github.com/kubeflow/pipelines/backend/src/common/util"
)

func main() {
	util.Use()
}
