# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:percent
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 3. Does it take two?
#
# A pair is a person and an organisation they belong to when they share. What would one naively say, why is that
# wrong, and what can be said instead: do they share each other at all, is it the same pairs in both directions, and
# do they *answer*?

# %%
import os

import ambassador_net as an
from ambassador_net.amplification.sensitivity import sensitivity

study = an.read(os.environ.get("AMBASSADOR_NET_STUDY", "../data/example"))
language = os.environ.get("AMBASSADOR_NET_LANGUAGE", "en")
seed = int(os.environ.get("AMBASSADOR_NET_SEED", "20251"))
tango = an.mutual_amplification(study, seed=seed)
an.figures.Typeface()

# %% [markdown]
# ## What one would naively say
#
# Everybody would count the pairs that share each other, and compare their reciprocity with shuffles in which each
# account keeps how often it shares and is shared.

# %%
an.figures.pairs_by_state(tango, language=language)

# %%
tango.reciprocity

# %%
tango.mixing and tango.mixing.n1_sum_min

# %% [markdown]
# ## Why that is wrong
#
# People and their organisation meet in the same places and care for the same things. Such shuffles break that up, so
# they say "more than chance" in every world in which people merely *belong* somewhere, answering or not. It is
# reported as house mixing, and never decides the verdict.

# %%
an.figures.house_mixing(tango, language=language)

# %% [markdown]
# Keeping each house's totals as well (N3) takes the belonging out. What is left, `rho_w`, is biased low when ties
# differ in strength, so it too is a description only.

# %%
tango.mixing and tango.mixing.n3

# %%
tango.mixing and tango.mixing.rho_w

# %% [markdown]
# ## Do they share each other at all?

# %%
an.figures.both_ways(tango, language=language)

# %%
tango.opportunity

# %% [markdown]
# ## Is it the same pairs in both directions?
#
# What is left of each pair's shares after the house's totals and the person's own activity, correlated over both
# directions. This cannot tell shared interest from answering.

# %%
tango.same_pairs

# %% [markdown]
# ## Do they answer?
#
# Inside each house the shares of one side keep their times and are dealt anew among its people. If a share falls in
# the 48 hours after a share by the other side more often than that, somebody answers. A week's contrast guards
# against people who are active in the same weeks, a gap of 12 hours against joint occasions.

# %%
an.figures.returns(tango, language=language)

# %%
an.figures.returns_by_house(tango, language=language)

# %%
an.figures.excess_by_lag(tango, language=language)

# %%
an.figures.timeline(study, tango, language=language)

# %%
tango.organisation_returns.returns_per_100, tango.person_returns.returns_per_100

# %% [markdown]
# ## The verdict

# %%
an.figures.verdict(tango, language=language)

# %% [markdown]
# Every p and both bounds beside it.

# %%
tango

# %% [markdown]
# ## How firm is it?
#
# The same question asked in other ways. The plan was fixed beforehand; a verdict that flips is fragile.

# %%
other_ways = sensitivity(study, seed=seed)
an.figures.sensitivity_strip(other_ways, tango, language=language)

# %%
other_ways

# %% [markdown]
# ## What it cannot tell

# %%
an.figures.cannot_tell(language=language)
