"""A text of one's own in the page: typed, edited, brushed and matched; what is shown is what the Python API says."""

from __future__ import annotations

import numpy as np

import lstmviz
from support import browser as browsing
from support.axe import check, check_further
from support.typed_text import BOX, brush, replace, settled, write
from support.workbench import SOURCE, rows_of, shown_rows

TEXT = "0(11(222(33(44)3)2)1)0"
SENTENCE = "the keys to the cabinet near a door are old ."


def same(shown, typed):
    """The page has exactly the states, tokens and tracks that Python gives."""
    assert [t["token"] for t in shown["tokens"]] == typed.tokens[:]
    assert [t["isKnown"] for t in shown["tokens"]] == typed.is_known.tolist()
    for name, values in shown["states"].items():
        given = np.array([[np.nan if v is None else v for v in row] for row in values])
        np.testing.assert_array_equal(given, typed.states(name)[:].astype(float))
    for name, track in typed.tracks.items():
        values = track[:].tolist()
        if track.info.kind == "category":
            values = [track.labels[v] if v >= 0 else None for v in values]
        assert shown["tracks"][name] == [None if v != v else v for v in values], name


def test_what_is_typed_is_shown_at_once_with_the_states_that_python_gives(bench, parens):
    bench.open(source=SOURCE)
    assert bench.shown()["typed"]["isOpen"] is False
    shown = write(bench, TEXT, by_key=True)
    assert list(shown["states"]) == [SOURCE]
    same(shown, parens.rerun(TEXT))
    loss = np.nanmean(parens.rerun(TEXT).tracks["loss"][:])
    assert shown["note"].startswith(f"{len(TEXT)} tokens, loss {loss:.3g}"[:20])
    assert bench.shown()["counts"] == []  # nothing is matched before it is brushed


def test_a_brush_on_the_text_selects_units_and_lists_their_matches_in_the_corpus(bench, parens):
    bench.open(source=SOURCE, t="0.3", before=0)
    write(bench, TEXT)
    shown = brush(bench, 11, 14)
    assert shown["state"]["typed"] == {"text": TEXT, "start": 11, "stop": 14}
    typed = parens.rerun(TEXT)
    pattern = typed.select(SOURCE, 11, 14, 0.3, off_before=0)
    assert shown["units"] == [u.unit for u in pattern.units]
    assert shown_rows(shown) == rows_of(parens.match(pattern))
    values = typed.states(SOURCE)[:].astype(float)[:, shown["units"]]
    assert shown["typed"]["on"] == (values >= parens.sources[SOURCE].cut(0.3)).sum(axis=1).tolist()
    bench.page.evaluate("() => lvDebug.changeState({ threshold: 0.6, side: 'both', before: 1 }, 'settle')")
    shown = bench.ready()
    sides = [typed.select(SOURCE, 11, 14, 0.6, 1, 0, side) for side in ("high", "low")]
    assert [(u["unit"], u["side"]) for u in shown["chosen"]] == [(u.unit, u.side) for p in sides for u in p.units]
    # Another source is asked for when it is plotted.
    bench.page.evaluate("() => lvDebug.openSource('rnn.l0.h')")
    bench.page.wait_for_function("() => lvDebug.state.source === 'rnn.l0.h'")
    shown = bench.ready()
    same(shown["typed"], typed)
    sides = [typed.select("rnn.l0.h", 11, 14, 0.6, 1, 0, side) for side in ("high", "low")]
    assert [(u["unit"], u["side"]) for u in shown["chosen"]] == [(u.unit, u.side) for p in sides for u in p.units]


