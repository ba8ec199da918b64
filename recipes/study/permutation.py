"""Are two groups of numbers different? The permutation test of their means."""

import itertools
import math
import random

EXACT_AT_MOST = 20000  # splits that are all tried; beyond, as many are sampled


def p_value(first, second):
    """Two-sided: the share of all ways to split the numbers into groups of these sizes whose means
    differ at least as much. The split as it is counts, so p is never 0. With five against five it
    is at least 2/252, with three against three 2/20."""
    numbers = [*first, *second]
    total, size = math.fsum(numbers), len(first)

    def difference(of_first):
        mean = of_first / size
        return abs(mean - (total - of_first) / len(second))

    # Sums of other orders differ in their last bits: what is as far counts as far.
    found = difference(math.fsum(first)) * (1 - 1e-12) - 1e-12
    if math.comb(len(numbers), size) <= EXACT_AT_MOST:
        splits = itertools.combinations(numbers, size)
        counted = [difference(math.fsum(split)) >= found for split in splits]
        return sum(counted) / len(counted)
    draw = random.Random(1)
    counted = sum(
        difference(math.fsum(draw.sample(numbers, size))) >= found for _ in range(EXACT_AT_MOST)
    )
    return (counted + 1) / (EXACT_AT_MOST + 1)
