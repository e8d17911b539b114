package policy

// Names of presets.
const (
	// PresetRFC3261 follows RFC 3261.
	PresetRFC3261 = "rfc3261"
	// PresetIMG2020 does as a telephony gateway does that many networks know:
	// the search ends once a target has rung, a 305 is not followed, and a 3xx
	// to REGISTER neither.
	PresetIMG2020 = "img2020"
)

// Presets returns the names of all presets.
func Presets() []string { return []string{PresetRFC3261, PresetIMG2020} }

// NewProfile returns a profile as the preset has it, and whether there is such
// a preset; if not, it is [PresetRFC3261].
func NewProfile(name, preset string) (Profile, bool) {
	switch preset {
	case PresetRFC3261:
		return rfc3261(name), true
	case PresetIMG2020:
		return img2020(name), true
	}
	return rfc3261(name), false
}

func rfc3261(name string) Profile {
	return Profile{
		Name:           name,
		Preset:         PresetRFC3261,
		Redirect:       true,
		MaxAttempts:    10,
		Follow:         []int{300, 301, 302, 305},
		Map:            map[int]int{302: 480},
		MapDefault:     410,
		FollowRegister: true,
	}
}

func img2020(name string) Profile {
	p := rfc3261(name)
	p.Preset = PresetIMG2020
	p.Follow = []int{300, 301, 302}
	p.StopAfterRinging = true
	p.FollowRegister = false
	return p
}
