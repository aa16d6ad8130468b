"""Writes LSTMVis projects for tests: one of every variant of its configuration, with what must come out of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import h5py
import numpy as np
import yaml

N_STEPS = 80
WORDS = {1: "<s>", 2: "<unk>", 3: "</s>", 4: "the", 5: "cat", 6: "sat", 7: "é"}
TAGS = {1: "DET", 2: "NOUN", 3: "VERB", 5: "O"}


@dataclass
class Written:
    """A project on disk, and the values that reading it must give."""

    folder: Path
    config: dict
    arrays: dict[str, dict[str, np.ndarray]]
    dictionaries: dict[str, bytes]
    words: list[str]
    states: dict[str, np.ndarray]
    views: dict[str, str]
    tracks: dict[str, list] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    join: str = " "

    def write(self) -> Written:
        """Put all files there, over those that are."""
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "lstm.yml").write_text(yaml.safe_dump(self.config, allow_unicode=True, sort_keys=False), "utf-8")
        for name, arrays in self.arrays.items():
            (self.folder / name).parent.mkdir(exist_ok=True)
            with h5py.File(self.folder / name, "w") as file:
                for path, values in arrays.items():
                    file[path] = values
        for name, data in self.dictionaries.items():
            (self.folder / name).write_bytes(data)
        return self

    @property
    def ids(self) -> np.ndarray:
        return self.arrays["train.hdf5"]["words"]


def lines(words: dict[int, str]) -> bytes:
    """Write a dictionary as LSTMVis's own tools do: the word, a space, the id."""
    return "".join(f"{word} {i}\n" for i, word in words.items()).encode()


def plain(folder: Path, seed: int = 0) -> Written:
    """Write nothing yet, but lay out the smallest project: words, and one state that needs tanh."""
    rng = np.random.default_rng(seed)
    ids = rng.integers(1, 8, N_STEPS).astype("int32")
    cells = np.cumsum(rng.normal(0, 0.4, (N_STEPS, 6)), axis=0).astype("float32")
    return Written(
        folder=folder,
        config={
            "name": "children books",
            "description": "tales",
            "files": {"states": "states.hdf5", "train": "train.hdf5", "words": "words.dict"},
            "word_sequence": {"file": "train", "path": "words", "dict_file": "words"},
            "states": {"file": "states", "types": [{"type": "state", "layer": 1, "path": "states1"}]},
        },
        arrays={"states.hdf5": {"states1": cells}, "train.hdf5": {"words": ids}},
        dictionaries={"words.dict": lines(WORDS)},
        words=[WORDS[i] for i in ids.tolist()],
        states={"layer1.state": cells},
        views={"layer1.state": "tanh"},
    )


def smallest(p: Written) -> None:
    """Nothing but words and one state."""


def several_states(p: Written) -> None:
    """Two layers, an output, a file of its own, every transform, unsigned, each stored type, a path in a group."""
    rng = np.random.default_rng(1)
    squashed = np.tanh(p.arrays["states.hdf5"]["states1"])
    more = {
        "deep/states2": np.abs(rng.normal(0, 2, (N_STEPS, 4))),
        "output2": squashed.astype("float16"),
        "half": squashed.astype(">f4"),
        "abs": rng.normal(0, 2, (N_STEPS, 3)).astype("float32"),
        "codes": rng.integers(-3, 3, (N_STEPS, 3)).astype("int8"),
    }
    p.arrays["states.hdf5"]["stated"] = squashed
    p.arrays["sub/more.h5"] = more
    p.config["files"]["more"] = "sub/more.h5"
    p.config["states"]["types"] += [
        {"type": "state", "layer": 2, "path": "deep/states2", "file": "more", "unsigned": True},
        {"type": "output", "layer": 2, "path": "output2", "file": "more"},
        {"type": "output", "layer": 2, "path": "half", "file": "more", "transform": "none"},
        {"type": "output", "layer": 1, "path": "stated", "transform": "tanh"},
        {"type": "state", "layer": 3, "path": "abs", "file": "more", "transform": "tanh_abs"},
        {"path": "codes", "file": "more", "transform": "none"},
    ]
    p.states |= {
        "layer2.state": more["deep/states2"],
        "layer2.output.output2": more["output2"],
        "layer2.output.half": more["half"].astype("float32"),
        "layer1.output": squashed,
        "layer3.state": more["abs"],
        "state": more["codes"].astype("float32"),
    }
    p.views |= {
        "layer2.state": "tanh",
        "layer2.output.output2": "raw",
        "layer2.output.half": "raw",
        "layer1.output": "tanh",
        "layer3.state": "tanh",
        "state": "raw",
    }
    p.notes += ["layer2.output.output2: all values lie in [-1, 1]", "tanh_abs", "layer1.output: shown through tanh"]


