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

# %% slideshow={"slide_type": "skip"}
import os

import ambassador_net as an
from ambassador_net import figures
from ambassador_net.talk import current_settings, title_slide, try_it

study = an.read(os.environ.get("AMBASSADOR_NET_STUDY", "../data/example"))
language = os.environ.get("AMBASSADOR_NET_LANGUAGE", "en")
seed = int(os.environ.get("AMBASSADOR_NET_SEED", "20251"))
tango = an.mutual_amplification(study, seed=seed)
answers = an.assess_all(study, seed=seed, tango=tango)
replaces = [answer for answer in answers if answer.name == "replaces-marketing"]
interesting = [answer for answer in answers if answer.saying_asked.words == "times_more"]

# %% slideshow={"slide_type": "slide"} tags=["title"]
title_slide(current_settings(), language)

# %% tags=["source"]
figures.source(tango, language=language)

# %% [markdown] slideshow={"slide_type": "notes"} tags=["lang-en"]
# Welcome. Everything you will see was computed from one study, and you can click the same numbers on your own
# phone at the end.

# %% [markdown] slideshow={"slide_type": "notes"} tags=["lang-fi"]
# Tervetuloa. Kaikki, mitä näette, on laskettu yhdestä aineistosta, ja lopuksi voitte klikata samoja lukuja omalla
# puhelimellanne.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["lang-en", "saying"]
# <p class="kicker">Saying 1 of 2</p>
#
# ## “<span class="people">Employee advocacy</span> replaces <span class="organisation">marketing</span>.”

# %% [markdown] slideshow={"slide_type": "slide"} tags=["lang-fi", "saying"]
# <p class="kicker">Väite 1/2</p>
#
# ## ”<span class="people">Työntekijälähettilyys</span> korvaa <span class="organisation">markkinoinnin</span>.”

# %% [markdown] tags=["lang-en", "source"]
# A saying of the trade

# %% [markdown] tags=["lang-fi", "source"]
# Alan sanonta

# %% [markdown] slideshow={"slide_type": "notes"} tags=["lang-en"]
# Who has said this to a client? Hands up. To test it one would need to know whom the posts reach; most studies do
# not, and then the honest answer is that we cannot tell.

# %% [markdown] slideshow={"slide_type": "notes"} tags=["lang-fi"]
# Kuka on sanonut näin asiakkaalle? Käsi ylös. Väitteen testaamiseen tarvittaisiin tieto siitä, keitä julkaisut
# tavoittavat. Useimmissa aineistoissa sitä ei ole, ja silloin rehellinen vastaus on, ettei voida sanoa.

# %% slideshow={"slide_type": "slide"}
figures.saying_heading(*replaces, language=language)

# %%
bars = ("retained_seen", "retained_seen_accounts_only", "retained_engaged")
figures.effects(*replaces, made_up=study.made_up, only=bars, language=language)

# %% tags=["source"]
figures.source(tango, language=language)

# %% [markdown] slideshow={"slide_type": "notes"} tags=["lang-en"]
# The question to ask: how many are still reached without the organisation's accounts and without every share of their
# posts? An employee cannot share a post that was never written. Nine of ten is the bar, set beforehand.

# %% [markdown] slideshow={"slide_type": "notes"} tags=["lang-fi"]
# Kysymys kuuluu: kuinka moni tavoitetaan vielä ilman organisaation tilejä ja ilman jokaista niiden julkaisun jakoa?
# Työntekijä ei voi jakaa julkaisua, jota ei koskaan kirjoitettu. Raja on yhdeksän kymmenestä, ennalta päätetty.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["lang-en", "saying"]
# <p class="kicker">Saying 2 of 2</p>
#
# ## “<span class="people">People</span> are many times more interesting than <span class="organisation">organisations</span>.”

# %% [markdown] slideshow={"slide_type": "slide"} tags=["lang-fi", "saying"]
# <p class="kicker">Väite 2/2</p>
#
# ## ”<span class="people">Ihmiset</span> ovat moninkertaisesti kiinnostavampia kuin <span class="organisation">organisaatiot</span>.”

