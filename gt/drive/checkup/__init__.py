"""What `gt doctor` looks at: one idea a module, each a function from a Scene to findings. Nothing here changes anything."""
