"""Tiny tokenizers of each kind, trained on a few sentences."""

from __future__ import annotations

from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

TEXTS = ["добрый день", "the café is open", "playing plays played", "naïve 日本 🙂 unplayable"]
SPECIAL = ["<unk>", "<bos>", "<eos>", "[CLS]", "[SEP]"]


def byte_level() -> Tokenizer:
    """Return a byte-level BPE, as of GPT-2."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    return _trained(tokenizer, trainers.BpeTrainer(vocab_size=300, initial_alphabet=alphabet, **_OPTIONS))


def word_piece() -> Tokenizer:
    """Return a WordPiece, as of BERT."""
    tokenizer = Tokenizer(models.WordPiece(unk_token="<unk>"))
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece(cleanup=False)
    return _trained(tokenizer, trainers.WordPieceTrainer(vocab_size=90, **_OPTIONS))


def sentence_piece() -> Tokenizer:
    """Return a BPE with SentencePiece's spelling of spaces."""
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.decoder = decoders.Metaspace()
    return _trained(tokenizer, trainers.BpeTrainer(vocab_size=90, **_OPTIONS))


def end_of_word() -> Tokenizer:
    """Return a BPE that marks the ends of words, as of GPT."""
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", end_of_word_suffix="</w>"))
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.BPEDecoder(suffix="</w>")
    return _trained(tokenizer, trainers.BpeTrainer(vocab_size=90, end_of_word_suffix="</w>", **_OPTIONS))


KINDS = {"bytes": byte_level, "prefix:##": word_piece, "space:▁": sentence_piece, "end:</w>": end_of_word}
_OPTIONS = {"special_tokens": SPECIAL, "show_progress": False}


def _trained(tokenizer: Tokenizer, trainer: trainers.Trainer) -> Tokenizer:
    tokenizer.train_from_iterator(TEXTS * 9, trainer)
    return tokenizer
