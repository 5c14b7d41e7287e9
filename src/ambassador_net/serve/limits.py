"""How many guesses are taken a second, from everybody together and from one address."""

import hashlib
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable

# A hall often sits behind one address: 300 phones with two guesses each have to pass at once.
_OF_ONE = (10.0, 1000.0)
_OF_ALL = (100.0, 5000.0)
_MOST_ADDRESSES = 4096


class Bucket:
    """A token bucket: so many at once, and so many a second afterwards.

    Parameters
    ----------
    rate
        How many a second come back.
    burst
        How many there are at most.
    now
        The time, in seconds.
    """

    def __init__(self, rate: float, burst: float, now: float) -> None:
        self._rate, self._burst = rate, burst
        self._left, self._at = burst, now

    def take(self, now: float) -> bool:
        """Take one, if there is one.

        Parameters
        ----------
        now
            The time, in seconds.

        Returns
        -------
        bool
            Whether there was one.
        """
        self._left = min(self._burst, self._left + (now - self._at) * self._rate)
        self._at = now
        if self._left < 1:
            return False
        self._left -= 1
        return True


class Limits:
    """The buckets of a server; addresses are held as salted hashes, in memory only, the last few thousand.

    Parameters
    ----------
    clock
        Gives the time in seconds.
    of_one, of_all
        Rate and burst of one address, and of all together.
    """

    def __init__(
        self,
        *,
        clock: Callable[[], float] = time.monotonic,
        of_one: tuple[float, float] = _OF_ONE,
        of_all: tuple[float, float] = _OF_ALL,
    ) -> None:
        self._clock, self._of_one = clock, of_one
        self._all = Bucket(*of_all, clock())
        self._salt = secrets.token_bytes(16)
        self._addresses: OrderedDict[bytes, Bucket] = OrderedDict()

    def allow(self, address: str) -> bool:
        """Say whether one more from an address is taken, and count it.

        Parameters
        ----------
        address
            Where it comes from.

        Returns
        -------
        bool
            Whether it is.
        """
        now = self._clock()
        name = hashlib.blake2b(address.encode(), key=self._salt, digest_size=8).digest()
        bucket = self._addresses.pop(name, None) or Bucket(*self._of_one, now)
        # put last; the first have not been heard of for the longest time
        self._addresses[name] = bucket
        if len(self._addresses) > _MOST_ADDRESSES:
            self._addresses.popitem(last=False)
        # the hall's own bucket is not emptied by those who are refused
        return bucket.take(now) and self._all.take(now)
