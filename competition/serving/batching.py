"""Pictures that arrive together are answered together."""

import asyncio
import math
import time
from collections import deque
from collections.abc import Callable, Hashable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

MOST, WAIT = 32, 0.010  # images of a batch, and seconds from its first to its last
STEADY = 0.8  # how much of the seconds an image took before counts beside the newest

Work = Callable[[Sequence[Any], Hashable], Sequence[Any]]


class Waiting(NamedTuple):
    """An item that waits, of which only others of the same `kind` may be in its batch."""

    item: Any
    kind: Hashable
    since: float
    answer: asyncio.Future


class Batcher:
    """Calls `work(items, kind)` in a thread of its own with items of several callers, and hands out the results.

    A batch has at most MOST items, and begins WAIT seconds after its first one came, or when it is full.
    """

    def __init__(self, work: Work):
        self.work, self.thread = work, ThreadPoolExecutor(1, "predict")
        self.seconds_each = 0.0
        self._waiting: deque[Waiting] = deque()
        self._some, self._full = asyncio.Event(), asyncio.Event()

    async def answers(self, items: Sequence[Any], kind: Hashable) -> list[Any]:
        """The result of each item. A caller that is cancelled leaves the queue."""
        loop = asyncio.get_running_loop()
        coming = [loop.create_future() for _ in items]
        now = loop.time()
        self._waiting += [Waiting(item, kind, now, answer) for item, answer in zip(items, coming, strict=True)]
        self._tell()
        return await asyncio.gather(*coming)

    async def call(self, function: Callable, *arguments) -> Any:
        """The result of another function that has to be called in the thread of the batches."""
        return await asyncio.get_running_loop().run_in_executor(self.thread, function, *arguments)

    def seconds_for(self, items: int) -> int:
        """Whole seconds, at least one, that so many items will take."""
        return max(1, math.ceil(items * self.seconds_each))

    async def run(self) -> None:
        """Answer until cancelled."""
        while True:
            await self._some.wait()
            try:
                async with asyncio.timeout_at(self._waiting[0].since + WAIT):
                    await self._full.wait()
            except TimeoutError:
                pass
            if batch := self._take():
                await self._answer(batch)

    async def _answer(self, batch: Sequence[Waiting]) -> None:
        began = time.perf_counter()
        try:
            results = await self.call(self.work, [one.item for one in batch], batch[0].kind)
        except Exception as error:
            for one in batch:
                if not one.answer.done():
                    one.answer.set_exception(error)
            return
        for one, result in zip(batch, results, strict=True):
            if not one.answer.done():
                one.answer.set_result(result)
        each = (time.perf_counter() - began) / len(batch)
        self.seconds_each = STEADY * self.seconds_each + (1 - STEADY) * each if self.seconds_each else each

    def _take(self) -> list[Waiting]:
        """The next batch: of those that still wait, the first and others of its kind, in their order."""
        waiting = [one for one in self._waiting if not one.answer.done()]
        batch = [one for one in waiting if one.kind == waiting[0].kind][:MOST]
        taken = set(map(id, batch))
        self._waiting = deque(one for one in waiting if id(one) not in taken)
        self._tell()
        return batch

    def _tell(self) -> None:
        for event, holds in ((self._some, bool(self._waiting)), (self._full, len(self._waiting) >= MOST)):
            event.set() if holds else event.clear()
