# ---
# jupyter:
#   jupytext:
#     cell_metadata_filter: tags,slideshow
#     formats: ipynb,py:percent
#     notebook_metadata_filter: kernelspec,jupytext,ambassador_net
#     text_representation:
#       extension: .py
#       format_name: percent
#       format_version: '1.3'
#       jupytext_version: 1.19.6
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %%
import os

import ambassador_net as an

language = os.environ.get("AMBASSADOR_NET_LANGUAGE", "en")
seed = int(os.environ.get("AMBASSADOR_NET_SEED", "20251"))
# under `ambassador-net serve` this was computed before anybody came
prepared = an.prepared(os.environ.get("AMBASSADOR_NET_STUDY", "../data/example"), seed=seed)

# %%
an.demo(prepared, language=language)

# %% [markdown] tags=["lang-en"]
# How to read this: a house with too few people is never shown alone. What was not observed is called so, and
# is never counted as none.

# %% [markdown] tags=["lang-fi"]
# Näin tätä luetaan: taloa, jossa on liian vähän ihmisiä, ei koskaan näytetä yksin. Mitä ei ole seurattu,
# siitä sanotaan niin, eikä sitä koskaan lasketa nollaksi.

# %% [markdown] tags=["lang-sv"]
# Så läser du detta: ett hus med för få människor visas aldrig ensamt. Det som inte har observerats kallas så
# och räknas aldrig som noll.
