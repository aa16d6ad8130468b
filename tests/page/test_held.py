"""Units held in a text of one's own: ablated from a chip's menu, carried over from before; tokens by influence."""

from __future__ import annotations

import numpy as np
import pytest

import lstmviz
from support.axe import check, check_further
from support.typed_text import BOX, brush, replace, settled, write

C = "rnn.l0.c"
SENTENCE = "the keys to the cabinet near a door are old ."
HELD = ".lv-typed-held"
MENU = "[data-testid=chip-menu]"


def held_as(bench, condition, arg=None):
    """Wait until what is held meets a condition on the state ``s``, and give what is shown."""
    bench.page.wait_for_function(f"arg => {{ const s = lvDebug.state; return {condition}; }}", arg=arg)
    return bench.ready()["typed"]


def same_states(shown, typed, source=C):
    np.testing.assert_array_equal(np.array(shown[source]), typed.states(source)[:].astype(float))


def pin(words, *units):
    """Open the page with pinned units and a text."""
    words.open(source=C, t="0.3", pin=f"{C}/{units[0]}/low")
    for unit in units[1:]:
        words.page.evaluate(
            "one => lvDebug.changeState({ pinned: [...lvDebug.state.pinned, one] }, 'settle')",
            {"source": C, "unit": unit, "side": "low", "threshold": -0.3},
        )
    words.settle()
    return write(words, SENTENCE)


def choose(bench, name, chip=0):
    bench.page.locator("[data-act=menu]").nth(chip).click()
    bench.page.click(f"{MENU} [data-item={name}]")


def test_a_chips_menu_ablates_its_unit_and_the_run_before_stays_dashed(words, agreement):
    plain = pin(words, 23)
    same_states(plain["states"], agreement.rerun(SENTENCE))
    choose(words, "ablate")
    shown = held_as(words, "s.ablated.length === 1")
    ablated = agreement.rerun(SENTENCE, [lstmviz.Intervention(C, (23,))])
    same_states(shown["states"], ablated)
    same_states(shown["before"], agreement.rerun(SENTENCE))
    top1 = ablated.tracks["top1"]
    assert shown["tracks"]["top1"] == [top1.labels[v] for v in top1[:].tolist()]
    loss = [np.nanmean(typed.tracks["loss"][:]) for typed in (ablated, agreement.rerun(SENTENCE))]
    assert f"loss {loss[0]:.3g}" in shown["note"]
    assert f"With nothing held (dashed): loss {loss[1]:.3g}" in shown["note"]
    assert words.page.inner_text(HELD).split("\n")[:2] == ["Ablated", "c 23 ×"]
    assert "lv-ablated" in words.page.locator(".lv-chip").first.get_attribute("class")
    words.page.select_option(f"{HELD} select", "zero")
    shown = held_as(words, "s.ablatedTo === 'zero'")
    same_states(shown["states"], agreement.rerun(SENTENCE, [lstmviz.Intervention(C, (23,), to="zero")]))
    words.page.click(f"{HELD} .lv-typed-release")
    same_states(held_as(words, "!s.ablated.length")["states"], agreement.rerun(SENTENCE))
    assert words.page.locator(HELD).is_hidden()


def test_several_units_are_held_in_the_link_and_undone(words, agreement):
    pin(words, 23, 36)
    choose(words, "ablate", 0)
    held_as(words, "s.ablated.length === 1")
    choose(words, "ablate", 1)
    shown = held_as(words, "s.ablated.length === 2")
    both = agreement.rerun(SENTENCE, [lstmviz.Intervention(C, (23, 36))])
    same_states(shown["states"], both)
    words.reload()
    again = words.ready()
    assert [one["unit"] for one in again["state"]["ablated"]] == [23, 36]
    same_states(again["typed"]["states"], both)
    words.page.click(f"{HELD} .lv-link")
    held_as(words, "!s.ablated.length")
    words.page.locator("#lv-plot").focus()
    words.page.keyboard.press("Control+z")
    same_states(held_as(words, "s.ablated.length === 2")["states"], both)
    replace(words, "keys", "key")
    edited = settled(words, SENTENCE.replace("keys", "key"))
    same_states(edited["states"], agreement.rerun(SENTENCE.replace("keys", "key"), [lstmviz.Intervention(C, (23, 36))]))


