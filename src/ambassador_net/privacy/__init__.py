"""Privacy in one room: small groups, keyed pseudonyms, requests of the persons, and CSV that may leave."""

from ambassador_net.privacy.groups import (
    HousesShown,
    K,
    checked_k,
    houses_shown,
    join_small_houses,
    require_enough_people,
    require_persons_shown,
)
from ambassador_net.privacy.persons import rows_of_person, withdraw
from ambassador_net.privacy.pseudonyms import KEY_BYTES, create_key, pseudonymise, read_key, rotate
from ambassador_net.privacy.spreadsheets import csv_text, defused, undefused, write_csv

__all__ = [
    "KEY_BYTES",
    "HousesShown",
    "K",
    "checked_k",
    "create_key",
    "csv_text",
    "defused",
    "houses_shown",
    "join_small_houses",
    "pseudonymise",
    "read_key",
    "require_enough_people",
    "require_persons_shown",
    "rotate",
    "rows_of_person",
    "undefused",
    "withdraw",
    "write_csv",
]
