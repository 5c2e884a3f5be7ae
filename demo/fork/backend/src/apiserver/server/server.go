package server

import (
	"github.com/kubeflow/pipelines/backend/src/common/util"
	"github.com/kubeflow/pipelines/backend/src/v2/expression"
)

// Use is what the importing package calls.
func Use() {
	util.Use()
	expression.Use()
}
