"""Null models: who would share whom if only what the null keeps mattered."""

from ambassador_net.nulls.chance import Indices, Progress, Statistic, generator, lag1_autocorrelation, p_value
from ambassador_net.nulls.closed_form import (
    BlockFit,
    ClosedForm,
    KindBlocks,
    NodeClasses,
    classes_of_strengths,
    fit_blocks,
    minimum_moments,
    minimum_under_null,
    node_classes,
)
from ambassador_net.nulls.exact import MOST_EVENTS, enumerate_arrangements
from ambassador_net.nulls.houses import HouseClasses, Houses, house_classes, study_houses
from ambassador_net.nulls.matchings import BlockCodes, ShareEvents, blocks_kept, day_strata, strengths_kept

__all__ = [
    "MOST_EVENTS",
    "BlockCodes",
    "BlockFit",
    "ClosedForm",
    "HouseClasses",
    "Houses",
    "Indices",
    "KindBlocks",
    "NodeClasses",
    "Progress",
    "ShareEvents",
    "Statistic",
    "blocks_kept",
    "classes_of_strengths",
    "day_strata",
    "enumerate_arrangements",
    "fit_blocks",
    "generator",
    "house_classes",
    "lag1_autocorrelation",
    "minimum_moments",
    "minimum_under_null",
    "node_classes",
    "p_value",
    "strengths_kept",
    "study_houses",
]
