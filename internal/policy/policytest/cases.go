package policytest

import "slices"

// Cases returns every question with its answer.
func Cases() []Case {
	return slices.Concat(tableCases(), profileCases(), orderCases(), droppedCases(), sipsCases(),
		useProxyCases(), limitCases(), nestedCases(), remainingCases(), ringingCases(), failureCases(), adviceCases(), bestCases(), senselessCases(),
		settingCases(), guardCases(), presetCases(), ruleCases(), headerCases(), longCases())
}

// Configurations that several cases share.
const (
	disabled = "profiles: [{name: default, redirect: disabled}]"
	img2020  = "profiles: [{name: default, preset: img2020}]"
	two      = "profiles:\n- {name: default}\n- {name: closed, redirect: disabled}\n"
)
