"""Files between stages, checked as they are read. JSON, YAML and configurations: `base.files`."""