def test_link_reload_undo_clear_and_a_brush_on_the_corpus_instead(bench, parens):
    bench.open(source=SOURCE, before=0)
    write(bench, TEXT)
    first = brush(bench, 11, 14)
    bench.reload()
    again = bench.ready()
    assert again["state"]["typed"] == {"text": TEXT, "start": 11, "stop": 14}
    assert (again["units"], shown_rows(again)) == (first["units"], shown_rows(first))
    assert bench.page.locator(BOX).input_value() == TEXT
    tokens = again["typed"]["tokens"]
    bench.page.locator(".lv-typed-strip").scroll_into_view_if_needed()
    token = bench.shown()["typed"]["tokens"][2]
    bench.page.mouse.click(token["left"] + 4, token["middle"])
    cleared = bench.ready()
    assert (cleared["state"]["typed"], cleared["units"], cleared["rows"]) == (None, [], [])
    bench.page.keyboard.press("Control+z")
    bench.page.wait_for_function("() => lvDebug.state.typed !== null")
    assert bench.ready()["units"] == first["units"]
    assert len(tokens) == len(TEXT)
    # A brush on the corpus and one on the text take each other's place.
    bench.page.evaluate("() => lvDebug.changeState({ at: 220 }, 'settle')")
    bench.page.locator("#lv-strip").scroll_into_view_if_needed()
    shown = bench.brush(240, 243)
    assert (shown["state"]["start"], shown["state"]["typed"], shown["state"]["text"]) == (240, None, TEXT)
    shown = brush(bench, 11, 14)
    assert (shown["state"]["start"], shown["handles"]) == (None, None)


def test_by_keyboard_alone(bench, parens):
    bench.open(source=SOURCE, before=0)
    bench.page.keyboard.press("y")
    bench.page.wait_for_function("() => document.activeElement?.className === 'lv-typed-box'")
    bench.page.keyboard.type(TEXT)
    settled(bench, TEXT)
    bench.page.locator(".lv-typed-strip").focus()
    for key in ("Enter", "ArrowRight", "ArrowRight", "Shift+ArrowRight"):
        bench.page.keyboard.press(key)
    bench.page.wait_for_function("() => lvDebug.state.typed?.stop === 6")
    shown = bench.ready()
    assert shown["state"]["typed"] == {"text": TEXT, "start": 2, "stop": 6}
    assert shown["units"] == [u.unit for u in parens.rerun(TEXT).select(SOURCE, 2, 6, 0.3, off_before=0).units]
    bench.page.keyboard.press("Escape")
    assert bench.ready()["state"]["typed"] is None


def test_an_edit_is_compared_with_the_text_before_it(words, agreement):
    words.open(source="rnn.l0.h", before=0)
    write(words, SENTENCE)
    words.page.wait_for_timeout(900)  # it stands
    shown = replace(words, "keys", "key")
    state = words.shown()["state"]
    after = SENTENCE.replace("keys", "key")
    assert (state["text"], state["was"]) == (after, SENTENCE)
    difference = shown["difference"]
    assert difference["kinds"] == ["same", "changed"] + ["same"] * 9
    a, b = (agreement.rerun(text).states("rnn.l0.h")[:].astype(float) for text in (SENTENCE, after))
    np.testing.assert_allclose(difference["change"], np.abs(a - b).mean(axis=1), atol=1e-12)
    most = np.argsort(-np.abs(a - b).sum(axis=0), kind="stable")[:3]
    assert difference["most"] == most.tolist()
    assert "1 changed" in shown["note"]
    same(shown, agreement.rerun(after))
    words.page.click("text=Forget before")
    assert words.ready()["typed"]["difference"] is None
    words.page.click("text=Keep as before")
    words.settle()
    shown = replace(words, "old ", "")
    assert shown["difference"]["gone"] == [[9, [9]]]
    assert "1 taken out" in shown["note"]


