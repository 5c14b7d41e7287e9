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

from IPython.display import display

import ambassador_net as an

study = an.read(os.environ.get("AMBASSADOR_NET_STUDY", "../data/example"))
language = os.environ.get("AMBASSADOR_NET_LANGUAGE", "en")
seed = int(os.environ.get("AMBASSADOR_NET_SEED", "20251"))
tango = an.mutual_amplification(study, seed=seed)
answers = an.assess_all(study, seed=seed, tango=tango)
an.figures.Typeface()

# %%
an.figures.verdicts(answers, made_up=study.made_up, language=language)

# %% [markdown]
# The same as a table: the effect with its interval, why the verdict is what it is or what is missing, and how much of
# the study it rests on. Sayings that were fixed beforehand are each judged at 5 %; explorations are corrected for
# their number.

# %%
an.figures.board(answers, language=language)

# %% [markdown]
# Each saying with where it comes from, what would have to be true, and all its numbers.

# %%
for answer in answers:
    display(answer.told(language))
    display(an.figures.effects(answer, made_up=study.made_up, language=language))