def test_a_unit_is_held_before_there_is_a_text(words, agreement):
    words.open(source=C, pin=f"{C}/23/low")
    choose(words, "ablate")
    words.page.wait_for_function("() => document.activeElement?.className === 'lv-typed-box'")
    words.page.keyboard.type(SENTENCE)
    shown = settled(words, SENTENCE)
    same_states(shown["states"], agreement.rerun(SENTENCE, [lstmviz.Intervention(C, (23,))]))
    words.page.click(".lv-typed-fold")
    assert words.ready()["state"]["ablated"] == []


@pytest.mark.long
def test_what_a_link_has_wrong_of_units_that_are_held_is_left_out(words):
    words.open(source=C, ablate=f"{C}/900", carry="5-2/x")
    shown = words.ready()
    assert (shown["state"]["ablated"], shown["state"]["carried"]) == ([], None)
    assert "unit 900" in words.page.inner_text("#lv-notice")


def test_by_keyboard_and_said_to_screen_readers(words, agreement):
    pin(words, 23)
    chip = words.page.locator(".lv-chip-name").first
    chip.focus()
    words.page.keyboard.press("ArrowDown")
    words.page.wait_for_selector(f"{MENU}:popover-open")
    check_further(words, "a chip's menu")
    for _ in range(3):
        words.page.keyboard.press("ArrowDown")
    assert words.page.evaluate("() => document.activeElement.textContent") == "Ablate in Your text"
    words.page.keyboard.press("Enter")
    held_as(words, "s.ablated.length === 1")
    words.page.wait_for_function("() => document.activeElement.className === 'lv-chip-name'")
    assert "ablated in your text" in words.page.evaluate("() => document.activeElement.getAttribute('aria-label')")
    said = words.page.locator(".lv-typed-body > .lv-unseen").all_inner_texts()
    assert "1 unit held at the mean: c 23." in said
    words.page.keyboard.press("a")
    held_as(words, "!s.ablated.length")
    words.page.keyboard.press("ArrowDown")
    words.page.keyboard.press("Escape")
    words.page.wait_for_function("() => document.activeElement.className === 'lv-chip-name'")
    words.page.keyboard.press("a")
    held_as(words, "s.ablated.length === 1")
    words.page.locator(f"{HELD} .lv-typed-release").focus()
    words.page.keyboard.press("Enter")
    held_as(words, "!s.ablated.length")


def test_the_values_of_the_text_before_are_carried_over(words, agreement):
    pin(words, 23)
    words.page.click("text=Keep as before")
    replace(words, "keys", "key")
    text = SENTENCE.replace("keys", "key")
    words.page.click("text=Carry over from before")
    shown = held_as(words, "s.carried !== null")
    n = len(text.split())
    assert words.ready()["state"]["carried"] == {"units": [{"source": C, "unit": 23}], "start": 0, "stop": n}
    patched = agreement.patch(text, SENTENCE, {C: [23]}, lstmviz.Window(0, n))
    np.testing.assert_allclose(shown["tracks"]["loss"][:-1], patched.steps["loss_patched"][:-1], atol=0.02)
    verb = text.split().index("are") - 1  # the step at which the verb is predicted
    assert shown["tracks"]["loss"][verb] < 0.5 * patched.steps["loss"][verb]
    same_states(shown["before"], agreement.rerun(text))
    assert "Carried over from before" in words.page.inner_text(HELD)
    words.look_again()
    assert words.ready()["typed"]["tracks"]["top1"] == shown["tracks"]["top1"]
    words.page.click("text=Forget before")
    assert held_as(words, "s.was === null")["held"] == ""
    assert words.ready()["state"]["carried"] is None
    # With a brush on the text: the brushed tokens, and the units that the brush selects.
    assert words.page.locator("text=Carry over from before").is_disabled()
    words.page.evaluate("() => lvDebug.changeState({ pinned: [], before: 0 }, 'settle')")
    words.settle()
    words.page.click("text=Keep as before")
    replace(words, "key ", "keys ")
    brush(words, 1, 3)
    words.page.click("text=Carry over from before")
    held_as(words, "s.carried !== null")
    state = words.ready()["state"]
    assert (state["carried"]["start"], state["carried"]["stop"]) == (1, 3)
    assert [one["unit"] for one in state["carried"]["units"]] == words.shown()["units"]


