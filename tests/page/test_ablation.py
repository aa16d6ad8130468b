"""*Does it matter?*: units are held while the model reads the corpus again, and the page shows what the API says."""

from __future__ import annotations

import re

from lstmviz.ui.routes import ablation
from support.axe import check_further
from support.budget import is_long

CARD = "#lv-ablation"
N_OTHERS = ablation.N_OTHERS if is_long() else 19  # the fewest of which p can be .05


def shown(bench):
    return bench.page.evaluate("() => lvDebug.inspectAblationCard()")


def answered(bench):
    bench.page.wait_for_function("() => lvDebug.inspectAblationCard().answer", timeout=120_000)
    return shown(bench)


def test_the_units_that_agreement_rests_on_are_needed(words, agreement, monkeypatch):
    monkeypatch.setattr(ablation, "N_OTHERS", N_OTHERS)
    words.open(source="rnn.l0.c", start=53, stop=62, t=0.6, side="low")
    words.page.click(f"{CARD} [data-act=ask]")
    words.page.locator(CARD, has_text="The model reads the corpus").wait_for()
    card = answered(words)
    effect = agreement.ablate(agreement.select("rnn.l0.c", 53, 62, 0.6, side="low"), n_others=N_OTHERS)
    assert card["answer"]["p"] == effect.p <= 0.05
    assert card["answer"]["places"][0]["kl"] == effect.places["kl"][0]
    assert card["nOthers"] == N_OTHERS
    assert "needs" in card["words"]
    assert f"by {effect.places['kl'][0]:.3f} nats" in card["words"]
    check_further(words, "an ablation")

    words.page.locator(f"{CARD} circle.lv-svg-own").hover()
    assert "the pattern's units" in words.page.locator(".lv-tip").inner_text()
    words.page.press("body", "Escape")


def test_it_is_stopped_by_keyboard_by_a_press_and_by_another_pattern(words):
    words.open(source="rnn.l0.c", start=53, stop=62, t=0.6, side="low")
    words.page.route(re.compile("/ablation$"), lambda route: None)  # is never answered
    words.page.focus(f"{CARD} [data-act=ask]")
    for act in ("stop", "ask"):
        words.page.keyboard.press("Enter")
        words.page.wait_for_function(f"() => document.activeElement.dataset.act === '{act}'")
    words.page.unroute(re.compile("/ablation$"))
    # Another pattern ends it, and Stop does.
    words.page.select_option(f"{CARD} select", "zero")
    words.page.click(f"{CARD} [data-act=ask]")
    words.page.click(f"{CARD} [data-act=stop]")
    words.page.locator(f"{CARD} [data-act=ask]", has_text="Ask the model").wait_for()
    words.page.select_option(f"{CARD} select", "other")
    words.page.click(f"{CARD} [data-act=ask]")
    words.page.locator(f"{CARD} [data-act=stop]").wait_for()
    words.page.fill("#lv-before", "0")
    words.page.keyboard.press("Enter")
    words.page.locator(f"{CARD} [data-act=ask]").wait_for()
    assert shown(words)["answer"] is None
