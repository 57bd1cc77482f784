"""A study's encoder as a folder of files of other libraries."""

import re
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from datayield.encoders.choice import StudyEncoder
from datayield.session import Session
from datayield.spec.errors import ConfigError, DataError
from datayield.spec.run import RunSpec
from datayield.store.exported import Exported

if TYPE_CHECKING:  # the engine is imported only where weights are read
    from datayield.run.export import Network

_HUB = re.compile(r"([A-Za-z0-9][\w.-]{0,95}/)?[A-Za-z0-9][\w.-]{0,95}")


class EncoderFolder(NamedTuple):
    """An exported folder. `written`: whether just now, and not by an earlier call."""

    path: Path
    record: Exported
    written: bool


def export_encoder(
    session: Session, encoder: StudyEncoder, out: Path, hub: str = "", onnx: bool = False
) -> EncoderFolder:
    """Write the encoder to the folder `out`: weights, configuration, model card.

    An earlier export of the same to `out` is left as it is. `hub`: the name of a repository that
    the folder is prepared as; nothing is sent. Raises ConfigError for any other `out`, StoreError
    for a damaged checkpoint.
    """
    if hub and not _HUB.fullmatch(hub):
        raise ConfigError(
            "not a name of a repository on the Hugging Face hub",
            where="--hub",
            got=hub,
            allowed="name or owner/name: letters, digits, -, _ and .",
        )
    from datayield.run.export import ExportRequest, check_out, frozen_run, snippet, write_export

    ev = encoder.evaluation
    request = ExportRequest(encoder.spec.id, encoder.share, ev.name if ev else "", hub, onnx)
    if there := check_out(out.resolve(), request):
        return EncoderFolder(out, there, written=False)
    from datayield.report.files.model_card import CardFacts, model_card

    facts = CardFacts(
        name=hub or out.resolve().name,
        study=session.study,
        spec=encoder.spec,
        share=encoder.share,
        cost=encoder.folder.run_cost(),
        evaluation=ev,
        result=encoder.folder.read_result(encoder.share, ev.id) if ev else None,
        choice=encoder.choice,
        origins=_origins(session, encoder.spec),
        answer=session.answer(session.plan(keep=True)),
    )
    frozen = frozen_run(encoder.spec, encoder.folder, encoder.share, encoder.preprocessing)

    def card(record: Exported, network: "Network") -> str:
        own = "" if network.source is None else network.name
        return model_card(facts, record, snippet(network, record.preprocessing), own)

    record = write_export(out.resolve(), request, encoder.spec.encoder, frozen, card)
    return EncoderFolder(out, record, written=True)


def _origins(session: Session, spec: RunSpec) -> dict[str, dict[str, int]]:
    """Images by source and by licence, of the splits that the run was pretrained on."""
    counts: dict[str, Counter[str]] = {}
    for _, part in spec.data.members:
        with suppress(DataError):  # they are no longer there
            for kind, of in session.look(part.dataset, part.split).census.origins.items():
                counts.setdefault(kind, Counter()).update(of)
    return {kind: dict(of.most_common()) for kind, of in counts.items()}
