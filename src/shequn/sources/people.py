"""The people behind a platform's ids."""

from __future__ import annotations

from dataclasses import dataclass, field

from shequn.sources.folder import Table
from shequn.sources.privacy import pseudonym


@dataclass
class People:
    """Who is behind which id, and under what names.

    Attributes
    ----------
    person_of
        Id on the platform -> the id that stands for the person; most often itself.
    names
        Id and display name -> first and last moment under this name, UTC seconds.
    robots
        People (by the id that stands for them) that are robots.
    ids
        Id on the platform -> pseudonym of the person; from `hide`.
    """

    person_of: dict[str, str] = field(default_factory=dict)
    names: dict[tuple[str, str], tuple[int, int]] = field(default_factory=dict)
    robots: set[str] = field(default_factory=set)
    ids: dict[str, str] = field(default_factory=dict)

    def hide(self, platform: str, key: bytes) -> None:
        """Give everybody a pseudonym."""
        persons = {p: pseudonym(key, platform, p) for p in set(self.person_of.values())}
        self.ids = {raw_id: persons[person] for raw_id, person in self.person_of.items()}

    def identities(self, platform: str) -> Table:
        """Return the table that leads from pseudonyms to names: for its owner alone."""
        return Table(
            ("member_id", "platform", "platform_user_id", "display_name", "alias_from", "alias_to"),
            sorted(
                (self.ids[raw_id], platform, raw_id, name, *span)
                for (raw_id, name), span in self.names.items()
            ),
        )
