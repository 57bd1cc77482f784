"""A first study of images: look at them, time the machine, design the study, write it."""

from datayield.first_study.design_study import FirstStudy, Watched, design
from datayield.first_study.request import Request

__all__ = ["FirstStudy", "Request", "Watched", "design"]
