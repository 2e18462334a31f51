"""What `/metrics` tells where several workers share their numbers, as those of a running node do."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

_WORKER = """
import sys
from pathlib import Path
from catalogue.node import Node, prepare
from catalogue.observability import exposition
from catalogue.settings import Settings

settings = Settings(data=Path(sys.argv[1]))
prepare(settings)
node = Node(settings)
exposition(node)
sys.stdout.write(exposition(node)[0].decode())
node.close()
"""


def test_every_number_is_told_once_whichever_worker_was_asked(tmp_path: Path) -> None:
    shared = tmp_path / "metrics"
    shared.mkdir()
    texts = [
        subprocess.run(
            [sys.executable, "-c", _WORKER, str(tmp_path / "data")],
            env=os.environ | {"PROMETHEUS_MULTIPROC_DIR": str(shared)},
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        ).stdout
        for _ in range(2)
    ]
    names = Counter(re.findall(r"^# HELP (\w+)", texts[1], re.MULTILINE))
    assert names["catalogue_log_entries"] == 1
    assert set(names.values()) == {1}
    assert "pid=" not in texts[1]
