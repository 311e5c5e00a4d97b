"""What the example target consists of: components, hosts and their groups."""

from __future__ import annotations

from dataclasses import dataclass

RUNS_AT_FIRST = "2026.46.2"
"""The version on every host before the first deployment."""

HOSTS_EACH = 3
"""How many hosts a component has."""

CANARIED = ("chat", "gateway")
"""The components whose first host is a canary group of its own."""

COMPONENTS = ("auth", "profile", "media", "search", "push", "chat", "gateway")
"""Every component, in the order of release.yml."""


@dataclass(frozen=True)
class Place:
    """One host of one component."""

    component: str
    index: int
    """0 for the first host of the component."""

    @property
    def host(self) -> str:
        """Its name, unique in the whole target."""
        return f"{self.component}-{self.index + 1}"

    @property
    def group(self) -> str:
        """`canary` for the first host of a component that is canaried, else `main`."""
        return "canary" if self.component in CANARIED and self.index == 0 else "main"


def places(component: str) -> tuple[Place, ...]:
    """Every host of a component, in name order."""
    return tuple(Place(component, index) for index in range(HOSTS_EACH))
