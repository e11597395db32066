"""One module per command: read the context, call one verb, render the result. Commands don't import each other."""
