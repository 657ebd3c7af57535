"""Sparse rows reckon as the full matrix does, empty rows and columns included."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from hypothesis import given
from hypothesis import strategies as st

from newsletter.ranking.similarity.sparse_rows import SparseRows, distinct, multiplied, stacked

Table = npt.NDArray[np.float64]
WIDTH = 4
ROWS = st.lists(
    st.lists(st.sampled_from([0, 0, 0, 1, 2, -3]), min_size=WIDTH, max_size=WIDTH), max_size=5
)


def table_of(rows: Sequence[Sequence[int]]) -> Table:
    return np.array(rows, np.float64).reshape(-1, WIDTH)


def sparse(table: Table) -> SparseRows:
    at, columns = np.nonzero(table)
    starts = np.searchsorted(at, np.arange(len(table) + 1))
    return SparseRows(table[at, columns], columns, starts, table.shape[1])


@given(ROWS, st.lists(st.integers(0, 4), max_size=6))
def test_rows_that_are_taken_or_stacked_are_those_rows(
    rows: list[list[int]], places: list[int]
) -> None:
    table = table_of(rows)
    taken = np.array([place for place in places if place < len(table)], np.intp)
    assert np.array_equal(sparse(table)[taken].dense(), table[taken])
    assert np.array_equal(sparse(table).long_rows(taken).dense(), table[taken])
    first = min(1, len(table))
    assert np.array_equal(sparse(table).between(first, 3).dense(), table[first:3])
    both = stacked([sparse(table), sparse(table[taken])])
    assert np.array_equal(both.dense(), np.concatenate([table, table[taken]]))
    assert np.array_equal(both.widened(WIDTH + 1).dense()[:, WIDTH], np.zeros(len(both)))


@given(ROWS, ROWS)
def test_columns_are_put_beside_those_of_no_more_rows(
    rows: list[list[int]], others: list[list[int]]
) -> None:
    few, many = sorted((table_of(rows), table_of(others)), key=len)
    left = np.zeros_like(many)
    left[: len(few)] = few
    assert np.array_equal(sparse(few).beside(sparse(many)).dense(), np.hstack([left, many]))


@given(ROWS, ROWS)
def test_sums_and_products_are_those_of_the_full_matrix(
    rows: list[list[int]], others: list[list[int]]
) -> None:
    table, other = table_of(rows), table_of([*others, [1, 0, 2, 0]])
    ours, weights = sparse(table), np.arange(1.0, WIDTH + 1)
    assert np.array_equal(ours @ weights, table @ weights)
    assert np.array_equal(ours.sums(), table.sum(axis=1))
    gains = np.arange(len(table)) + 0.5
    assert np.array_equal(ours.blend(gains), gains @ table)
    assert np.array_equal(ours.by_column().dense(), table.T)
    product = ours.product(sparse(other).by_column())
    assert np.array_equal(product.dense(), table @ other.T)
    assert np.array_equal(product.summed().dense(), table @ other.T)
    pairs = [(new, row) for new in range(len(table)) for row in range(len(other))]
    new, row = np.array(pairs, np.intp).reshape(-1, 2).T
    found = multiplied(ours, sparse(other), new, row)
    assert np.array_equal(found.dense(), table[new] * other[row])


@given(ROWS)
def test_columns_that_are_summed_stand_once_and_in_order(rows: list[list[int]]) -> None:
    table = table_of(rows)
    found = sparse(table).product(sparse(np.ones((WIDTH, WIDTH)))).summed()
    keys = found.numbers * WIDTH + found.indices
    assert (np.diff(keys) > 0).all()
    assert np.array_equal(distinct(np.repeat(keys[::-1], 2)), keys)


@given(ROWS)
def test_unit_rows_have_length_one_and_empty_ones_stay_empty(rows: list[list[int]]) -> None:
    table = table_of(rows)
    lengths = np.linalg.norm(sparse(table).unit().dense(), axis=1)
    assert np.allclose(lengths, table.any(axis=1))


def test_places_are_kept_in_eight_bytes_where_four_cannot_tell_them() -> None:
    few, many = sparse(np.ones((2, WIDTH))), sparse(np.ones((2, WIDTH))).widened(2**31)
    assert few.compact().indices.dtype == np.int32
    assert many.compact().indices.dtype == np.int64
