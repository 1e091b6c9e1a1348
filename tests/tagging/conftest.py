"""One catalogue, one run with a promise and what `submit` would answer, for most of the tests of tagging."""

import pytest
from served import untrained
from tagged import LEAST, Shop, fill_folder, plain, promised, submitted, tagged

from competition.tagging.job import Job


@pytest.fixture(scope="session")
def shop(tmp_path_factory) -> Shop:
    home = tmp_path_factory.mktemp("shop")
    names, run = fill_folder(home / "pictures"), untrained(home / "mine-1")
    given = submitted(plain(run), home / "pictures", names)
    return Shop(home / "pictures", names, run, promised(run.folder, LEAST), given)


@pytest.fixture(scope="session")
def job(shop: Shop, tmp_path_factory) -> Job:
    return tagged(shop.folder, plain(shop.run), shop.promise, tmp_path_factory.mktemp("out"))
