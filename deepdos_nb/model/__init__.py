"""The model, to be read in this order: batch, encoder, lattice_dynamics, springs, slater_koster,
tight_binding, bonds, draft, decoder, transport, totals, reasoner.
"""

from deepdos_nb.model.batch import GraphBatch, collate
from deepdos_nb.model.config import ModelConfig
from deepdos_nb.model.reasoner import Prediction, Reasoner

__all__ = ["GraphBatch", "ModelConfig", "Prediction", "Reasoner", "collate"]
