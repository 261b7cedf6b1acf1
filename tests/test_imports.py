"""What is heavy is loaded only where it is used."""

from __future__ import annotations

import subprocess
import sys

HEAVY = ("pandas", "matplotlib", "seaborn", "scipy", "statsmodels", "sklearn", "networkx", "lifelines",
         "pyarrow", "IPython", "papermill")  # fmt: skip


def test_the_commands_and_the_whole_registry_load_nothing_heavy() -> None:
    """`shequn --help` and `shequn list` are to answer at once; the time itself stands in `make bench`."""
    code = (
        "import sys, shequn.cli, shequn.dataset; from shequn.metrics import all_metrics; "
        "assert len(all_metrics()) > 20; "
        f"print(*(m for m in {HEAVY} if m in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
