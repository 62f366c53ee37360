"""One entry, in a process of its own: `python -m bench.entry NAME`."""

import sys
from importlib import import_module


def main() -> None:
    import django

    django.setup()
    for figure in import_module(f"bench.entries.{sys.argv[1]}").measure():
        print(figure.line(), flush=True)


if __name__ == "__main__":
    main()
