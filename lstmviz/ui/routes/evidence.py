"""Evidence for what the matches carry, the units that detect a label, and a pattern of them."""

from __future__ import annotations

from flask import Blueprint, Response

from lstmviz.ui.evidence import detector_answer, match_evidence, ranking, region_ranking
from lstmviz.ui.routes.requests import is_gone, json_body
from lstmviz.ui.routes.responses import answered
from lstmviz.ui.routes.turns import Turns
from lstmviz.ui.selection import HypothesisQuestion, TrackQuestion, checked, parse
from lstmviz.ui.table import DumpTable


def add(routes: Blueprint, table: DumpTable) -> None:
    """Add this topic's routes."""
    evidence_turns, unit_turns = Turns(), Turns()

    @routes.post("/enrichment")
    def post_enrichment(uuid: str) -> Response:
        """Return for each value of a track an interval of its share and whether it is more than chance."""
        dump, question = table[uuid], checked(TrackQuestion, json_body())
        with evidence_turns.turn():
            return answered(match_evidence, dump, question)

    @routes.post("/rank")
    def post_rank(uuid: str) -> Response:
        """Return the units that detect a hypothesis best."""
        dump, question = table[uuid], checked(HypothesisQuestion, json_body())
        with unit_turns.turn():
            return answered(ranking, dump, question, is_gone())

    @routes.post("/rank-region")
    def post_region_rank(uuid: str) -> Response:
        """Return the units that set a region of the map apart."""
        dump, selection = table[uuid], parse(json_body())
        with unit_turns.turn():
            return answered(region_ranking, dump, selection, is_gone())

    @routes.post("/detector")
    def post_detector(uuid: str) -> Response:
        """Return the smallest pattern that detects a hypothesis."""
        dump, question = table[uuid], checked(HypothesisQuestion, json_body())
        with unit_turns.turn():
            return answered(detector_answer, dump, question, is_gone())