# %% [markdown] tags=["lang-en", "source"]
# A saying of the trade

# %% [markdown] tags=["lang-fi", "source"]
# Alan sanonta

# %% [markdown] slideshow={"slide_type": "notes"} tags=["lang-en"]
# A raw count says little: people and organisations differ in followers, in what they post and in whose colleagues
# share them.

# %% [markdown] slideshow={"slide_type": "notes"} tags=["lang-fi"]
# Pelkkä lukumäärä kertoo vähän: ihmisillä ja organisaatioilla on eri määrä seuraajia, ne julkaisevat eri asioita, ja
# niitä jakavat eri kollegat.

# %% slideshow={"slide_type": "slide"}
figures.saying_heading(*interesting, language=language)

# %%
ways = ("raw", "per_follower", "same_content", "without_own_house")
figures.effects(*interesting, made_up=study.made_up, only=ways, language=language)

# %% tags=["source"]
figures.source(tango, language=language)

# %% [markdown] slideshow={"slide_type": "notes"} tags=["lang-en"]
# The grey bars are what the trade says: two, six and a half, eight and twenty-four times. The raw count supports
# nothing by itself: it takes the same answer per follower and for the same contents.

# %% [markdown] slideshow={"slide_type": "notes"} tags=["lang-fi"]
# Harmaat palkit ovat alan lukuja: kaksi, kuusi ja puoli, kahdeksan ja kaksikymmentäneljä kertaa. Pelkkä lukumäärä ei
# yksin tue mitään: saman vastauksen on tultava seuraajaa kohti ja samoista sisällöistä.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["lang-en", "saying"]
# <p class="kicker">The thesis</p>
#
# ## Advocacy is a deal for two. It takes two to tango.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["lang-fi", "saying"]
# <p class="kicker">Teesi</p>
#
# ## Lähettilyys on kahden kauppa. Tangoon tarvitaan kaksi.

# %% tags=["source"]
figures.source(tango, language=language)

# %% [markdown] slideshow={"slide_type": "notes"} tags=["lang-en"]
# The organisation shares its people, the people share their organisation, and each answers the other. That can be
# tested.

# %% [markdown] slideshow={"slide_type": "notes"} tags=["lang-fi"]
# Organisaatio jakaa ihmisiään, ihmiset jakavat organisaatiotaan, ja kumpikin vastaa toiselle. Sen voi testata.

# %% slideshow={"slide_type": "slide"}
figures.read_heading(tango, language=language)

# %%
figures.what_was_read(study, tango, language=language)

# %% tags=["source"]
figures.source(tango, language=language)

# %% [markdown] slideshow={"slide_type": "notes"} tags=["lang-en"]
# Nothing disappeared silently. Where one side was not collected we do not say that it does not share back.

# %% [markdown] slideshow={"slide_type": "notes"} tags=["lang-fi"]
# Mitään ei hävinnyt hiljaa. Jos toista puolta ei ole kerätty, emme väitä, ettei se jaa takaisin.

# %% slideshow={"slide_type": "slide"}
figures.mutual_heading(tango, language=language)

# %%
figures.pairs_by_state(tango, language=language)

# %% tags=["source"]
figures.source(tango, language=language)

# %% [markdown] slideshow={"slide_type": "notes"} tags=["lang-en"]
# This is what everybody would count. It looks like an answer. It is not one yet: two who care for the same things
# share each other without ever answering.

# %% [markdown] slideshow={"slide_type": "notes"} tags=["lang-fi"]
# Tämän jokainen laskisi. Se näyttää vastaukselta, mutta ei vielä ole: kaksi samasta asiasta kiinnostunutta jakavat
# toisiaan, vaikka eivät koskaan vastaisi toisilleen.

# %% slideshow={"slide_type": "slide"}
figures.both_ways_heading(tango, language=language)

# %%
figures.both_ways(tango, language=language)

# %% tags=["source"]
figures.source(tango, language=language)

