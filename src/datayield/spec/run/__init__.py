"""What a run is: its data, encoder, method, views, optimizer, budget and cost."""

from datayield.spec.run.budget import (
    NO_TIME,
    NORMALISERS,
    Budget,
    Normaliser,
    as_share,
    seconds_of,
    short_number,
    steps_for,
)
from datayield.spec.run.cost import (
    decoder_macs,
    encoder_dim,
    encoder_macs,
    encoder_params,
    flops_per_image,
)
from datayield.spec.run.curation import (
    MOST_POOL,
    Curation,
    Target,
    feature_options,
    select_words,
)
from datayield.spec.run.data_config import (
    Raw,
    dataset_path,
    distinct,
    fixed,
    give_way,
    lay_out,
    located,
    splits_of,
)
from datayield.spec.run.durations import DURATIONS, converted, in_epochs
from datayield.spec.run.encoder import CONVNET_WIDTH, ENCODERS, RESNETS, VITS, EncoderSpec
from datayield.spec.run.method import (
    METHOD_SPECS,
    OBJECTIVES,
    AnyMethod,
    AnyObjective,
    SimMIMSpec,
    SupervisedSpec,
)
from datayield.spec.run.milestone_run import run_at
from datayield.spec.run.objective import JointEmbedding
from datayield.spec.run.optim import OptimSpec, Share
from datayield.spec.run.overlays import OVERLAYS
from datayield.spec.run.pixel_statistics import PIXEL_STATISTICS
from datayield.spec.run.preprocessing import Preprocessing, preprocessing
from datayield.spec.run.run import BaselineSpec, RunSpec, Stage
from datayield.spec.run.split_listing import Content, Listing, Listings
from datayield.spec.run.subset import SLICE, Classes, Mixture, Part, Subset, dataset_name
from datayield.spec.run.views import VIEW_DEFAULTS, VIEW_RECIPES, ViewSpec, recipe
from datayield.spec.run.weights_file import (
    WEIGHTS_NAME,
    WEIGHTS_SUFFIXES,
    WeightsFile,
    with_digest,
)

__all__ = [
    "CONVNET_WIDTH",
    "DURATIONS",
    "ENCODERS",
    "METHOD_SPECS",
    "MOST_POOL",
    "NORMALISERS",
    "NO_TIME",
    "OBJECTIVES",
    "OVERLAYS",
    "PIXEL_STATISTICS",
    "RESNETS",
    "SLICE",
    "VIEW_DEFAULTS",
    "VIEW_RECIPES",
    "VITS",
    "WEIGHTS_NAME",
    "WEIGHTS_SUFFIXES",
    "AnyMethod",
    "AnyObjective",
    "BaselineSpec",
    "Budget",
    "Classes",
    "Content",
    "Curation",
    "EncoderSpec",
    "JointEmbedding",
    "Listing",
    "Listings",
    "Mixture",
    "Normaliser",
    "OptimSpec",
    "Part",
    "Preprocessing",
    "Raw",
    "RunSpec",
    "Share",
    "SimMIMSpec",
    "Stage",
    "Subset",
    "SupervisedSpec",
    "Target",
    "ViewSpec",
    "WeightsFile",
    "as_share",
    "converted",
    "dataset_name",
    "dataset_path",
    "decoder_macs",
    "distinct",
    "encoder_dim",
    "encoder_macs",
    "encoder_params",
    "feature_options",
    "fixed",
    "flops_per_image",
    "give_way",
    "in_epochs",
    "lay_out",
    "located",
    "preprocessing",
    "recipe",
    "run_at",
    "seconds_of",
    "select_words",
    "short_number",
    "splits_of",
    "steps_for",
    "with_digest",
]