def test_with_a_brush_the_change_is_that_of_its_units_and_the_window_goes_along(words, agreement):
    words.open(source="rnn.l0.c", before=0)
    write(words, SENTENCE)
    brush(words, 1, 4)
    words.page.click("text=Keep as before")
    words.page.locator(BOX).fill("some new keys" + SENTENCE.removeprefix("the keys"))
    words.page.wait_for_function("() => lvDebug.state.typed?.start === 2")
    shown = words.ready()
    after = "some new keys" + SENTENCE.removeprefix("the keys")
    assert shown["state"]["typed"] == {"text": after, "start": 2, "stop": 5}
    texts = [agreement.rerun(text) for text in (SENTENCE, after)]
    pattern = texts[1].select("rnn.l0.c", 2, 5, 0.3, off_before=0)
    units = [u.unit for u in pattern.units]
    assert shown["units"] == units
    assert shown_rows(shown) == rows_of(agreement.match(pattern))
    a, b = (np.tanh(text.states("rnn.l0.c")[:].astype(float))[:, units] for text in texts)
    pairs = shown["typed"]["difference"]["pairs"]
    expected = [np.nan if i < 0 else np.abs(b[j] - a[i]).mean() for j, i in enumerate(pairs)]
    given = [np.nan if v is None else v for v in shown["typed"]["difference"]["change"]]
    np.testing.assert_allclose(given, expected, atol=1e-12)


def test_writing_on_is_not_taken_for_an_edit(words):
    words.open()
    write(words, "the keys")
    words.page.wait_for_timeout(900)
    words.page.keyboard.press("End")
    words.page.keyboard.type(" are old")
    settled(words, "the keys are old")
    assert words.shown()["state"]["was"] is None


def test_what_the_model_does_not_know_is_marked_in_words(words, agreement):
    words.open(source="rnn.l0.h")
    shown = write(words, "the zebras <b>are</b> old")
    same(shown, agreement.rerun("the zebras <b>are</b> old"))
    assert "The model does not know “zebras”, “<”, “b”, “>”, “/”: not read, so no states." in shown["note"]
    assert [t["text"] for t in shown["tokens"] if not t["isKnown"]][:2] == ["zebras", "<"]
    assert words.page.locator(".lv-typed b").count() == 0
    token = shown["tokens"][1]
    words.page.locator(".lv-typed-strip").scroll_into_view_if_needed()
    token = words.shown()["typed"]["tokens"][1]
    words.page.mouse.move(token["left"] + 5, token["middle"])
    words.page.wait_for_selector(".lv-tip:visible")
    assert "unknown to the model: not read" in words.page.locator(".lv-tip").inner_text()


def test_hostile_text_is_shown_as_itself(bench, parens):
    bench.open(source=SOURCE)
    bench.page.click(".lv-typed-fold")
    for text in ("\u202e)0(\u0007", "0\n(\t1", "😀" * 5, "</textarea><script>alert(1)</script>"):
        bench.page.locator(BOX).fill(text)
        shown = settled(bench, bench.page.locator(BOX).input_value())
        same(shown, parens.rerun(bench.page.locator(BOX).input_value()))
    bench.look_again()
    assert bench.ready()["typed"]["text"] == shown["text"]


def test_a_text_that_is_too_long_is_said_in_a_line_and_a_shorter_one_goes_on(bench):
    bench.open(source=SOURCE)
    write(bench, "01")
    bench.page.locator(BOX).fill("0" * 2001)
    bench.page.wait_for_function("() => lvDebug.inspectTyped().problem !== ''")
    shown = bench.ready()["typed"]
    assert shown["problem"].startswith("the text has 2,001 tokens; at most 2,000 can be typed")
    bench.troubles.clear()  # the browser's own line about the answer 400
    bench.page.locator(BOX).fill("0" * 2000)
    shown = settled(bench, "0" * 2000)
    assert (shown["problem"], len(shown["tokens"])) == ("", 2000)


def test_a_long_text_scrolls_and_is_brushed_where_it_is_scrolled_to(bench, parens):
    text = TEXT * 8
    bench.open(source=SOURCE, before=0)
    bench.page.click(".lv-typed-fold")
    bench.page.locator(BOX).fill(text)
    settled(bench, text)
    bench.page.evaluate("() => { document.querySelector('.lv-typed-scroll').scrollLeft = 1e6; }")
    bench.page.wait_for_timeout(200)
    shown = brush(bench, 170, 174)
    assert shown["state"]["typed"] == {"text": text, "start": 170, "stop": 174}
    assert shown["units"] == [u.unit for u in parens.rerun(text).select(SOURCE, 170, 174, 0.3, off_before=0).units]


