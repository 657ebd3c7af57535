"""``python -m benchmarks.grounding``: how well claims are told from what was said.

On tests/ingest/writer/claims.toml, which says what each of its three sets was used for.
"""

import sys
import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from newsletter.domain.episode import Episode, Segment
from newsletter.ingest.writer import grounding
from newsletter.ingest.writer.grounding import Support, clause_coverages, coverage, fault

_FOLDER = Path(__file__).parents[1] / "tests" / "ingest" / "writer"
CLAIMS, SUBTLE = _FOLDER / "claims.toml", _FOLDER / "subtle.toml"
WRONG = ("number", "name", "negation", "cause", "unrelated")
SUBTLE_SETS = {"made on": slice(0, 10), "judged on": slice(10, None)}
SETS = {"chosen on": slice(0, 10), "mended on": slice(10, 20), "judged on": slice(20, None)}


def passages() -> list[dict[str, Any]]:
    return list(tomllib.loads(CLAIMS.read_text(encoding="utf-8"))["passage"])


def support(passage: Mapping[str, Any]) -> Support:
    said = [
        Segment(20.0 * place, 20.0 * place + 18, text, speaker)
        for place, (speaker, text) in enumerate(passage["segments"])
    ]
    speakers = tuple(dict.fromkeys(segment.speaker for segment in said if segment.speaker))
    about = Episode("guid", passage["title"], passage["podcast"], speakers=speakers)
    return Support(said, about)


def subtle() -> list[dict[str, Any]]:
    return list(tomllib.loads(SUBTLE.read_text(encoding="utf-8"))["passage"])


def told_apart(chosen: Sequence[Mapping[str, Any]]) -> tuple[int, int]:
    """How many true claims are kept, and how many that are wrong in a small way are dropped."""
    kept = dropped = 0
    for passage in chosen:
        said = [Segment(0, 9, text) for text in passage["said"]]
        behind = Support(said, Episode("guid", "Talk"))
        kept += sum(not fault(claim, behind) for claim in passage["true"])
        dropped += sum(bool(fault(claim, behind)) for _, claim in passage["false"])
    return kept, dropped


def judged(chosen: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, str, str, Support]]:
    """(what it is, the rule that dropped it, the claim, its support)."""
    for passage in chosen:
        for label in ("supported", *WRONG, "swapped"):
            for claim in passage.get(label, ()):
                behind = support(passage)
                yield label, fault(claim, behind), claim, behind


def measures(chosen: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    """Precision and recall of what is kept, and the share dropped of each way to be wrong."""
    kept: Counter[str] = Counter()
    total: Counter[str] = Counter()
    for label, rule, _, _ in judged(chosen):
        total[label] += 1
        kept[label] += not rule
    wrong = sum(kept[label] for label in WRONG)
    figures = {
        "precision": kept["supported"] / max(1, kept["supported"] + wrong),
        "recall": kept["supported"] / total["supported"],
    }
    return figures | {
        label: 1 - kept[label] / total[label] for label in total if label != "supported"
    }


def main() -> None:
    everything = passages()
    for title, which in SETS.items():
        chosen = everything[which]
        count = sum(label != "swapped" for label, *_ in judged(chosen))
        line = "  ".join(f"{name} {value:.3f}" for name, value in measures(chosen).items())
        print(f"{title} {count} claims: {line}")
    for title, which in SUBTLE_SETS.items():
        kept, dropped = told_apart(subtle()[which])
        print(f"subtle, {title}: {kept} of 30 true kept, {dropped} of 30 false dropped")
    shown = everything if "--all" in sys.argv else everything[SETS["chosen on"]]
    for label, rule, claim, behind in judged(shown):
        if bool(rule) == (label == "supported"):
            parts = [f"{value:.2f}" for value in clause_coverages(claim, behind)]
            print(f"  {label} {rule or 'kept'} {coverage(claim, behind):.2f} {parts}: {claim}")
    _sweep(everything[SETS["chosen on"]])


def _sweep(chosen: Sequence[Mapping[str, Any]]) -> None:
    """What other limits would do."""
    table = defaultdict(list)
    for limit in (0.3, 0.4, 0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8):
        for clause in (0.0, 0.25, 0.34, 0.5):
            grounding.COVERAGE, grounding.CLAUSE_COVERAGE = limit, clause
            figures = measures(chosen)
            table[limit].append(f"{figures['precision']:.3f}/{figures['recall']:.3f}")
    print("precision/recall by coverage, for a clause's of 0, .25, .34, .5")
    for limit, cells in table.items():
        print(f"  {limit:.2f}  {'  '.join(cells)}")


if __name__ == "__main__":
    main()
