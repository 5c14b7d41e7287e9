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
# # 2. Who shares whom
#
# The share network has one node an account and one edge an ordered pair with a share. An edge that is not there
# means "not seen", which is "does not share" only where the sharer was observed in full.

# %%
import os

import ambassador_net as an

study = an.read(os.environ.get("AMBASSADOR_NET_STUDY", "../data/example"))
language = os.environ.get("AMBASSADOR_NET_LANGUAGE", "en")
an.figures.Typeface()

# %%
graph = an.share_network(study)
print(graph)

# %% [markdown]
# Shares by what sharer and source are to each other.

# %%
import pandas as pd

edges = pd.DataFrame([data for _, _, data in graph.edges(data=True)])
edges.groupby("relation").agg(edges=("weight", "size"), shares=("weight", "sum"), mutual=("mutual", "sum"))

# %% [markdown]
# Organisations with their people. Persons are drawn, without a name, only where the data are made up or the study
# declares its persons public; elsewhere the people of a house are one disc.

# %%
tango = an.mutual_amplification(study, seed=int(os.environ.get("AMBASSADOR_NET_SEED", "20251")))
an.figures.share_ring(study, tango, language=language)

# %% [markdown]
# For Gephi: `an.write_network(study, "network.gexf", by="house")`, or `by="account"` where persons may be shown.
