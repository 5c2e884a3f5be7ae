package component

import (
	"github.com/kubeflow/pipelines/backend/src/common/util"
)

// Use is what the importing package calls.
func Use() {
	util.Use()
}
