"""The beginning of a small study, for tests that add the rest."""

BASE = """
study: tiny
base:
  data: {dataset: sprites, size: 32}
  encoder: {name: convnet, size: 32}
  views: {recipe: mild, size: 32}
  method: {name: simclr, projector: [64, 64]}
  optim: {lr: 0.001}
"""
