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
# # 4. The sayings of the trade
#
# Each saying with what would have to be true, what this study says of it, and, where it cannot say, what is
# missing.

# %%
import os

import ambassador_net as an
from ambassador_net import claims

study = an.read(os.environ.get("AMBASSADOR_NET_STUDY", "../data/example"))
language = os.environ.get("AMBASSADOR_NET_LANGUAGE", "en")
seed = int(os.environ.get("AMBASSADOR_NET_SEED", "20251"))
tango = an.mutual_amplification(study, seed=seed)
answers = [an.assess(name, study, seed=seed, tango=tango) for name in claims.names()]
an.figures.board(answers, language=language)

# %% [markdown]
# What each of them would need to be true, and the numbers so far.

# %%
import pandas as pd

pd.DataFrame([{"saying": a.name, "estimand": a.estimand, **a.numbers} for a in answers]).set_index("saying")
