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

# %%
import os

import ambassador_net as an

study = an.read(os.environ.get("AMBASSADOR_NET_STUDY", "../data/example"))
language = os.environ.get("AMBASSADOR_NET_LANGUAGE", "en")
seed = int(os.environ.get("AMBASSADOR_NET_SEED", "20251"))
tango = an.mutual_amplification(study, seed=seed)
answers = an.assess_all(study, seed=seed, tango=tango)

# %%
an.demo(tango, answers, language=language)

# %% [markdown] tags=["lang-en"]
# How to read this: a house with too few people is never shown alone. What was not observed is called so, and
# is never counted as none.

# %% [markdown] tags=["lang-fi"]
# Näin tätä luetaan: taloa, jossa on liian vähän ihmisiä, ei koskaan näytetä yksin. Mitä ei ole seurattu,
# siitä sanotaan niin, eikä sitä koskaan lasketa nollaksi.

# %% [markdown] tags=["lang-sv"]
# Så läser du detta: ett hus med för få människor visas aldrig ensamt. Det som inte har observerats kallas så
# och räknas aldrig som noll.
