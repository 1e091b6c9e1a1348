"""What answers: a run, a cross-validation or a blend, loaded once, the queue before it, and what is known of it."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import cached_property
from typing import Any

from competition.errors import InvalidInput, no_such
from competition.images.squares import Squares
from competition.images.warp import VIEWS
from competition.images.whole import BadImage, TooLarge
from competition.model.loaded import Loaded
from competition.pages.parts import data_uri
from competition.run import CROSS_VALIDATION
from competition.scoring.blend import Blend, read_blended
from competition.scoring.calibration import Calibration, calibrate
from competition.scoring.predictions import HELD_OUT, Probabilities
from competition.scoring.promise import promise_of
from competition.serving.answers import Answered, ImageAnswer, Limits, Model, Promised, answers_of, facts
from competition.serving.batching import Batcher
from competition.serving.refusals import Refused
from competition.serving.uploads import MAX_BODY, MAX_FILES, MAX_PIXELS, Asked, Room, Upload
from competition.task import Task
from competition.threads import count_threads


def calibrations_of(blend: Blend) -> dict[str, Calibration]:
    """The temperature of each task, from the held-out images of the runs; empty where there are none.

    Raises InvalidInput if their predictions are damaged.
    """
    if not all(run.file(HELD_OUT).is_file() for run in blend.runs):
        return {}
    return {one.task.name: one for one in calibrate(read_blended(blend))}


class Service:
    """Answers requests; `start` and `stop` belong to the event loop that serves them."""

    def __init__(self, blend: Blend):
        self.promise, self.calibrations = promise_of(blend), calibrations_of(blend)
        self.loaded = Loaded(blend, MAX_PIXELS)
        self.room = Room()
        self.tasks: dict[str, Task] = {task.name: task for task in blend.tasks}

    async def start(self) -> None:
        self.batcher = Batcher(self._predict)
        self.decoders = ThreadPoolExecutor(count_threads(), "decode")
        self.running = asyncio.create_task(self.batcher.run())

    async def stop(self) -> None:
        self.running.cancel()
        with suppress(asyncio.CancelledError):
            await self.running
        self.decoders.shutdown()
        self.batcher.thread.shutdown()

    @cached_property
    def model(self) -> Model:
        """What GET /v1/model says."""
        blend = self.loaded.blend
        made = blend.runs[0].read_made()
        whole, promised = CROSS_VALIDATION in made, self.promise.tasks if self.promise else {}
        return Model(
            name=(blend.folder or blend.runs[0].folder).resolve().name,
            is_a="blend" if blend.folder else "cross-validation" if whole else "run",
            networks=sum(map(len, self.loaded.trainings.values())),
            tasks=[facts(task, *(one.get(task.name) for one in (self.calibrations, promised))) for task in blend.tasks],
            views=list(self.loaded.views),
            other_views=[] if blend.folder else list(VIEWS),
            promise=Promised(**self.promise.facts()) if self.promise else None,
            versions={name: str(version) for name, version in made.get("versions", {}).items()},
            commit=made.get("commit"),
            limits=Limits(images=MAX_FILES, body_bytes=MAX_BODY, pixels=MAX_PIXELS),
        )

    async def answer(self, asked: Asked) -> Answered:
        """What the model says of the images of a request. Raises Refused, also if only one of them is no image."""
        tasks, blend = self._tasks(asked.tasks), self._blend(asked.views)
        promise = self.promise if blend.members == self.loaded.blend.members else None  # other views, other answers
        squares = await self._decoded(asked.images, blend)
        given = await self.batcher.answers(squares, asked_views(blend))
        images = [
            ImageAnswer(name=upload.name, tasks=answers_of(tasks, probabilities, promise))
            for upload, probabilities in zip(asked.images, given, strict=True)
        ]
        if asked.explain:
            for upload, image, probabilities in zip(asked.images, images, given, strict=True):
                await self._explain(upload, image, probabilities)
        return Answered(model=self.model.name, views=list(asked_views(blend)), images=images)

    async def _explain(self, upload: Upload, image: ImageAnswer, probabilities: Probabilities) -> None:
        """Add to the answers to an image where the networks looked for the likeliest class of each task."""
        likeliest = {one.task: int(probabilities[one.task].argmax()) for one in image.tasks}
        plain = await self._in_decoders(self.loaded.plain, upload.content)
        layers = await self.batcher.call(self.loaded.heat, plain, likeliest)
        for one in image.tasks:
            layer = layers[one.task]
            one.looked_at = layer and data_uri(layer, "image/webp")

    def _tasks(self, names: Sequence[str]) -> list[Task]:
        if unknown := [name for name in dict.fromkeys(names) if name not in self.tasks]:
            raise Refused(422, "the model has no such task", [no_such("task", name, self.tasks) for name in unknown])
        return [task for name, task in self.tasks.items() if not names or name in names]

    def _blend(self, views: Sequence[str]) -> Blend:
        if unknown := [view for view in dict.fromkeys(views) if view not in VIEWS]:
            raise Refused(422, "there is no such view", [no_such("view", view, VIEWS) for view in unknown])
        try:
            return self.loaded.blend_in(views)
        except InvalidInput as error:
            raise Refused(422, str(error)) from None

    async def _decoded(self, images: Sequence[Upload], blend: Blend) -> list[Squares]:
        """The squares of all images. Raises Refused where one is no image."""
        made = await asyncio.gather(*(self._in_decoders(self._decode, image, blend) for image in images))
        if bad := [
            (f"{image.name}: {why}", isinstance(why, TooLarge))
            for image, why in zip(images, made, strict=True)
            if isinstance(why, BadImage)
        ]:
            large = all(too_large for _, too_large in bad)
            raise Refused(
                413 if large else 422,
                f"{len(bad)} of {len(images)} images cannot be read, and none is answered",
                [text for text, _ in bad],
            )
        return made

    async def _in_decoders(self, function: Callable, *arguments) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self.decoders, function, *arguments)

    def _decode(self, image: Upload, blend: Blend) -> Squares | BadImage:
        if not image.content:
            return BadImage("the file is empty")
        try:
            return self.loaded.squares(image.content, blend)
        except BadImage as error:
            return error

    def _predict(self, squares: Sequence[Squares], views: tuple[str, ...]) -> list[Probabilities]:
        """The probabilities {task: (classes,)} of each picture."""
        given = self.loaded.predict(squares, self.loaded.blend_in(views))
        return [{task: values[row] for task, values in given.items()} for row in range(len(squares))]


def asked_views(blend: Blend) -> tuple[str, ...]:
    """The views of a blend's members, each once."""
    return tuple(dict.fromkeys(view for _, view in blend.members))
