"""Every sample's card: losses of the shipped weights to the digits printed, and reached again from the seed."""

from __future__ import annotations

import pytest
import torch

from lstmviz import samples
from lstmviz.system import paths as places
from lstmviz.training.model import load, save
from lstmviz.training.recipe import train
from support.cards import Card, close

SHIPPED = [name for name in samples.names() if samples.sample(name).is_shipped]
MODELS = [(name, v.name) for name in SHIPPED for v in samples.sample(name).variants if v.checkpoint_of is None]
WITHIN = {"parens": 0.002, "agreement": 0.004, "recall": 0.01, "sentiment": 0.005}  # as the cards say


@pytest.fixture(params=MODELS, ids="-".join)
def card_and_variant(request):
    name, variant = request.param
    return Card(name), variant


def test_the_shipped_weights_give_the_losses_of_the_card(card_and_variant):
    card, variant = card_and_variant
    printed, part = dict(card.table("what | nats")), card.part("recipe")
    assert close(part.recipe(variant).loss(card.model(variant)), printed[variant])
    assert close(part.held_out().ideal_loss, printed["ideal observer, on the same text"])
    assert close(part.floor(), printed["exact floor (expected over all texts)"])


def test_the_card_tells_the_size(card_and_variant):
    card, variant = card_and_variant
    told = f"{sum(p.numel() for p in card.model(variant).parameters()):,}"
    assert f"{told} parameters" in card.text or any(
        row[0] == variant and row[2] == told for row in card.table("variant | LSTM")
    )


def test_a_training_leaves_torch_as_it_was():
    torch.manual_seed(123)
    expected = torch.rand(3)
    torch.manual_seed(123)
    before, updates = torch.get_num_threads(), []
    recipe = Card("parens").part("recipe").recipe("1x50").with_plan(4, n_updates=3)
    train(recipe, lambda curves: updates.append(len(curves.points)))
    assert torch.get_num_threads() == before
    assert torch.equal(torch.rand(3), expected)
    assert updates == [1, 2, 3]


@pytest.mark.long
def test_retrained_from_its_seed_it_reaches_the_card(card_and_variant, tmp_path):
    card, variant = card_and_variant
    recipe, updates = card.part("recipe").recipe(variant), []
    trained = train(recipe, lambda curves: updates.append(len(curves.points)))
    assert updates == list(range(1, recipe.plan.n_updates + 1))
    save(trained.model, tmp_path / "again.safetensors")
    printed = float(dict(card.table("what | nats"))[variant])
    assert recipe.loss(load(tmp_path / "again.safetensors")) == pytest.approx(printed, abs=WITHIN[card.name])


def test_the_same_seed_gives_the_same_weights_and_another_one_others():
    recipe = Card("parens").part("recipe").recipe("1x50")
    short, same, other = (train(recipe.with_plan(seed, n_updates=3)).model.state_dict() for seed in (4, 4, 5))
    assert all(torch.equal(short[name], same[name]) for name in short)
    assert not torch.equal(short["decoder.weight"], other["decoder.weight"])


def test_all_weights_together_take_less_than_2_mb():
    assert sum(file.stat().st_size for file in places.samples_dir().glob("*/*.safetensors")) < 2_000_000
    for name in SHIPPED:
        said = samples.sample(name)
        expected = {said.weights(variant).name for variant in said.variants}
        assert {file.name for file in said.folder.glob("*.safetensors")} == expected


@pytest.mark.parametrize("name", samples.names())
def test_a_card_has_a_question_for_a_class(name):
    said, card = samples.sample(name), Card(name)
    assert said.question in " ".join(card.text.split("## For a class")[1].split())
