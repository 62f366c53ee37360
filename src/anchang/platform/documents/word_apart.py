"""The child process of `word.problems_of`: a template from standard input, its problems to standard output."""

import json
import sys

from anchang.platform.documents.declared import opened
from anchang.platform.documents.word import found_problems


def main() -> int:
    request = json.load(sys.stdin)
    sample = opened(request["sample"], request["tree"])
    json.dump(found_problems(bytes.fromhex(request["file"]), request["tree"], sample), sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main())
