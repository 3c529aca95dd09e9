"""Counting how often something is done in a while."""

import time
from collections.abc import Callable, Iterable, Sequence
from itertools import cycle
from typing import TypeVar

from visitor.app.bench.rounds import MILLISECONDS, P50, RATE, Numbers

T = TypeVar("T")


def rate(do: Callable[[T], object], things: Iterable[T], seconds: float) -> Numbers:
    """Do it to one thing after another until the time is over, at least once; return how many a second."""
    done, began = 0, time.perf_counter()
    for thing in cycle(things):
        do(thing)
        done += 1
        if time.perf_counter() - began >= seconds:
            break
    return {RATE: done / (time.perf_counter() - began)}


def once(do: Callable[[], object], count: int) -> Numbers:
    """Do it once; return how many of `count` things that makes a second."""
    began = time.perf_counter()
    do()
    return {RATE: count / (time.perf_counter() - began)}


def each(do: Callable[[T], object], things: Sequence[T]) -> Numbers:
    """Do it to each thing once; return the milliseconds of one."""
    began = time.perf_counter()
    for thing in things:
        do(thing)
    return {MILLISECONDS: 1000 * (time.perf_counter() - began) / len(things)}


def middle(do: Callable[[], object], times: int) -> Numbers:
    """Do it a number of times; return the middle duration."""
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        do()
        taken.append(1000 * (time.perf_counter() - began))
    return {P50: sorted(taken)[times // 2]}
