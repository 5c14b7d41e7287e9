"""How long `import ambassador_net` takes beside a bare Python.

Run it with ``python benchmarks/import.py [RUNS]``. The two kinds of run alternate, so that a busy machine
slows both; the medians and their ratio are printed with the load before and after.
"""

import os
import statistics
import subprocess
import sys
import time

KINDS = {"python -c pass": "pass", "import ambassador_net": "import ambassador_net"}


def seconds(code: str) -> float:
    """Time one fresh process."""
    begun = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True)
    return time.perf_counter() - begun


def load() -> str:
    """Say how busy the machine is, where it tells."""
    return f"{os.getloadavg()[0]:.2f}" if hasattr(os, "getloadavg") else "unknown"


def main() -> None:
    """Alternate the two kinds of run and print their medians."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 21
    before = load()
    for code in KINDS.values():
        # the first run of each reads from disk and writes bytecode
        seconds(code)
    taken: dict[str, list[float]] = {kind: [] for kind in KINDS}
    for _ in range(runs):
        for kind, code in KINDS.items():
            taken[kind].append(seconds(code))
    medians = {kind: statistics.median(values) for kind, values in taken.items()}
    for kind, median in medians.items():
        print(f"{kind:<22} {median * 1000:6.1f} ms  (median of {runs})")
    bare, package = medians.values()
    print(f"ratio {package / bare:.2f}, load {before} before and {load()} after, {os.cpu_count()} cores")


if __name__ == "__main__":
    main()
