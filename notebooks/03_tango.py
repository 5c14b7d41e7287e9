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
# A pair is a person and an organisation they belong to when they share. First what everybody would count, then
# what it does not show.

# %%
import os

import ambassador_net as an

study = an.read(os.environ.get("AMBASSADOR_NET_STUDY", "../data/example"))
language = os.environ.get("AMBASSADOR_NET_LANGUAGE", "en")
tango = an.mutual_amplification(study, seed=int(os.environ.get("AMBASSADOR_NET_SEED", "20251")))
tango.dyads

# %% [markdown]
# ## Do they share each other at all?

# %%
an.figures.pairs_by_state(tango, language=language)

# %%
tango.reciprocity

# %%
an.figures.both_ways(tango, language=language)

# %% [markdown]
# ## More than chance?
#
# Here each account keeps how often it shares and is shared; only whom is left to chance. People and their
# organisation meet in the same places and care for the same things, so this says yes almost everywhere: it shows
# that they *belong together*, not that they *answer* each other. It is never part of the verdict.

# %%
an.figures.house_mixing(tango, language=language)

# %%
tango.mixing

# %% [markdown]
# ## The verdict

# %%
print(tango.verdict.sentence(language))

# %%
tango.houses