def test_tokens_are_shaded_by_their_influence_where_it_is_asked_for(words, agreement):
    pin(words, 23)
    assert words.shown()["typed"]["legend"] is None
    words.page.click("text=Influence")
    shown = words.ready()["typed"]
    assert shown["legend"].startswith("Point at a token")
    step = SENTENCE.split().index("are") - 1
    token = shown["tokens"][step]
    words.page.mouse.move((token["left"] + token["right"]) / 2, token["middle"])
    words.page.wait_for_function("() => /Most:/.test(lvDebug.inspectPage().typed.legend)")
    shown = words.shown()["typed"]
    values = agreement.influence(SENTENCE, C, [23], n_draws=0).at(step)["states"].to_numpy()
    order = [int(k) for k in np.argsort(-values)[:3]]
    named = ", ".join(f"{SENTENCE.split()[k]} ({k}) {values[k]:.3g}" for k in order[:1])
    assert f"Most: {named}"[:20] in shown["legend"]
    assert "the pattern's 1 unit" in shown["legend"]
    shaded = [ground is not None for ground in shown["grounds"]]
    assert shaded == [bool(value >= 1e-6) for value in values]
    words.page.mouse.move(5, 5)
    words.page.locator(".lv-typed-strip").focus()
    for key in ("Enter", *["ArrowRight"] * 4):  # by keyboard: at the end of the window
        words.page.keyboard.press(key)
    words.page.wait_for_function("() => lvDebug.state.typed?.stop === 7")
    words.page.wait_for_function("() => /at a \\(6\\)/.test(lvDebug.inspectPage().typed.legend)")
    words.look_again()
    assert words.ready()["state"]["influence"] is True


@pytest.mark.long
def test_axe_finds_nothing_with_units_held(words):
    pin(words, 23)
    choose(words, "ablate")
    held_as(words, "s.ablated.length === 1")
    words.page.click("text=Influence")
    words.settle()
    check(words, "a unit held")
    assert words.page.locator(BOX).is_visible()


def test_a_units_card_names_its_partner_beside_and_leads_to_it(bench, parens):
    beside = "rnn.l0.c"
    bench.open(source="rnn.l1.c", unit="rnn.l1.c/45", beside=f"{parens.uuid}/{beside}")
    row = parens.align_units("rnn.l1.c", parens, beside).units.iloc[45]
    line = bench.page.locator("[data-testid=partner]")
    line.wait_for()
    assert f"it goes with unit {row['partner']}" in line.inner_text()
    assert f"{abs(row['r']):.2f}".lstrip("0") in line.inner_text()
    line.locator("button").press("Enter")
    shown = bench.page.wait_for_function("() => lvDebug.state.source === 'rnn.l0.c'") and bench.ready()
    bench.page.wait_for_function(f"() => document.activeElement.textContent === 'Unit {row['partner']}'")
    assert shown["state"]["held"] == {"source": beside, "unit": int(row["partner"])}
    assert shown["state"]["beside"] == {"dump": parens.uuid, "source": "rnn.l1.c"}
