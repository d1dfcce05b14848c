"""The model, to be read in this order: batch, encoder, draft_reader, decoder, transport, totals,
reasoner. What it reads beside the atoms is drafted in `physics`.
"""

from deepdos_nb.model.batch import GraphBatch, collate
from deepdos_nb.model.config import ModelConfig
from deepdos_nb.model.reasoner import Prediction, Reasoner

__all__ = ["GraphBatch", "ModelConfig", "Prediction", "Reasoner", "collate"]
