package main

import (
	"github.com/kubeflow/pipelines/backend/src/apiserver/server"
)

func main() {
	server.Use()
}
