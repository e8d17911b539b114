package policy

// Names of presets.
const (
	// PresetRFC3261 follows RFC 3261.
	PresetRFC3261 = "rfc3261"
	// PresetIMG2020 does as a telephony gateway does that many networks know:
	// the search ends once a target has rung, a 305 is not followed, and a 3xx
	// to REGISTER neither.
	PresetIMG2020 = "img2020"
	// PresetClearIP follows a routing server that signs calls: up to twelve routes,
	// the Identity of the 3xx goes along, 404 and 503 are no advice, 603 blocks.
	PresetClearIP = "clearip"
	// PresetLNP takes the contacts of a 3xx for number portability data: the
	// original target goes onward with rn, cic and npdi (RFC 4694).
	PresetLNP = "lnp"
	// PresetTransparent lets every 3xx pass to the caller.
	PresetTransparent = "transparent"
	// PresetSTIR takes a 3xx for a carrier of header fields: the original target
	// goes onward with the Identity and P-Asserted-Identity of the 3xx (RFC 8224).
	PresetSTIR = "stir"
)

// Presets returns the names of all presets.
func Presets() []string {
	return []string{PresetRFC3261, PresetIMG2020, PresetClearIP, PresetLNP, PresetTransparent, PresetSTIR}
}

// NewProfile returns a profile as the preset has it, and whether there is such
// a preset; if not, it is [PresetRFC3261].
func NewProfile(name, preset string) (Profile, bool) {
	p := rfc3261(name)
	p.Preset = preset
	switch preset {
	case PresetRFC3261:
	case PresetIMG2020:
		p.Follow = []int{300, 301, 302}
		p.StopAfterRinging = true
		p.FollowRegister = false
	case PresetClearIP:
		p.Follow = []int{300, 301, 302}
		p.MaxContacts, p.MaxAttempts = 12, 12
		p.NoAdvice = unreached
		p.Copy = []HeaderCopy{{Name: "Identity"}}
	case PresetLNP:
		p.Use = UseNumber
		p.Follow = []int{300, 301, 302}
		p.MaxContacts, p.NoAdvice = 1, unreached
	case PresetTransparent:
		p.Redirect = RedirectPassThrough
	case PresetSTIR:
		p.Use = UseHeaders
		p.Follow = []int{300, 301, 302}
		p.MaxContacts, p.NoAdvice = 1, unreached
		p.Copy = []HeaderCopy{{Name: "Identity"}, {Name: "P-Asserted-Identity", Replace: true}}
	default:
		return rfc3261(name), false
	}
	return p, true
}

// unreached are the statuses of a redirect server that has nothing to say: 404
// and 503 by convention, and 408, which is what none at all counts as.
var unreached = []statusRange{{First: 404, Last: 404}, {First: 408, Last: 408}, {First: 503, Last: 503}}

func rfc3261(name string) Profile {
	return Profile{
		Name:           name,
		Preset:         PresetRFC3261,
		MaxContacts:    maxContacts,
		MaxAttempts:    10,
		MaxNesting:     maxTargets,
		Follow:         []int{300, 301, 302, 305},
		Map:            map[int]int{302: 480},
		MapDefault:     410,
		FollowRegister: true,
		Advance:        defaultAdvance(),
	}
}
