"""Tables of what there is: methods, mask families, metrics, protocols, networks."""

from __future__ import annotations

from pathlib import Path

from benchmarks.tables.markdown import table
from retouch.evaluation.ruler.protocols import PROTOCOLS, Protocol
from retouch.masks.families import FAMILIES
from retouch.methods.catalogue import CATALOGUE
from retouch.methods.denoisers import DENOISERS
from retouch.metrics.catalogue import METRICS, MetricInfo
from retouch.nets.catalogue.listing import NETS


def methods_table(_: Path) -> str:
    """Every method of the catalogue."""
    return table(
        ("method", "kind", "what it does", "where it fails", "source"),
        ((f"`{m.name}`", m.kind, m.summary, m.limits.words, m.paper) for m in CATALOGUE),
    )


def families_table(_: Path) -> str:
    """Every family of masks."""
    return table(("family", "what it draws", "source"), ((f"`{f.name}`", f.summary, f.source) for f in FAMILIES))


def denoisers_table(_: Path) -> str:
    """Every denoiser."""
    return table(
        ("method", "kind", "what it does", "where it fails", "source"),
        ((f"`{m.name}`", m.kind, m.summary, m.limits, m.paper) for m in DENOISERS),
    )


def nets_table(_: Path) -> str:
    """Every network."""
    return table(
        ("network", "task", "what it does", "parameters", "export", "source"),
        (
            (
                f"`{n.name}`",
                n.task,
                n.summary,
                f"{n.presets[0].n_parameters:,}",
                "no" if n.no_export else "yes",
                n.paper,
            )
            for n in NETS
        ),
    )


def metrics_table(_: Path) -> str:
    """Every measure."""
    return table(
        ("metric", "what it measures", "judges", "better", "in the hole", "needs", "source"), map(_metric, METRICS)
    )


def protocols_table(_: Path) -> str:
    """Every protocol with what it fixes."""
    return table(("protocol", "measures", "pictures", "note", "source"), map(_protocol, PROTOCOLS))


def _metric(info: MetricInfo) -> list[str]:
    summary = info.summary + (f" In {info.unit}." if info.unit else "")
    return [
        f"`{info.name}`",
        summary.replace("|", "\\|"),
        info.kind,
        info.better,
        "yes" if info.in_hole else "",
        info.weights,
        info.paper,
    ]


def _protocol(protocol: Protocol) -> list[str]:
    measures = ", ".join(
        f"`{measure.column}`" + (f" ({measure.words})" if measure.words else "")
        for measure in (*protocol.measures, *protocol.optional)
    )
    limit = f"at most {protocol.most_missing:.0%} missing" if protocol.most_missing < 1 else ""
    pictures = ", ".join(part for part in (protocol.prepare, limit) if part)
    return [f"`{protocol.name}`", measures, pictures, protocol.note, protocol.source]
