# Reads targets with python-tuf's own client.
# Run with: python3 python_tuf.py METADATA_URL TARGETS_URL ROOT_FILE STATE_FOLDER PATH...

import hashlib
import os
import sys

from tuf.ngclient import Updater

metadata, targets, root_file, state, *paths = sys.argv[1:]
with open(root_file, "rb") as file:
    root = file.read()
downloads = os.path.join(state, "targets")
os.makedirs(downloads, exist_ok=True)

try:
    updater = Updater(state, metadata, downloads, targets, bootstrap=root)
    updater.refresh()
    for path in paths:
        info = updater.get_targetinfo(path)
        if info is None:
            raise LookupError(f"not found: {path}")
        with open(updater.download_target(info), "rb") as file:
            print(hashlib.sha256(file.read()).hexdigest(), path)
except Exception as error:
    sys.exit(f"{type(error).__name__}: {error}")
