from . import figures as figures
from .amplification import Amplification as Amplification
from .amplification import mutual_amplification as mutual_amplification
from .amplification.sensitivity import Sensitivity as Sensitivity
from .amplification.sensitivity import sensitivity as sensitivity
from .app import Page as Page
from .app import build_page as build_page
from .app import demo as demo
from .app.prepared import prepared as prepared
from .claims import Answer as Answer
from .claims import assess as assess
from .claims import assess_all as assess_all
from .network import share_network as share_network
from .network import write_network as write_network
from .power import Power as Power
from .power import power as power
from .reduction import Dyads as Dyads
from .reduction import dyads as dyads
from .simulate import simulate as simulate
from .study import Study as Study
from .study import from_tables as from_tables
from .study import read as read
from .talk import Talk as Talk
from .talk import build_talk as build_talk

__all__ = [
    "Amplification",
    "Answer",
    "Dyads",
    "Page",
    "Power",
    "Sensitivity",
    "Study",
    "Talk",
    "assess",
    "assess_all",
    "build_page",
    "build_talk",
    "demo",
    "dyads",
    "figures",
    "from_tables",
    "mutual_amplification",
    "power",
    "prepared",
    "read",
    "sensitivity",
    "share_network",
    "simulate",
    "write_network",
]
