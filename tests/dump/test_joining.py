"""How tokens become text: the guess from a vocabulary, and the text of pieces, held against what was encoded."""

from __future__ import annotations

import numpy as np
import pytest

import lstmviz
from lstmviz.dump.joining import guess_joining, is_special
from support.tokenizers_of import KINDS, SPECIAL, TEXTS


@pytest.mark.parametrize(
    ("vocab", "join"),
    [
        (["<pad>", "<bos>", *"ACDEFGHIKL"], ""),
        (["PAD", "<unk>", "_EOS_", "a", "b"], ""),
        (["[CLS]", "[SEP]", "[unused1]", "日", "本"], ""),
        (["e\u0301", "a", "👩‍👩‍👧"], ""),
        (["the", " ", "cat"], ""),
        ([*"abcdefghijklmnopqrstuvwxyz", "EOW"], ""),
        (["<pad>", *"CcNnOo()=#123", "Cl", "Br"], ""),  # atoms and bonds
        ([str(i) for i in range(13)], " "),
        (["a", "I", "the", "cat"], " "),
        (["<pad>", "the", "cat"], " "),
        (["<pad>", "<bos>"], " "),
        (None, " "),
    ],
)
def test_the_guess_does_not_heed_special_tokens(vocab, join):
    joining = guess_joining(vocab)
    assert (joining.join, joining.pieces) == (join, "")


@pytest.mark.parametrize(
    ("vocab", "pieces"),
    [
        (["[PAD]", "play", "##ing"], "prefix:##"),
        (["<s>", "▁the", "cat", "<0x0A>"], "space:▁"),
        (["▁the", "cat", *(f"<0x{i:02X}>" for i in range(256))], "space:▁"),
        (["the", "Ġcat", "Ċ"], "bytes"),
        (["play@@", "ing", "<unk>"], "suffix:@@"),
        (["play", "ing</w>"], "end:</w>"),
        (["#", "##", "a"], ""),
        (["▁", "a", "b"], ""),
        (["łódź", "čas", "ġurnata"], ""),
        (["@@", "a"], ""),
    ],
)
def test_the_guess_knows_pieces_by_their_spelling(vocab, pieces):
    assert guess_joining(vocab).pieces == pieces


@pytest.mark.parametrize("word", ["<bos>", "</s>", "[CLS]", "<|endoftext|>", "[unused12]", "PAD", "_PAD", "<0x0g>"])
def test_special_tokens_are_known_by_their_look(word):
    assert is_special(word)


@pytest.mark.parametrize("word", ["a", "pad", "end", "<", "[", "<0x0A>", "-", "start", "(x)", "I"])
def test_words_are_not_special_tokens(word):
    assert not is_special(word)


def dump_of(tokenizer, texts, path, vocab):
    ids = [tokenizer.encode(text).ids for text in texts]
    flat = [i for row in ids for i in row]
    states = {"rnn.l0.h": np.zeros((len(flat), 2), "float32")}
    lstmviz.write_dump(path, states=states, tokens=flat, vocab=vocab, lengths=list(map(len, ids)), overwrite=True)
    return lstmviz.open_dump(path)


def by_id(tokenizer):
    return sorted(tokenizer.get_vocab(), key=tokenizer.get_vocab().get)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("is_list", [False, True])
def test_the_text_of_pieces_is_what_was_encoded(tmp_path, kind, is_list):
    tokenizer = KINDS[kind]()
    texts = [text for text in TEXTS if "<unk>" not in tokenizer.encode(text).tokens]
    dump = dump_of(tokenizer, texts, tmp_path / "pieces.h5", by_id(tokenizer) if is_list else tokenizer)
    assert dump.tokens.pieces == kind
    for (start, stop), text in zip(dump.sequences[["start", "stop"]].to_numpy(), texts, strict=True):
        assert dump.first.text(start, stop) == text


@pytest.mark.parametrize("kind", KINDS)
def test_special_tokens_do_not_change_the_text_around_them(tmp_path, kind):
    tokenizer = KINDS[kind]()
    ids = [tokenizer.token_to_id("<bos>"), *tokenizer.encode("the café is open").ids, tokenizer.token_to_id("<eos>")]
    lstmviz.write_dump(tmp_path / "a.h5", states={"h": np.zeros((len(ids), 2))}, tokens=ids, vocab=tokenizer)
    dump = lstmviz.open_dump(tmp_path / "a.h5")
    text = dump.first.text(0, len(ids))
    assert text.removeprefix("<bos>").removesuffix("<eos>").strip() == "the café is open"
    (hit,) = dump.search("the café is open", over="words").itertuples(index=False, name=None)
    assert hit == (1, len(ids) - 1, 0)
    assert all(word in SPECIAL or "Ġ" not in word for word in dump.tokens[:])


def test_a_letter_cut_into_bytes_is_shown_as_bytes_and_joined_as_a_letter(tmp_path):
    states = {"h": np.zeros((4, 1))}
    lstmviz.write_dump(tmp_path / "a.h5", states=states, tokens=[0, 1, 2, 3], vocab=["Ġx", "Ð", "´", "Ġy"])
    dump = lstmviz.open_dump(tmp_path / "a.h5")
    assert dump.tokens[:] == [" x", "\\xd0", "\\xb4", " y"]
    assert dump.first.text(0, 4) == " xд y"
    assert dump.search("xд").to_numpy().tolist() == [[0, 3, 0]]
    assert dump.search("д").to_numpy().tolist() == [[1, 3, 0]]


def test_a_join_that_is_given_counts(tmp_path):
    for join in ("", " ", "-"):
        lstmviz.write_dump(
            *(tmp_path / "a.h5",),
            states={"h": np.zeros((2, 1))},
            tokens=[0, 1],
            vocab=["play", "##ing"],
            join=join,
            overwrite=True,
        )
        assert lstmviz.open_dump(tmp_path / "a.h5").first.text(0, 2) == f"play{join}##ing"


def test_an_unknown_rule_of_pieces_asks_for_a_newer_lstmviz(tmp_path):
    import h5py

    lstmviz.write_dump(tmp_path / "a.h5", states={"h": np.zeros((2, 1))}, tokens=[0, 1], vocab=["a", "##b"])
    with h5py.File(tmp_path / "a.h5", "r+") as file:
        file["axes/text"].attrs["pieces"] = np.bytes_("morse:.-")
    with pytest.raises(lstmviz.errors.NewerFormat, match="upgrade lstmviz"):
        lstmviz.open_dump(tmp_path / "a.h5")
