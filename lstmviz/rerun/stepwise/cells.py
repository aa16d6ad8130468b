"""One step of one layer in one direction, as nn.LSTM, nn.GRU and nn.RNN compute it.

c is held before h is computed from it, h after. So c held at 0 hides a unit from h too, and h held leaves the unit's
own memory as it was. All gates of an LSTM go through one sigmoid, which at this size is twice as fast as two functions
of parts: tanh(x) = 2 sigmoid(2 x) - 1, and the weights of gate g are doubled beforehand.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

States = tuple[Tensor, ...]
"""What a layer carries from step to step: h, or h and c, (n_rows, n_units) each."""
Setter = Callable[[int, Tensor], None]
"""Given a step of the call and a state (n_rows, n_units), writes the values that are held into the state."""


class LayerCell:
    """The weights of one layer in one direction, and its arithmetic. ``letters`` names the states it can give."""

    letters = "h"

    def __init__(self, flat: Sequence[Tensor], has_bias: bool) -> None:
        self.flat = list(flat)
        self.w_ih, self.w_hh, *rest = flat
        self.b_ih: Tensor | None = rest[0] if has_bias else None
        self.b_hh: Tensor | None = rest[1] if has_bias else None
        self.w_hr = rest[2 if has_bias else 0] if len(rest) > 2 * has_bias else None

    def project(self, x: Tensor) -> Tensor:
        """Return all that a step adds of its input (n_steps, n_rows, n_in), for every step at once."""
        return functional.linear(x, self.w_ih, self._bias())

    def step(self, projected: Tensor, states: States, held: Mapping[str, Setter], t: int) -> dict[str, Tensor]:
        """Return the states after a step, by letter: h first, then c, then the gates."""
        raise NotImplementedError

    def _bias(self) -> Tensor | None:
        return None if self.b_ih is None or self.b_hh is None else self.b_ih + self.b_hh


class LstmCell(LayerCell):
    """Hochreiter and Schmidhuber 1997, the forget gate of Gers et al. 2000, and the projection of Sak et al. 2014."""

    letters = "hcifgo"

    def __init__(self, flat: Sequence[Tensor], has_bias: bool) -> None:
        super().__init__(flat, has_bias)
        self._n = self.w_ih.shape[0] // 4
        self.w_ih, self._recurrent = self._doubled(self.w_ih), self._doubled(self.w_hh).t()

    def step(self, projected: Tensor, states: States, held: Mapping[str, Setter], t: int) -> dict[str, Tensor]:
        """Return h, c, i, f, g and o after a step."""
        i, f, g, o = torch.sigmoid(torch.addmm(projected, states[0], self._recurrent)).chunk(4, 1)
        g = (g + g).sub_(1.0)
        c = torch.addcmul(i * g, f, states[1])
        if "c" in held:
            held["c"](t, c)
        h = o * torch.tanh(c)
        if self.w_hr is not None:
            h = h @ self.w_hr.t()
        if "h" in held:
            held["h"](t, h)
        return {"h": h, "c": c, "i": i, "f": f, "g": g, "o": o}

    def gates(self, x: Tensor, h: Tensor, begin: Tensor, units: Tensor | None) -> States:
        """Return gates i, f and g of some units (None: all) at every step, from x, h, and the h before the first."""
        rows = torch.arange(self._n, device=x.device) if units is None else units
        rows = torch.cat([rows, rows + self._n, rows + 2 * self._n])
        bias = self._bias()
        pre = functional.linear(x, self.w_ih[rows], None if bias is None else bias[rows])
        recurrent = self._recurrent.t()[rows]
        pre[1:] += functional.linear(h[:-1], recurrent)
        pre[0] += functional.linear(begin, recurrent)
        i, f, g = torch.sigmoid(pre).chunk(3, -1)
        return i, f, (g + g).sub_(1.0)

    def _bias(self) -> Tensor | None:
        bias = super()._bias()
        return None if bias is None else self._doubled(bias)

    def _doubled(self, rows: Tensor) -> Tensor:
        """Return rows of the gates i, f, g, o with those of g doubled."""
        return torch.cat([rows[: 2 * self._n], 2 * rows[2 * self._n : 3 * self._n], rows[3 * self._n :]])


class GruCell(LayerCell):
    """Cho et al. (2014) in torch's variant, where the reset gate acts after the product."""

    letters = "hrzn"

    def __init__(self, flat: Sequence[Tensor], has_bias: bool) -> None:
        super().__init__(flat, has_bias)
        self._n = self.w_ih.shape[0] // 3
        self._recurrent = self.w_hh.t()
        bias = self.b_hh if self.b_hh is not None else self.w_hh.new_zeros(3 * self._n)
        self._before_reset = torch.cat([torch.zeros_like(bias[: 2 * self._n]), bias[2 * self._n :]])

    def step(self, projected: Tensor, states: States, held: Mapping[str, Setter], t: int) -> dict[str, Tensor]:
        """Return h, r, z and n after a step."""
        h = states[0]
        from_h = torch.addmm(self._before_reset, h, self._recurrent)
        r, z = torch.sigmoid(projected[:, : 2 * self._n] + from_h[:, : 2 * self._n]).chunk(2, 1)
        new = torch.tanh(torch.addcmul(projected[:, 2 * self._n :], r, from_h[:, 2 * self._n :]))
        h = torch.lerp(new, h, z)
        if "h" in held:
            held["h"](t, h)
        return {"h": h, "r": r, "z": z, "n": new}

    def _bias(self) -> Tensor | None:
        if self.b_ih is None or self.b_hh is None:
            return None
        return torch.cat([self.b_ih[: 2 * self._n] + self.b_hh[: 2 * self._n], self.b_ih[2 * self._n :]])


class RnnCell(LayerCell):
    """Elman (1990): tanh, or relu, of one sum."""

    def __init__(self, flat: Sequence[Tensor], has_bias: bool, act: Callable[[Tensor], Tensor] = torch.tanh) -> None:
        super().__init__(flat, has_bias)
        self._recurrent, self._act = self.w_hh.t(), act

    def step(self, projected: Tensor, states: States, held: Mapping[str, Setter], t: int) -> dict[str, Tensor]:
        """Return h after a step."""
        h = self._act(torch.addmm(projected, states[0], self._recurrent))
        if "h" in held:
            held["h"](t, h)
        return {"h": h}


def letters_of(module: nn.Module) -> str:
    """Return the letters of the states that a recurrent module or cell can give."""
    return cell_class(module).letters


def cell_class(module: nn.Module) -> type[LayerCell]:
    """Return the arithmetic of a recurrent module or cell."""
    if isinstance(module, (nn.LSTM, nn.LSTMCell)):
        return LstmCell
    return GruCell if isinstance(module, (nn.GRU, nn.GRUCell)) else RnnCell


def make_cell(module: nn.Module, flat: Sequence[Tensor], has_bias: bool) -> LayerCell:
    """Return the arithmetic of one layer of a module, with its weights."""
    if getattr(module, "nonlinearity", "tanh") == "relu":
        return RnnCell(flat, has_bias, torch.relu)
    return cell_class(module)(flat, has_bias)
