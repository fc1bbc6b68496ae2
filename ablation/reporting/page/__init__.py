"""The report's one page, a module a section: what each shows, as data that the templates print."""
