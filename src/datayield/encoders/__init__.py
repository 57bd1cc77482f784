"""The trained encoder of a study: which one, as files of other libraries, as a module, its images.

from datayield import load_encoder
encoder = load_encoder("studies/demo.yaml")
encoder(encoder.transform("image.png")[None])  # [1, encoder.features]
"""

from datayield.encoders.choice import StudyEncoder, study_encoder
from datayield.encoders.export import EncoderFolder, export_encoder
from datayield.encoders.images import images_of
from datayield.encoders.load import OpenedEncoder, load_encoder, loaded, open_encoder

__all__ = [
    "EncoderFolder",
    "OpenedEncoder",
    "StudyEncoder",
    "export_encoder",
    "images_of",
    "load_encoder",
    "loaded",
    "open_encoder",
    "study_encoder",
]
