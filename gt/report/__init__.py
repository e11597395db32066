"""Pictures of a town: values in, text of a format out; nothing is read, written or asked here."""
