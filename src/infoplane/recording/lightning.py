"""The recorder as a callback of Lightning."""

import sys
from importlib import import_module
from pathlib import Path
from typing import Any

from ..core.errors import InfoplaneError
from .recorder import ActivationRecorder


def _base() -> Any:
    """`Callback` of the Lightning that is in use, `lightning` or `pytorch_lightning`; `object` where there is none."""
    places = ("lightning.pytorch", "pytorch_lightning")
    for place in sorted(places, key=lambda place: place not in sys.modules):
        try:
            return import_module(place).Callback
        except ImportError:
            continue
    return object


Callback = _base()


class LightningRecorder(Callback):  # type: ignore[misc, valid-type]
    """`ActivationRecorder` as a callback: `Trainer(callbacks=[LightningRecorder(x, y=y, folder="runs/a")])`.

    Epoch 0 is the network before training, epoch n that after n epochs. Several devices: the first process records.

    x, y, folder, and any other argument: as for `ActivationRecorder`.
    every: record each so many epochs, and the last.
    module: the name of the part of the LightningModule to look into, e.g. "net"; by default all of it.

    `recorder` is the `ActivationRecorder`, from the start of the fit on. Raises `InfoplaneError` as that does.
    """

    recorder: ActivationRecorder | None = None

    def __init__(
        self, x: Any, *, y: Any, folder: str | Path, every: int = 1, module: str | None = None, **options: Any
    ) -> None:
        if Callback is object:
            raise InfoplaneError("LightningRecorder: needs Lightning; `pip install lightning`")
        if not isinstance(every, int) or every < 1:
            raise InfoplaneError(f"every: {every!r} is no number of epochs; give 1 or more")
        super().__init__()
        self._x, self._options = x, {"y": y, "folder": folder, **options}
        self._every, self._module = every, module
        self._last: int | None = None

    def on_train_start(self, trainer: Any, pl_module: Any) -> None:
        if not trainer.is_global_zero:
            return
        model = pl_module
        if self._module is not None:
            try:
                model = pl_module.get_submodule(self._module)
            except AttributeError:
                there = ", ".join(name for name, _ in pl_module.named_children())
                raise InfoplaneError(f"module: no part is called {self._module!r}; there are {there}") from None
        self.recorder = ActivationRecorder(model, self._x, **self._options)
        self._save(trainer.current_epoch)

    def on_train_epoch_end(self, trainer: Any, pl_module: Any) -> None:  # noqa: ARG002 (Lightning's signature)
        if (trainer.current_epoch + 1) % self._every == 0:
            self._save(trainer.current_epoch + 1)

    def on_train_end(self, trainer: Any, pl_module: Any) -> None:  # noqa: ARG002
        if self._last != trainer.current_epoch:
            self._save(trainer.current_epoch)

    def _save(self, epoch: int) -> None:
        if self.recorder is not None:
            self.recorder.save(epoch)
            self._last = epoch
