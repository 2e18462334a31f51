"""Has everything described anew when the rules change: on a day that they name, or with another program.

What is concluded of an offering can then be something else though nothing was said of it. Which offerings it
is only shows when they are described, so the index is made anew, beside the one that answers.
"""

from __future__ import annotations

import structlog
from sqlalchemy import update

from catalogue.settings import Settings
from catalogue.store.database import Database
from catalogue.store.tables import heads
from catalogue.trusting import replace_file
from credentials.times import Clock
from vocab.rule_days import last_rule_day, rules_digest

#: In the data folder: by which rules everything so far was described.
_SEEN = "rules.seen"

log = structlog.get_logger("catalogue.ruling")


class RuleChanges:
    """Notices for the indexer that the rules aren't those by which everything was described."""

    def __init__(self, settings: Settings, database: Database, clock: Clock) -> None:
        self._seen = settings.data / _SEEN
        self._database = database
        self._clock = clock
        self._known = ""

    def catch_up(self) -> int:
        """Ask for an index made anew when the rules have changed; returns 1 then, else 0.

        They are remembered last, so that what an interruption leaves is done again.
        """
        mark = f"{rules_digest()} {last_rule_day(self._clock().date())}"
        if mark == self._known:
            return 0
        changed = self._seen.exists() and self._seen.read_bytes() != mark.encode("utf-8")
        if changed:
            log.info("the rules have changed, everything is described anew")
            with self._database.write() as connection:
                connection.execute(update(heads).values(generation=heads.c.generation + 1))
        replace_file(self._seen, mark)
        self._known = mark
        return int(changed)
