"""What the sayings are asked of: a study, counted once and shared by all of them."""

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any, TypeVar, cast
from zlib import crc32

import numpy as np

from ambassador_net.amplification import Amplification, mutual_amplification
from ambassador_net.nulls import Progress
from ambassador_net.privacy import K, checked_k
from ambassador_net.reduction import Dyads, PostsShared, dyads, posts_shared
from ambassador_net.study import Study

T = TypeVar("T")


class Evidence:
    """A study and what was counted of it; each count is made when a saying first asks for it.

    Parameters
    ----------
    study
        The study.
    seed
        A seed, or a random generator.
    basis
        Keep the affiliations whose basis contains one of these texts; none keeps all.
    k
        Fewest people of a group that is shown; 5 or more.
    tango
        The study's :func:`ambassador_net.mutual_amplification`, if it is at hand.
    progress
        Called with the steps made and their number by whatever takes long.

    Raises
    ------
    PrivacyError
        If k is less than 5.
    """

    def __init__(
        self,
        study: Study,
        *,
        seed: int | np.random.Generator,
        basis: Sequence[str] = (),
        k: int = K,
        tango: Amplification | None = None,
        progress: Progress | None = None,
    ) -> None:
        self.study, self.seed, self.basis, self.k = study, seed, tuple(basis), checked_k(k)
        self.progress = progress
        self._tango = tango
        self._made: dict[Callable[..., Any], Any] = {}

    def once(self, make: "Callable[[Evidence], T]") -> T:
        """Compute what several sayings share only when the first of them asks for it.

        Parameters
        ----------
        make
            Computes it from the evidence; the same function gives the same result.

        Returns
        -------
        object
            What it computed.
        """
        if make not in self._made:
            self._made[make] = make(self)
        return cast(T, self._made[make])

    def rng(self, name: str) -> np.random.Generator:
        """Give the generator of one saying, the same whichever other sayings are asked.

        Parameters
        ----------
        name
            Of the saying.

        Returns
        -------
        numpy.random.Generator
            From the seed and the name; a generator that was passed in is used as it stands.
        """
        if isinstance(self.seed, np.random.Generator):
            return self.seed
        return np.random.default_rng([self.seed, crc32(name.encode())])

    @cached_property
    def tango(self) -> Amplification:
        """Whether people and their organisation share each other."""
        return self._tango or mutual_amplification(
            self.study, seed=self.seed, basis=self.basis, k=self.k, progress=self.progress
        )

    @cached_property
    def dyads(self) -> Dyads:
        """Pairs of persons and organisations."""
        return dyads(self.study, basis=self.basis)

    @cached_property
    def posts(self) -> PostsShared:
        """Original posts of people and official accounts, and who shared them."""
        return posts_shared(self.study, basis=self.basis)
