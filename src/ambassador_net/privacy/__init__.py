"""Privacy in one room: small groups, keyed pseudonyms, requests of the persons, and CSV that may leave."""

from ambassador_net.privacy.groups import (
    HousesShown,
    K,
    checked_k,
    houses_shown,
    in_window,
    join_small_houses,
    require_enough_people,
    require_persons_shown,
)
from ambassador_net.privacy.persons import rows_of_person, rows_to_hand_over, withdraw
from ambassador_net.privacy.pseudonyms import (
    KEY_BYTES,
    create_key,
    pseudonymise,
    read_key,
    require_no_file_beside_tables,
    rotate,
)
from ambassador_net.privacy.spreadsheets import csv_text, defused, undefused, write_csv, write_whole, write_zip
from ambassador_net.privacy.withdrawal import Withdrawal, withdraw_from_folder

__all__ = [
    "KEY_BYTES",
    "HousesShown",
    "K",
    "Withdrawal",
    "checked_k",
    "create_key",
    "csv_text",
    "defused",
    "houses_shown",
    "in_window",
    "join_small_houses",
    "pseudonymise",
    "read_key",
    "require_enough_people",
    "require_no_file_beside_tables",
    "require_persons_shown",
    "rotate",
    "rows_of_person",
    "rows_to_hand_over",
    "undefused",
    "withdraw",
    "withdraw_from_folder",
    "write_csv",
    "write_whole",
    "write_zip",
]
