"""Work in a few threads: in order, ended with its asker, and begun once for each thread that asks."""

from __future__ import annotations

import os
import threading

import pytest

from lstmviz.match.engine.threads import THREADS, in_threads


def test_results_come_in_order():
    assert list(in_threads(lambda n: n * n, range(50))) == [n * n for n in range(50)]


def test_the_threads_of_an_asker_are_used_again_and_end_with_it():
    names = set()

    def ask():
        for _ in range(20):
            list(in_threads(lambda _: names.add(threading.get_ident()), range(8)))

    before = threading.active_count()
    asker = threading.Thread(target=ask)
    asker.start()
    asker.join()
    assert len(names) <= THREADS
    for thread in threading.enumerate():
        if thread.ident in names:
            thread.join(10.0)
    assert threading.active_count() == before


def test_a_task_may_ask_in_its_turn():
    def total(n):
        return sum(in_threads(lambda k: k, range(n)))

    assert list(in_threads(total, range(30))) == [n * (n - 1) // 2 for n in range(30)]


def test_what_is_under_way_is_waited_for_where_the_results_are_not_taken():
    begun, ended = [], []

    def task(n):
        begun.append(n)
        ended.append(n)

    results = in_threads(task, range(100))
    next(results)
    results.close()
    assert begun == ended
    assert len(begun) <= THREADS + 1


def test_an_error_reaches_the_asker_and_the_next_question_is_answered():
    with pytest.raises(ZeroDivisionError):
        list(in_threads(lambda n: 1 // n, range(3)))
    assert list(in_threads(str, range(3))) == ["0", "1", "2"]


def test_a_fork_has_threads_of_its_own():
    assert list(in_threads(abs, range(3))) == [0, 1, 2]
    child = os.fork()
    if not child:
        os._exit(0 if list(in_threads(abs, range(3))) == [0, 1, 2] else 1)
    assert os.waitpid(child, 0)[1] == 0
