# One line of the bench: how long does python-tuf take to read and verify a file?
# Run with: python3 python_tuf.py ROOT TARGETS RUNS

import statistics
import sys
import time

from tuf.api.metadata import Metadata

root_file, targets_file, runs = sys.argv[1:4]
root = Metadata.from_file(root_file).signed
with open(targets_file, "rb") as file:
    octets = file.read()


def verify() -> float:
    started = time.perf_counter()
    metadata = Metadata.from_bytes(octets)
    root.verify_delegate("targets", metadata.signed_bytes, metadata.signatures)
    return (time.perf_counter() - started) * 1000


print(statistics.median(verify() for _ in range(int(runs))))