def metas(p: Written) -> None:
    """A discrete annotation with and without a dictionary, a scalar, and one stored with a dimension too many."""
    rng = np.random.default_rng(2)
    tags = rng.choice(list(TAGS), N_STEPS)
    mood = rng.normal(size=N_STEPS).astype("float32")
    mood[3] = np.nan
    p.arrays["pos.h5"] = {"pos": tags, "mood": mood, "doc/label": (tags[:, None, None] % 2).astype("uint8")}
    p.dictionaries["pos.txt"] = lines(TAGS)
    p.config["files"] |= {"pos": "pos.h5", "pos_dict": "pos.txt"}
    p.config["meta"] = {
        "part_of_speech": {
            "file": "pos",
            "path": "pos",
            "dict": "pos_dict",
            "vis": {"type": "discrete", "range": "dict"},
        },
        "tag id": {"file": "pos", "path": "pos", "index": "self", "vis": {"type": "discrete", "range": "1...5"}},
        "mood": {"file": "pos", "path": "mood", "type": "general", "vis": {"type": "scalar", "range": [-1, 1]}},
        "label": {"file": "pos", "path": "doc/label", "vis": {"type": "discrete"}},
    }
    p.tracks |= {
        "part_of_speech": [TAGS[t] for t in tags.tolist()],
        "tag id": [str(t) for t in tags.tolist()],
        "mood": mood.tolist(),
        "label": [str(t % 2) for t in tags.tolist()],
    }


def metas_by_word_id(p: Written) -> None:
    """Annotations that go by word id: a number, a category, and words with weights."""
    rng = np.random.default_rng(3)
    frequency = rng.uniform(size=8)
    kind = np.array([1, 1, 2, 3, 5, 2, 1, 3])
    near, weights = rng.integers(1, 8, (8, 2)), rng.uniform(size=(8, 2)).astype("float32")
    p.arrays["by_id.h5"] = {"frequency": frequency, "kind": kind, "near": near, "weights": weights}
    p.dictionaries["kinds.dict"] = lines(TAGS)
    p.config["files"] |= {"by_id": "by_id.h5", "kinds": "kinds.dict"}
    here = {"file": "by_id", "index": "word_sequence"}
    p.config["meta"] = {
        "frequency": {**here, "path": "frequency", "vis": {"type": "scalar"}},
        "kind": {**here, "path": "kind", "dict": "kinds", "vis": {"type": "discrete", "range": "dict"}},
        "near": {
            **here,
            "path": "near",
            "weights_path": "weights",
            "type": "wordvec",
            "dict": "words",
            "vis": {"type": "wordvec"},
        },
    }
    ids = p.ids
    p.tracks |= {
        "frequency": frequency[ids].tolist(),
        "kind": [TAGS[k] for k in kind[ids].tolist()],
        "near.top1": [WORDS[w] for w in near[ids, 0].tolist()],
        "near.p1": weights[ids, 0].tolist(),
        "near.top2": [WORDS[w] for w in near[ids, 1].tolist()],
        "near.p2": weights[ids, 1].tolist(),
    }