def test_fast_typing_ends_with_the_newest_text(bench, parens):
    bench.open(source=SOURCE)
    write(bench, "0")
    bench.page.evaluate(
        """async () => {
          const box = document.querySelector('.lv-typed-box');
          for (let k = 0; k < 40; k++) {
            box.value += '(1)'[k % 3];
            box.dispatchEvent(new Event('input', { bubbles: true }));
            await new Promise((done) => setTimeout(done, k % 5));
          }
        }"""
    )
    text = bench.page.locator(BOX).input_value()
    assert len(text) == 41
    same(settled(bench, text), parens.rerun(text))


def test_a_dump_without_a_model_gives_the_box_no_room_no_ablation_and_its_key_says_why(chromium, tmp_path):
    path = lstmviz.write_dump(
        tmp_path / "bare.h5", states={"a.l0.h": np.zeros((9, 2))}, tokens=[0] * 9, vocab=["<i>x</i>"]
    )
    with browsing.serving([lstmviz.open_dump(path)]) as address, browsing.workbench(chromium, address) as bench:
        bench.open()
        shown = bench.shown()["typed"]
        assert (shown["isOpen"], shown["isThere"]) == (False, False)
        assert bench.page.locator("#lv-ablation").is_hidden()
        bench.page.keyboard.press("y")
        assert bench.ready()["typed"]["isOpen"] is False
        words = bench.page.locator("#lv-notice").inner_text()
        assert words.startswith("No model lies beside bare.h5 (bare.safetensors is not there)")


def test_a_model_that_cannot_be_read_is_said_where_the_box_would_be(chromium, tmp_path):
    path = lstmviz.write_dump(tmp_path / "torn.h5", states={"a.l0.h": np.zeros((9, 2))}, tokens=[0] * 9, vocab=["a"])
    (tmp_path / "torn.safetensors").write_bytes(b"no weights")
    with browsing.serving([lstmviz.open_dump(path)]) as address, browsing.workbench(chromium, address) as bench:
        bench.open()
        shown = bench.shown()["typed"]
        assert (shown["isOpen"], shown["isThere"]) == (False, True)
        assert shown["reason"].startswith("torn.safetensors")
        assert bench.page.locator(".lv-typed-fold").is_disabled()


def test_a_server_that_is_gone_is_said_and_the_text_stays(bench):
    bench.open(source=SOURCE)
    write(bench, "01")
    bench.page.route("**/typed", lambda route: route.abort())
    bench.page.locator(BOX).press_sequentially("1")
    bench.page.wait_for_function("() => lvDebug.inspectTyped().problem !== ''")
    assert "server does not answer" in bench.shown()["typed"]["problem"]
    assert bench.page.locator(BOX).input_value() == "011"
    bench.page.unroute("**/typed")
    bench.page.locator(BOX).press_sequentially("0")
    assert settled(bench, "0110")["problem"] == ""
    bench.troubles.clear()  # the browser's own line about the request that failed


def test_no_serious_axe_violation(words):
    words.open()
    check_further(words, "folded")
    write(words, SENTENCE + " zebra")
    words.page.click("text=Keep as before")
    replace(words, "keys", "key")
    brush(words, 1, 4)
    check(words, "typed, edited, brushed")


def test_nothing_jumps_while_a_text_is_typed(words):
    words.open()
    words.page.click(".lv-typed-fold")
    height = "() => document.querySelector('.lv-typed').getBoundingClientRect().height"
    settled_height = words.page.evaluate(height)
    for text in ("the", "the keys zebra", SENTENCE):
        words.page.locator(BOX).fill(text)
        settled(words, text)
        assert words.page.evaluate(height) == settled_height
