package cli

// Services opens the service of a profile when it is first asked for; empty is
// the profile that --profile names.
func (a *App) Services() func(profile string) (*Service, error) {
	opened := map[string]*Service{}
	return func(profile string) (*Service, error) {
		if service, ok := opened[profile]; ok {
			return service, nil
		}
		s, err := a.SettingsOf(profile)
		if err != nil {
			return nil, err
		}
		service, err := a.Service(s)
		if err == nil {
			opened[profile] = service
		}
		return service, err
	}
}
