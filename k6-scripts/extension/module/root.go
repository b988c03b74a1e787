// Package module is the JavaScript module k6/x/sse: the script API of xk6-sse, and what its parameters can do beyond it.
package module

import (
	"errors"

	"github.com/grafana/sobek"
	"go.k6.io/k6/js/common"
	"go.k6.io/k6/js/modules"
)

// Version is that of sse-harness; scripts tell by it which module they run on.
const Version = "0.1.0"

func init() {
	modules.Register("k6/x/sse", new(Root))
}

// Root makes an instance for each virtual user.
type Root struct{}

// Instance is one virtual user's module.
type Instance struct {
	vu      modules.VU
	exports *sobek.Object
	metrics *metricSet
}

var (
	_ modules.Module   = &Root{}
	_ modules.Instance = &Instance{}
)

// NewModuleInstance is called once for each virtual user.
func (*Root) NewModuleInstance(vu modules.VU) modules.Instance {
	rt := vu.Runtime()
	instance := &Instance{vu: vu, exports: rt.NewObject()}
	err := errors.Join(
		instance.exports.Set("open", instance.open),
		instance.exports.Set("batch", instance.batch),
		instance.exports.Set("harness", Version),
	)
	if err == nil {
		instance.metrics, err = registerMetrics(vu)
	}
	if err != nil {
		common.Throw(rt, err)
	}
	return instance
}

// Exports is the default export and nothing else, as in xk6-sse.
func (i *Instance) Exports() modules.Exports {
	return modules.Exports{Default: i.exports}
}
