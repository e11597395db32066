"""Files for supervisors that exist: each kind has a module that makes its text, and nothing here runs one."""
