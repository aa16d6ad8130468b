"""A class on one server: who is there, the teacher's view, questions and their answers; in memory until it is saved."""

from lstmviz.classroom.room import Room
from lstmviz.classroom.save import saved

__all__ = ["Room", "saved"]