# %% [markdown] slideshow={"slide_type": "notes"} tags=["lang-en"]
# Discs are people, squares are organisations. Find your own kind of house.

# %% [markdown] slideshow={"slide_type": "notes"} tags=["lang-fi"]
# Pallot ovat ihmisiä, neliöt organisaatioita. Etsikää oman talonne kaltainen.

# %% slideshow={"slide_type": "slide"}
figures.ring_heading(tango, language=language)

# %%
figures.share_ring(study, tango, language=language)

# %% tags=["source"]
figures.source(tango, language=language)

# %% [markdown] slideshow={"slide_type": "notes"} tags=["lang-en"]
# Dark lines are pairs that share each other. Nobody is named, and houses that are too small are not shown.

# %% [markdown] slideshow={"slide_type": "notes"} tags=["lang-fi"]
# Tummat viivat ovat pareja, jotka jakavat toisiaan. Ketään ei nimetä, eikä liian pieniä taloja näytetä.

# %% slideshow={"slide_type": "slide"}
figures.mixing_heading(tango, language=language)

# %%
figures.house_mixing(tango, language=language)

# %% tags=["source"]
figures.source(tango, language=language)

# %% [markdown] slideshow={"slide_type": "notes"} tags=["lang-en"]
# The obvious test. It says yes almost everywhere, because people and their organisation belong together. Belonging is
# not answering, so this never decides the verdict.

# %% [markdown] slideshow={"slide_type": "notes"} tags=["lang-fi"]
# Ilmeinen testi. Se sanoo kyllä melkein kaikkialla, koska ihmiset ja heidän organisaationsa kuuluvat yhteen. Yhteen
# kuuluminen ei ole vastaamista, joten tämä ei koskaan ratkaise tulosta.

# %% slideshow={"slide_type": "slide"}
figures.answer_heading(tango, language=language)

# %%
figures.returns(tango, language=language)

# %% tags=["source"]
figures.source(tango, language=language)

# %% [markdown] slideshow={"slide_type": "notes"} tags=["lang-en"]
# The right question: after you shared them, do they share you, sooner than chance puts it? Times stay, only who
# among the house's people is dealt anew. The mark outside the grey band is an answer that chance does not give.

# %% [markdown] slideshow={"slide_type": "notes"} tags=["lang-fi"]
# Oikea kysymys: kun olet jakanut heitä, jakavatko he sinua nopeammin kuin sattumalta? Ajat pysyvät, vain se jaetaan
# uudelleen, kuka talon ihmisistä. Harmaan alueen ulkopuolella on vastaus, jota sattuma ei anna.

# %% slideshow={"slide_type": "slide"}
figures.house_heading(tango, language=language)

# %%
figures.returns_by_house(tango, language=language)

# %% tags=["source"]
figures.source(tango, language=language)

# %% [markdown] slideshow={"slide_type": "notes"} tags=["lang-en"]
# A house gets numbers, never a verdict: alone it has too few shares for one.

# %% [markdown] slideshow={"slide_type": "notes"} tags=["lang-fi"]
# Talo saa lukuja, ei koskaan tulosta: yksin sillä on siihen liian vähän jakoja.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["lang-en"]
# ## Share by share

# %% [markdown] slideshow={"slide_type": "slide"} tags=["lang-fi"]
# ## Jako jaolta

# %%
figures.timeline(study, tango, language=language)

# %% tags=["source"]
figures.source(tango, language=language)

# %% [markdown] slideshow={"slide_type": "notes"} tags=["lang-en"]
# One dance in detail. Where people are private, a house's weeks stand here instead.

# %% [markdown] slideshow={"slide_type": "notes"} tags=["lang-fi"]
# Yksi tanssi tarkasti. Jos ihmiset ovat yksityisiä, tässä ovat talon viikot.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["lang-en", "sure"]
# ## Does it take two?

# %% [markdown] slideshow={"slide_type": "slide"} tags=["lang-fi", "sure"]
# ## Tarvitaanko kaksi?