def word_vectors(p: Written) -> None:
    """The words predicted at each step with their weights, ids stored as floats as Torch does; seven, five are read."""
    rng = np.random.default_rng(4)
    top = rng.integers(1, 8, (N_STEPS, 7)).astype("float32")
    scores = rng.uniform(size=(N_STEPS, 7)).astype("float32")
    p.arrays["top.hdf5"] = {"preds": top, "scores": scores, "odd": top[:9]}
    p.config["files"]["top"] = "top.hdf5"
    p.config["meta"] = {
        "top": {
            "file": "top",
            "path": "preds",
            "weights_path": "scores",
            "type": "wordvec",
            "index": "word_sequence",  # which LSTMVis does not look at: there is a row a step
            "dict": "words",
            "vis": {"type": "wordvec"},
        },
        "several": {"file": "top", "path": "scores", "vis": {"type": "scalar"}},
        "odd": {"file": "top", "path": "odd", "type": "wordvec", "dict": "words", "vis": {"type": "wordvec"}},
    }
    for rank in range(5):
        p.tracks[f"top.top{rank + 1}"] = [WORDS[int(w)] for w in top[:, rank]]
        p.tracks[f"top.p{rank + 1}"] = scores[:, rank].tolist()
    p.notes += ["first 5 of 7", "'several' is left out", "'odd' is left out"]


def embedding_by_step(p: Written) -> None:
    """Word vectors with a row a step, as LSTMVis reads them."""
    vectors = np.random.default_rng(5).normal(size=(N_STEPS, 5)).astype("float32")
    p.arrays["embeddings.h5"] = {"embedding": vectors}
    p.config["files"]["embeddings"] = "embeddings.h5"
    p.config["word_embedding"] = {"file": "embeddings", "path": "embedding"}
    p.states["word_embedding"] = vectors
    p.views["word_embedding"] = "raw"


def embedding_by_word_id(p: Written) -> None:
    """Word vectors with a row a word, as a model's look-up table has them."""
    table = np.random.default_rng(6).normal(size=(8, 5))
    p.arrays["embeddings.h5"] = {"embedding": table}
    p.config["files"]["embeddings"] = "embeddings.h5"
    p.config["word_embedding"] = {"file": "embeddings", "path": "embedding", "dict_file": "words"}
    p.states["word_embedding"] = table[p.ids]
    p.views["word_embedding"] = "raw"


def characters(p: Written) -> None:
    """A text by character: the space token, the line break that splits its own line, a tab, regex search."""
    p.dictionaries["words.dict"] = b"a 1\nb 2\n  3\n\n 4\n\t 5\nc 6\n\xc3\xa9 7\n"
    p.config["etc"] = {"regex_search": True}
    by_id = {1: "a", 2: "b", 3: " ", 4: "\n", 5: "\t", 6: "c", 7: "é"}
    p.words = [by_id[i] for i in p.ids.tolist()]
    p.join = ""
    p.notes += ["line break", "line 6"]


def odd_words(p: Written) -> None:
    """Words with white space, an id twice, Latin-1, Windows line ends, an id that no word of the text has."""
    p.dictionaries["words.dict"] = (
        b"<s> 1\r\nNew York 2\r\n</s> 3\r\nthe 4\r\nold 5\r\ncat 5\r\ncaf\xe9 6\r\n\xe2\x88\x85 7\r\nrare 12\r\n"
    )
    by_id = {1: "<s>", 2: "New York", 3: "</s>", 4: "the", 5: "cat", 6: "café", 7: "∅"}
    p.words = [by_id[i] for i in p.ids.tolist()]
    p.notes += ["Latin-1", "more than one word", "white space in it"]


