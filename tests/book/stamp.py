"""Write into each Chinese page which English source it follows: ``python tests/book/stamp.py``.

The stamp goes only on pages that pass the parity test, so that a stamp means: whoever set it saw
both pages agree. An English edit afterwards breaks the stamp until the Chinese page is revised.
"""

from __future__ import annotations

import re
import sys

import pages
import parity


def stamped(chinese: str, stamp: str) -> str:
    """Return the text of a Chinese page with its stamp set or renewed; nothing else changes."""
    line = f'{parity.STAMP}: "{stamp}"'  # quoted: twelve digits would be a number
    if not chinese.startswith("---\n"):
        return f"---\n{line}\n---\n\n{chinese}"
    end = chinese.index("\n---", 3)
    head, rest = chinese[:end], chinese[end:]
    pattern = rf"^{parity.STAMP}:.*$"
    if re.search(pattern, head, flags=re.MULTILINE):
        return re.sub(pattern, line, head, flags=re.MULTILINE) + rest
    return f"{head}\n{line}{rest}"


def main() -> int:
    """Stamp every page that may be; say which may not, and why."""
    wrong = 0
    for name in pages.docnames():
        en, zh = pages.page("en", name), pages.page("zh", name)
        if en is None or zh is None:
            continue
        faults = parity.differences(en, zh)
        if faults:
            wrong += 1
            print(pages.say(faults))
            continue
        new = stamped(zh.text, parity.stamp_of(en.text))
        if new != zh.text:
            (pages.ROOT / zh.path).write_bytes(new.encode())
            print(f"stamped {zh.path}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
