"""`python -m gt`."""

from gt.cli.main import main

if __name__ == "__main__":
    raise SystemExit(main())