# %%
figures.verdict(tango, language=language)

# %% tags=["source"]
figures.source(tango, language=language)

# %% [markdown] slideshow={"slide_type": "notes"} tags=["lang-en"]
# Read the verdict aloud, slowly.

# %% [markdown] slideshow={"slide_type": "notes"} tags=["lang-fi"]
# Lue tulos ääneen, hitaasti.

# %% slideshow={"slide_type": "slide"} tags=["board"]
figures.board_heading(answers, language=language)

# %%
figures.verdicts(answers, made_up=study.made_up, language=language)

# %% tags=["source"]
figures.source(tango, language=language)

# %% [markdown] slideshow={"slide_type": "notes"} tags=["lang-en"]
# Three answers are possible: supported, not supported, and cannot tell. The third is an answer too.

# %% [markdown] slideshow={"slide_type": "notes"} tags=["lang-fi"]
# Vastauksia on kolme: pitää paikkansa, ei pidä paikkaansa ja ei voida sanoa. Kolmaskin on vastaus.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["lang-en", "monday"]
# ## On Monday
#
# 1. **Answer.** When somebody shares you, share them back.
# 2. **Give time.** Plan the work and reserve hours for it.
# 3. **Show faces.** Let the organisation's account speak with its people.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["lang-fi", "monday"]
# ## Maanantaina
#
# 1. **Vastaa.** Kun joku jakaa sinua, jaa takaisin.
# 2. **Anna aikaa.** Suunnittele työ ja varaa sille tunteja.
# 3. **Näytä kasvot.** Anna organisaation tilin puhua ihmistensä kanssa.

# %% tags=["source"]
figures.source(tango, language=language)

# %% [markdown] slideshow={"slide_type": "notes"} tags=["lang-en"]
# These are what a deal for two asks for. They are advice, not findings.

# %% [markdown] slideshow={"slide_type": "notes"} tags=["lang-fi"]
# Näitä kahden kauppa pyytää. Ne ovat neuvoja, eivät tuloksia.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["lang-en", "sure"]
# ## How sure are we?

# %% [markdown] slideshow={"slide_type": "slide"} tags=["lang-fi", "sure"]
# ## Kuinka varmoja olemme?

# %%
figures.cannot_tell(language=language)

# %% tags=["source"]
figures.source(tango, language=language)

# %% [markdown] slideshow={"slide_type": "notes"} tags=["lang-en"]
# What the rule cannot tell apart. Then open the page and let the hall click.

# %% [markdown] slideshow={"slide_type": "notes"} tags=["lang-fi"]
# Mitä sääntö ei erota toisistaan. Avaa sitten sivu ja anna salin klikata.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["lang-en"]
# ## Now take out your phones

# %% [markdown] slideshow={"slide_type": "slide"} tags=["lang-fi"]
# ## Nyt puhelimet esiin

# %%
try_it(current_settings(), language)

# %% tags=["source"]
figures.source(tango, language=language)

# %% [markdown] slideshow={"slide_type": "notes"} tags=["lang-en"]
# Guess first, then look. The page needs no network once it is open.

# %% [markdown] slideshow={"slide_type": "notes"} tags=["lang-fi"]
# Arvatkaa ensin, katsokaa sitten. Sivu ei tarvitse verkkoa, kun se on auki.

# %% [markdown] slideshow={"slide_type": "slide"} tags=["lang-en", "board"]
# ## What would you like to ask?

# %% [markdown] slideshow={"slide_type": "slide"} tags=["lang-fi", "board"]
# ## Mitä haluaisitte kysyä?

# %%
figures.verdicts(answers, made_up=study.made_up, language=language)

# %% tags=["source"]
figures.source(tango, language=language)

# %% [markdown] slideshow={"slide_type": "notes"} tags=["lang-en"]
# Leave the board on the wall while the hall asks.

# %% [markdown] slideshow={"slide_type": "notes"} tags=["lang-fi"]
# Jätä taulu seinälle kysymysten ajaksi.
