"""Places: legal entities, sites, country presets, zones, access points and cameras' places."""
