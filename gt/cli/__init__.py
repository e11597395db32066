"""How gt speaks: the only place that parses arguments, reads the environment, prints and exits."""
