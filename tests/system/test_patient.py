"""Work that gives way: it answers and fails as it would here, in a thread with a lower priority."""

from __future__ import annotations

import os
import sys
import threading
from contextvars import ContextVar

import pytest

from lstmviz.system.patient import patiently
from lstmviz.system.worker import NICE

asker = ContextVar("asker", default="nobody")


def test_the_result_and_the_error_are_those_of_the_work():
    assert patiently(lambda: 41 + 1) == 42
    with pytest.raises(ZeroDivisionError, match="by zero"):
        patiently(lambda: 1 // 0)


def test_it_is_done_for_whoever_asked_in_another_thread():
    asker.set("ana")
    seen = patiently(lambda: (asker.get(), threading.get_ident()))
    assert seen[0] == "ana"
    assert seen[1] != threading.get_ident()


@pytest.mark.skipif(sys.platform != "linux", reason="threads have a priority on Linux alone")
def test_all_others_go_before_it():
    here = os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
    there = patiently(lambda: os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))
    assert there == min(19, here + NICE)
    assert os.getpriority(os.PRIO_PROCESS, threading.get_native_id()) == here
