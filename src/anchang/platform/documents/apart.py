"""The child process of `render_long`: one document from standard input to standard output."""

import json
import sys
from pathlib import Path

from anchang.kernel.errors import DomainError
from anchang.platform.documents.typst import compiled


def main() -> int:
    request = json.load(sys.stdin)
    try:
        sys.stdout.buffer.write(compiled(Path(request["template"]), request["data"], tagged=False))
    except DomainError as error:
        json.dump({"code": error.code, "status": error.status, "params": error.params}, sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