def a_tail_without_states(p: Written) -> None:
    """The words of a last batch that was not full have no state; annotations may be as long as either."""
    ids = np.concatenate([p.ids, p.ids[:5]])
    p.arrays["train.hdf5"] = {"words": ids, "mood": np.arange(len(ids)), "calm": np.arange(N_STEPS)}
    p.config["meta"] = {
        "mood": {"file": "train", "path": "mood", "vis": {"type": "scalar"}},
        "calm": {"file": "train", "path": "calm", "vis": {"type": "scalar"}},
    }
    p.tracks |= {"mood": list(range(N_STEPS)), "calm": list(range(N_STEPS))}
    p.notes += ["the last 5 of 85 words have no state"]


def states_without_words(p: Written) -> None:
    """More states than words: the last ones are left out, and so is an annotation of yet another length."""
    more = np.concatenate([p.arrays["states.hdf5"]["states1"], np.full((40, 6), 5, "float32")])
    p.arrays["states.hdf5"]["states1"] = more
    p.arrays["train.hdf5"] |= {"mood": np.arange(len(more)), "short": np.arange(50)}
    p.config["meta"] = {
        "mood": {"file": "train", "path": "mood", "vis": {"type": "scalar"}},
        "short": {"file": "train", "path": "short", "vis": {"type": "scalar"}},
    }
    p.tracks |= {"mood": list(range(N_STEPS))}
    p.notes += ["the last 40 of 120 states have no word", "'short' is left out: it has 50 rows for 80 steps"]


def words_far_beyond_the_states(p: Written) -> None:
    """More than a tenth of the words have no state."""
    p.arrays["train.hdf5"] = {"words": np.resize(p.ids, 200)}
    p.notes += ["the last 120 of 200 words have no state; they are left out"]


def padded(p: Written) -> None:
    """Id 0 has no word, as where Keras pads."""
    p.ids[[3, 4, 70]] = 0
    p.words = ["<pad>" if i == 0 else WORDS[i] for i in p.ids.tolist()]
    p.notes += ["train.hdf5: 3 steps have id 0, without a word; shown as <pad>"]


def no_dictionary(p: Written) -> None:
    """No dictionary, no name, no default file, ids as floats with a dimension too many, sections that nobody reads."""
    del p.config["word_sequence"]["dict_file"], p.config["name"], p.config["description"]
    p.config["states"] = {"types": [{**p.config["states"]["types"][0], "file": "states"}]}
    p.config |= {"is_searchable": True, "index_dir": "x", "word_embedding": None, "meta": None}
    p.words = [str(i) for i in p.ids.tolist()]
    p.arrays["train.hdf5"]["words"] = p.ids.astype("float64")[:, None]
    p.notes += ["not read: is_searchable, index_dir"]


def compressed(p: Written) -> None:
    """HDF5 with chunks, gzip and shuffle, with text attributes and objects that LSTMVis never looks at."""
    p.write()
    for name in ("states.hdf5", "train.hdf5"):
        with h5py.File(p.folder / name, "w") as file:
            for path, values in p.arrays[name].items():
                file.create_dataset(
                    path, data=values, chunks=True, compression="gzip", shuffle=True, maxshape=(None,) * values.ndim
                )
            file.attrs["backend"] = "a text of any length"
            file["notes"] = np.array(["x", "y"], dtype=h5py.string_dtype())
            file["elsewhere"] = h5py.SoftLink("/notes")
    p.arrays = {k: v for k, v in p.arrays.items() if k not in ("states.hdf5", "train.hdf5")}


VARIANTS: dict[str, Callable[[Written], None]] = {
    f.__name__: f
    for f in (
        smallest,
        several_states,
        metas,
        metas_by_word_id,
        word_vectors,
        embedding_by_step,
        embedding_by_word_id,
        characters,
        odd_words,
        a_tail_without_states,
        states_without_words,
        words_far_beyond_the_states,
        padded,
        no_dictionary,
        compressed,
    )
}


def write(folder: Path, variant: str) -> Written:
    """Write the project of one variant."""
    project = plain(folder)
    VARIANTS[variant](project)
    return project.write()
