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
# # 1. What is in this study
#
# A study is a folder of tables (`docs/study.md`). Reading it checks every row and keeps a ledger: rows in the
# file = rows used + repeated + set aside, each with its reason.

# %%
import os

import ambassador_net as an

path = os.environ.get("AMBASSADOR_NET_STUDY", "../data/example")
study = an.read(path)
study

# %% [markdown]
# Who is in it, and how much of each side was observed? An account that nobody collected is `none`: that it
# does not share is then *unknown*, never zero.

# %%
study.accounts.groupby(["role", "observed"]).size().unstack(fill_value=0)

# %%
study.accounts.groupby(["platform", "role"], dropna=False).size().unstack(fill_value=0)

# %% [markdown]
# When was shared? The first and the last share, and shares a month.

# %%
study.window

# %%
study.shares.set_index("shared_at_earliest").resample("MS")["share_id"].count().rename("shares").to_frame()
