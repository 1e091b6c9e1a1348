"""Where the time of a command goes."""

from competition.spent import Spent


def test_what_a_phase_contains_counts_for_itself_alone():
    times = iter([0, 10, 14, 20, 30, 33])
    spent = Spent(lambda: next(times))
    with spent.on("training"):  # from 0 to 20
        with spent.on("validation"):  # from 10 to 14
            pass
        spent.add("first steps", 5)
    with spent.on("validation"):  # from 30 to 33
        pass
    assert spent.seconds == {"training": 11, "validation": 7, "first steps": 5}
    assert str(spent) == "training 11 s, validation 7 s, first steps 5 s"
