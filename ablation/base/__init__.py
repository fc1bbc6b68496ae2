"""What every part of the package stands on: errors, files, sections of a configuration, streams."""
